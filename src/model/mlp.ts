import { ops, type Value } from "../graph/index.js";
import { type Activation, gelu, geluNew, solu } from "./activations.js";
import type { Hook, WeightOf } from "./hook.js";
import { layerNorm, type Norm } from "./layer-norm.js";

const { add, matMul } = ops;

/**
 * An MLP layer: activation(x W_in + b_in) W_out + b_out; after SoLU its own LayerNorm over d_mlp.
 *
 * @param x The normalised input [b, p, d].
 * @param ln SoLU's LayerNorm.
 * @param names How to name the hook points of all positions; left out, nothing is named.
 * @returns [b, p, d], not yet named `hook_mlp_out`.
 */
export function mlp(
  x: Value,
  activation: Activation,
  ln: Norm,
  W: WeightOf,
  names?: { readonly hook: Hook; readonly block: string },
): Value {
  const hook: Hook = names?.hook ?? ((_, value) => value);
  const pre = hook("mlp.hook_pre", add(matMul(x, W("mlp.W_in")), W("mlp.b_in"))); // [b, p, d_mlp]
  let post: Value;
  switch (activation) {
    case "gelu":
      post = gelu(pre);
      break;
    case "gelu_new":
      post = geluNew(pre);
      break;
    case "solu_ln": {
      const mid = hook("mlp.hook_mid", solu(pre));
      post = layerNorm(mid, ln, names && `${names.block}.mlp.ln`);
      break;
    }
  }
  const hooked = hook("mlp.hook_post", post); // [b, p, d_mlp]
  return add(matMul(hooked, W("mlp.W_out")), W("mlp.b_out"));
}
