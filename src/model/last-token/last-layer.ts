import { constant, type FloatDType, ops, tensor, type Value } from "../../graph/index.js";
import { attention } from "../attention.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";
import { layerNorm, type Norm } from "../layer-norm.js";
import { normOf } from "../norms.js";

const { add, matMul, mul, reshape, slice, softmax, sub, sum, transpose } = ops;

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
 * u · y adds d_model terms that cancel where q · k adds d_head, which would cost digits. So y is taken
 * from a centre near its mean, which the same two facts allow, and the sum is added up in two halves.
 *
 * @param pre The residual stream [b, p, d].
 * @param position The positions of a shortformer model, [p, d], which enter queries and keys alone.
 * @param centre Any vector [d]; best the mean of y over some sequences.
 */
export function lastAttention(
  pre: Value,
  { position, centre }: { readonly position: Value | null; readonly centre: Value },
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
  const y = normFrom(pre, ln1, centre); // [b, p, d], less the centre
  const keys = position === null ? y : add(y, position); // [b, p, d], less the centre
  const lastKey = add(reshape(slice(keys, 1, p - 1, p), [b, d]), centre);

  const wQ = reshape(transpose(W("attn.W_Q"), [1, 0, 2]), [d, h * e]);
  const own = add(matMul(lastKey, wQ), reshape(W("attn.b_Q"), [h * e])); // [b, h·e]
  const q = transpose(reshape(mul(own, 1 / Math.sqrt(e)), [b, h, e]), [1, 0, 2]); // [h, b, e]
  const u = transpose(matMul(q, transpose(W("attn.W_K"), [0, 2, 1])), [1, 0, 2]); // [b, h, d]
  const pattern = softmax(productInHalves(u, keys)); // [b, h, key]
  const mixed = transpose(add(matMul(pattern, y), centre), [1, 0, 2]); // [h, b, d]
  const z = add(matMul(mixed, W("attn.W_V")), reshape(W("attn.b_V"), [h, 1, e])); // [h, b, e]
  const flat = reshape(transpose(z, [1, 0, 2]), [b, h * e]);
  return add(matMul(flat, reshape(W("attn.W_O"), [h * e, d])), W("attn.b_O"));
}

/** The normalised residual stream less a centre, which a fused norm takes as its bias. */
function normFrom(x: Value, norm: Norm, centre: Value): Value {
  if (norm.kind === null) return sub(x, centre);
  const d = x.shape.at(-1) as number;
  const ones = constant(tensor(x.dtype as FloatDType, [d], Array(d).fill(1)));
  const [w, b] = norm.kind === "LN" ? [norm.w, sub(norm.b, centre)] : [ones, mul(centre, -1)];
  return layerNorm(x, { kind: "LN", eps: norm.eps, w, b });
}

/** u · y_j as the sum of two sums over half of d each: [b, h, d], [b, p, d] → [b, h, p]. */
function productInHalves(u: Value, keys: Value): Value {
  const [b, h, d] = u.shape as [string, number, number];
  const p = keys.shape[1] as number;
  const halves = Array.from({ length: 2 * d }, (_, i) => (2 * (i % d) < d === i < d ? 1 : 0));
  const mask = constant(tensor(u.dtype as FloatDType, [2, 1, d], halves));
  const split = reshape(mul(reshape(u, [b, 1, h, d]), mask), [b, 2 * h, d]);
  return sum(reshape(matMul(split, transpose(keys, [0, 2, 1])), [b, 2, h, p]), 1);
}
