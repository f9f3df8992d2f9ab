import type { Value } from "../graph/index.js";

/** Names a value of one block, such as `attn.hook_q` of `blocks.3`. */
export type Hook = (point: string, value: Value) => Value;

/** A weight of one block by the end of its key, such as `attn.W_Q`. */
export type WeightOf = (name: string) => Value;
