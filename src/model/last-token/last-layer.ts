import { ops, type Value } from "../../graph/index.js";
import { attention } from "../attention.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";
import { layerNorm } from "../layer-norm.js";
import { normOf } from "../norms.js";

const { add, cast, matMul, mul, reshape, slice, softmax, transpose } = ops;

/**
 * What the attention of one layer gives the last position, [b, d], without keys and values of the
 * others: the query is folded through W_K, and W_V comes after the weighted mean. For a head with query
 * q and normalised residual stream y,
 *
 *     u = q W_Kᵀ,   pattern = softmax(u · y_j),   z = (Σ_j pattern_j y_j) W_V + b_V
 *
 * since q · b_K is the same for all keys and a pattern sums to 1. Keys that are rotated by their position
 * cannot be folded: there, keys and values are made as in the plain graph.
 *
 * @param pre The residual stream [b, p, d].
 * @param position The positions of a shortformer model, [p, d], which enter queries and keys alone.
 */
export function lastAttention(
  pre: Value,
  position: Value | null,
  layer: number,
  config: ModelConfig,
  weights: WeightOf,
): Value {
  const { nHeads: h, dHead: e, rotary } = config;
  const [b, p, d] = pre.shape as [string, number, number];
  const W: WeightOf = (name) => weights(`blocks.${layer}.${name}`);
  const ln1 = normOf(`blocks.${layer}.ln1`, config, weights);
  if (rotary !== null) {
    const parts = { heads: h, ln1, shortformer: null, rotary };
    const { lastOut } = attention(pre, parts, "last", (_, value) => value, W);
    return reshape(lastOut, [b, d]);
  }
  const y = layerNorm(pre, ln1); // [b, p, d]
  const keys = position === null ? y : add(y, position); // [b, p, d]
  const lastKey = reshape(slice(keys, 1, p - 1, p), [b, d]);

  const wQ = reshape(transpose(W("attn.W_Q"), [1, 0, 2]), [d, h * e]);
  const own = add(matMul(lastKey, wQ), reshape(W("attn.b_Q"), [h * e])); // [b, h·e]
  const q = transpose(reshape(mul(own, 1 / Math.sqrt(e)), [b, h, e]), [1, 0, 2]); // [h, b, e]
  const u = transpose(matMul(q, transpose(W("attn.W_K"), [0, 2, 1])), [1, 0, 2]); // [b, h, d]
  const pattern = softmax(exactProduct(u, transpose(keys, [0, 2, 1]))); // [b, h, key]
  const mixed = transpose(matMul(pattern, y), [1, 0, 2]); // [h, b, d]
  const z = add(matMul(mixed, W("attn.W_V")), reshape(W("attn.b_V"), [h, 1, e])); // [h, b, e]
  const flat = reshape(transpose(z, [1, 0, 2]), [b, h * e]);
  return add(matMul(flat, reshape(W("attn.W_O"), [h * e, d])), W("attn.b_O"));
}

/**
 * A product whose sums run in float64: u · y adds d_model terms that cancel where q · k adds d_head, and in
 * float32 that alone would cost half of the tolerance.
 */
function exactProduct(a: Value, b: Value): Value {
  return cast(matMul(cast(a, "float64"), cast(b, "float64")), a.dtype);
}
