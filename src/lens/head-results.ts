import { usageError } from "../errors.js";
import { type FloatTensor, input, named, ops } from "../graph/index.js";
import type { Positions } from "../model/index.js";
import type { ActivationCache } from "./cache.js";
import { headName } from "./heads.js";
import { applyLnToStack } from "./normalize.js";
import { reshaped, runGraph } from "./programs.js";
import {
  blocksBefore,
  joinStacks,
  remainderOf,
  type ResidualStack,
  stackOf,
  streamBefore,
} from "./stack.js";

/** Which heads {@link stackHeadResults} stacks, and how. */
export interface HeadStackOptions {
  /** Only heads that write to the stream before that block reads it; left out: all. */
  readonly layer?: number;
  /** The rest of the stream (embeddings, biases, MLPs) as a last component. */
  readonly inclRemainder?: boolean;
  /** Normalise as {@link applyLnToStack} does. */
  readonly applyLn?: boolean;
  readonly positions?: Positions;
}

/**
 * What each head of a layer writes to the residual stream, z W_O, without b_O: a stack
 * [head, batch, position, d_model], `L1H0` and so on. Made from the cached z by one product per head,
 * without TransformerLens's temporary of d_head times its size; `attn.hook_result` is the same.
 */
export async function headResults(
  cache: ActivationCache,
  layer: number,
  { positions }: { readonly positions?: Positions } = {},
): Promise<ResidualStack> {
  const { model } = cache;
  const { nLayers, nHeads: h, dHead: e, dModel: d } = model.config;
  if (!Number.isInteger(layer) || layer < 0 || layer >= nLayers) {
    throw usageError(`headResults: expected a layer of 0 to ${nLayers - 1}, got ${layer}`);
  }
  const z = cache.z(layer); // [b, p, h, e]
  const [b, p] = z.shape as [number, number];
  const flat = stackOf(cache, [{ label: "z", value: reshaped(z, [b, p, h * e]) }], positions);
  const count = flat.positions[1] - flat.positions[0];
  const build = () => {
    const rows = input("z", model.dtype, ["rows", h, e]);
    const wO = input("W_O", model.dtype, [h, e, d]);
    return [named("results", ops.matMul(ops.transpose(rows, [1, 0, 2]), wO))]; // [h, rows, d]
  };
  const { results } = await runGraph(model, "head-results", build, ["results"], {
    z: reshaped(flat.values, [b * count, h, e]),
    W_O: model.weights.get(`blocks.${layer}.attn.W_O`) as FloatTensor,
  });
  return {
    labels: Array.from({ length: h }, (_, head) => headName({ layer, head })),
    values: reshaped(results, [h, b, count, d]),
    positions: flat.positions,
    norm: null,
  };
}

/**
 * What each head of the layers before `layer` writes to the stream: [component, batch, position,
 * d_model], the heads by layer, then `remainder` if it is asked for; with it the components sum to the
 * stream. Definition: TransformerLens's `stack_head_results`.
 */
export async function stackHeadResults(
  cache: ActivationCache,
  { layer, inclRemainder = false, applyLn = false, positions }: HeadStackOptions = {},
): Promise<ResidualStack> {
  const end = blocksBefore(cache, layer);
  const at = positions === undefined ? {} : { positions };
  const stacks: ResidualStack[] = [];
  for (let l = 0; l < end; l++) stacks.push(await headResults(cache, l, at));
  if (inclRemainder) {
    const stream = { label: "remainder", value: streamBefore(cache, end) };
    stacks.push(remainderOf(stackOf(cache, [stream], positions), stacks));
  }
  const all = joinStacks(stacks, "stackHeadResults");
  return applyLn ? applyLnToStack(cache, all, { layer: end }) : all;
}
