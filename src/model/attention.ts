import { choice, constant, type FloatDType, ops, tensor, type Value } from "../graph/index.js";
import type { Hook, WeightOf } from "./hook.js";
import { layerNorm, type Norm } from "./layer-norm.js";
import { type Rotary, rotate } from "./rotary.js";

const { add, expand, matMul, mul, reshape, slice, softmax, sub, sum, transpose, where } = ops;

/** What an attention layer reads beside the residual stream. */
export interface AttentionParts {
  readonly heads: number;
  readonly ln1: Norm;
  /** Positions [b, p, d] that enter the inputs of queries and keys only, after LN1. */
  readonly shortformer: Value | null;
  readonly rotary: Rotary | null;
}

/**
 * Causal self-attention: of all positions, with every hook point, and of the last query alone, which
 * no hook point of the queries reaches. Everything multiplies from the right; b = batch,
 * p = positions, h = heads, d = d_model, e = d_head.
 *
 * @param pre The residual stream [b, p, d].
 * @returns `out` [b, p, d], which is `hook_attn_out`, and `lastOut` [b, 1, d].
 */
export function attention(
  pre: Value,
  { heads: h, ln1, shortformer, rotary }: AttentionParts,
  name: string,
  hook: Hook,
  W: WeightOf,
): { readonly out: Value; readonly lastOut: Value } {
  const [b, p, d] = pre.shape as [string, number, number];
  const x = layerNorm(pre, ln1, `${name}.ln1`); // [b, p, d]
  const withPos = shortformer === null ? x : add(x, shortformer); // [b, p, d]
  const attnIn = hook("hook_attn_in", expand(reshape(pre, [b, p, 1, d]), [1, 1, h, 1])); // [b, p, h, d]

  // A head's own input, one copy of the residual stream per head, is used only where it is fed.
  const project = (which: "q" | "k" | "v"): Value => {
    const [w, bias] = [W(`attn.W_${which.toUpperCase()}`), W(`attn.b_${which.toUpperCase()}`)];
    const own = layerNorm(hook(`hook_${which}_input`, attnIn), ln1); // [b, p, h, d]
    const pos = which === "v" ? null : shortformer;
    const split = pos === null ? own : add(own, reshape(pos, [b, p, 1, d])); // [b, p, h, d]
    const shared = which === "v" ? x : withPos; // [b, p, d]
    const projected = choice("feed", projectShared(shared, w), projectSplit(split, w));
    return hook(`attn.hook_${which}`, add(projected, bias)); // [b, p, h, e]
  };
  const turn = (which: "q" | "k", value: Value): Value =>
    rotary === null ? value : hook(`attn.hook_rot_${which}`, rotate(value, rotary));
  const q = turn("q", project("q"));
  const k = turn("k", project("k"));
  const v = project("v");

  const scores = hook("attn.hook_attn_scores", causal(scaledScores(q, k))); // [b, h, query, key]
  const pattern = hook("attn.hook_pattern", softmax(scores)); // [b, h, query, key]
  const z = hook("attn.hook_z", mix(pattern, v)); // [b, p, h, e]

  const perHead = matMul(transpose(z, [0, 2, 1, 3]), W("attn.W_O")); // [b, h, p, d]
  const result = hook("attn.hook_result", transpose(perHead, [0, 2, 1, 3])); // [b, p, h, d]
  const summed = choice("feed", projectBack(z, W("attn.W_O")), sum(result, 2)); // [b, p, d]
  const out = hook("hook_attn_out", add(summed, W("attn.b_O"))); // [b, p, d]

  // The last query alone; every key stands before it, so that no mask is needed.
  const ownQ = add(projectShared(slice(withPos, 1, p - 1, p), W("attn.W_Q")), W("attn.b_Q"));
  const lastQ = rotary === null ? ownQ : rotate(ownQ, rotary, p - 1); // [b, 1, h, e]
  // What all keys have in common does not change the pattern, and without it less is rounded away.
  const keys = sub(k, slice(k, 1, p - 1, p)); // [b, p, h, e]
  const lastZ = mix(softmax(scaledScores(lastQ, keys)), v); // [b, 1, h, e]
  const lastOut = add(projectBack(lastZ, W("attn.W_O")), W("attn.b_O")); // [b, 1, d]
  return { out, lastOut };
}

/** q kᵀ / √e: [b, query, h, e], [b, key, h, e] → [b, h, query, key]. */
function scaledScores(q: Value, k: Value): Value {
  const e = q.shape.at(-1) as number;
  return mul(matMul(transpose(q, [0, 2, 1, 3]), transpose(k, [0, 2, 3, 1])), 1 / Math.sqrt(e));
}

/** pattern v: [b, h, query, key], [b, key, h, e] → [b, query, h, e]. */
function mix(pattern: Value, v: Value): Value {
  return transpose(matMul(pattern, transpose(v, [0, 2, 1, 3])), [0, 2, 1, 3]);
}

/** Σ_h z_h W_O^h: [b, p, h, e] × [h, e, d] → [b, p, d]. */
function projectBack(z: Value, w: Value): Value {
  const [b, p] = z.shape as [string, number];
  const [h, e, d] = w.shape as [number, number, number];
  return matMul(reshape(z, [b, p, h * e]), reshape(w, [h * e, d]));
}

/** x W of every head at once: [b, p, d] × [h, d, e] → [b, p, h, e]. */
function projectShared(x: Value, w: Value): Value {
  const [b, p] = x.shape as [string, number];
  const [h, d, e] = w.shape as [number, number, number];
  const flat = reshape(transpose(w, [1, 0, 2]), [d, h * e]);
  return reshape(matMul(x, flat), [b, p, h, e]);
}

/** x W with an input per head: [b, p, h, d] × [h, d, e] → [b, p, h, e]. */
function projectSplit(x: Value, w: Value): Value {
  return transpose(matMul(transpose(x, [0, 2, 1, 3]), w), [0, 2, 1, 3]);
}

/** −∞ where the key stands after the query. */
function causal(scores: Value): Value {
  const p = scores.shape.at(-1) as number;
  const allowed = Array.from({ length: p * p }, (_, i) => (i % p <= Math.floor(i / p) ? 1 : 0));
  const minusInfinity = tensor(scores.dtype as FloatDType, [], [-Infinity]);
  return where(constant(tensor("bool", [p, p], allowed)), scores, constant(minusInfinity));
}
