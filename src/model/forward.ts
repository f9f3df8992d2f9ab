/**
 * The forward pass of attention-only transformers, as mathematics. Row vectors: everything multiplies
 * from the right. Names and shapes of the hook points are TransformerLens's (2.x), the opt-in ones
 * included; b = batch, p = positions, h = heads, d = d_model, e = d_head.
 */
import { constant, choice, input, named, parameter, tensor, type Value } from "../graph/index.js";
import { type FloatDType, ops } from "../graph/index.js";
import type { ModelConfig } from "./config.js";
import { logOdds } from "./log-odds.js";
import { layerNorm, type Norm } from "./layer-norm.js";
import { parameterShapes } from "./parameters.js";

const {
  add,
  at,
  expand,
  gatherElements,
  gatherRows,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  sum,
  transpose,
  where,
} = ops;

/**
 * The graph of a model on sequences of exactly `positions` tokens. Inputs: `tokens` [b, p] and, for
 * `logOdds` and `targetLogits`, `targets` [b, targets], both int32. Besides the hook points it names
 * `logits` [b, p, d_vocab], `last_logits` [b, d_vocab] (of the last position, the only one unembedded
 * unless a feed needs more), and `logOdds` and `targetLogits` [b, targets] of the targets there, in nats.
 */
export function forward(config: ModelConfig, positions: number, dtype: FloatDType): Value[] {
  const shapes = parameterShapes(config);
  const weight = (name: string) => parameter(name, dtype, shapes.get(name) as number[]);
  const weights = memoize(weight);

  const tokens = named("hook_tokens", input("tokens", "int32", ["batch", positions])); // [b, p]
  const place = constant(tensor("int32", [1, positions], [...Array(positions).keys()]));
  const places = add(mul(tokens, 0), place); // [b, p]
  const embed = named("hook_embed", gatherRows(weights("embed.W_E"), tokens)); // [b, p, d]
  const pos = named("hook_pos_embed", gatherRows(weights("pos_embed.W_pos"), places)); // [b, p, d]

  const standard = config.positions === "standard";
  let resid: Value = standard ? add(embed, pos) : embed; // [b, p, d]
  let lastResid = last(resid); // [b, d]
  for (let layer = 0; layer < config.nLayers; layer++) {
    ({ resid, lastResid } = block(resid, standard ? null : pos, layer, config, weights));
  }

  const lnFinal = normOf("ln_final", config, weights);
  const unembed = (x: Value) => add(matMul(x, weights("unembed.W_U")), weights("unembed.b_U"));
  const toUnembed = named("unembed.hook_in", layerNorm(resid, lnFinal, "ln_final")); // [b, p, d]
  const logits = named("logits", named("unembed.hook_out", unembed(toUnembed))); // [b, p, V]

  // The last position alone, as cheaply as the feeds allow.
  const lastLogits = named(
    "last_logits", // [b, V]
    choice("feed", unembed(layerNorm(lastResid, lnFinal)), unembed(last(toUnembed)), last(logits)),
  );
  const targets = input("targets", "int32", ["batch", "targets"]);
  return [
    logits,
    named("targetLogits", gatherElements(lastLogits, targets)), // [b, targets]
    named("logOdds", logOdds(lastLogits, targets)), // [b, targets]
  ];
}

/** One block without MLP: resid_post = resid_pre + attn_out, of all positions and of the last alone. */
function block(
  residual: Value, // [b, p, d]
  shortformerPos: Value | null, // [b, p, d]
  layer: number,
  config: ModelConfig,
  weights: (name: string) => Value,
): { resid: Value; lastResid: Value } {
  const { nHeads: h, dModel: d } = config;
  const [b, p] = residual.shape as [string, number];
  const hook = (name: string, value: Value) => named(`blocks.${layer}.${name}`, value);
  const W = (name: string) => weights(`blocks.${layer}.attn.${name}`);
  const ln1 = normOf(`blocks.${layer}.ln1`, config, weights);

  const pre = hook("hook_resid_pre", residual); // [b, p, d]
  const x = layerNorm(pre, ln1, `blocks.${layer}.ln1`); // [b, p, d]
  const withPos = shortformerPos === null ? x : add(x, shortformerPos); // [b, p, d]
  const attnIn = hook("hook_attn_in", expand(reshape(pre, [b, p, 1, d]), [1, 1, h, 1])); // [b, p, h, d]

  // A head's own input, one copy of the residual stream per head, is used only where it is fed.
  const project = (which: "q" | "k" | "v"): Value => {
    const [w, bias] = [W(`W_${which.toUpperCase()}`), W(`b_${which.toUpperCase()}`)];
    const own = layerNorm(hook(`hook_${which}_input`, attnIn), ln1); // [b, p, h, d]
    const pos = which === "v" ? null : shortformerPos;
    const split = pos === null ? own : add(own, reshape(pos, [b, p, 1, d])); // [b, p, h, d]
    const shared = which === "v" ? x : withPos; // [b, p, d]
    const projected = choice("feed", projectShared(shared, w), projectSplit(split, w));
    return hook(`attn.hook_${which}`, add(projected, bias)); // [b, p, h, e]
  };
  const q = project("q");
  const k = project("k");
  const v = project("v");

  const scores = hook("attn.hook_attn_scores", causal(scaledScores(q, k))); // [b, h, query, key]
  const pattern = hook("attn.hook_pattern", softmax(scores)); // [b, h, query, key]
  const z = hook("attn.hook_z", mix(pattern, v)); // [b, p, h, e]

  const perHead = matMul(transpose(z, [0, 2, 1, 3]), W("W_O")); // [b, h, p, d]
  const result = hook("attn.hook_result", transpose(perHead, [0, 2, 1, 3])); // [b, p, h, d]
  const summed = choice("feed", projectBack(z, W("W_O")), sum(result, 2)); // [b, p, d]
  const attnOut = hook("hook_attn_out", add(summed, W("b_O"))); // [b, p, d]
  const resid = hook("hook_resid_post", add(pre, attnOut)); // [b, p, d]

  // The last query alone; every key stands before it, so that no mask is needed.
  const lastRow = (value: Value) => slice(value, 1, p - 1, p);
  const lastQ = add(projectShared(lastRow(withPos), W("W_Q")), W("b_Q")); // [b, 1, h, e]
  const lastZ = mix(softmax(scaledScores(lastQ, k)), v); // [b, 1, h, e]
  const lastOut = add(projectBack(lastZ, W("W_O")), W("b_O")); // [b, 1, d]
  const byLastQuery = reshape(add(lastRow(pre), lastOut), [b, d]);
  return { resid, lastResid: choice("feed", byLastQuery, last(resid)) };
}

/** The last position of [b, p, …]. */
function last(x: Value): Value {
  return at(x, 1, (x.shape[1] as number) - 1);
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

function normOf(name: string, config: ModelConfig, weights: (name: string) => Value): Norm {
  const { normalization: kind, eps } = config;
  if (kind !== "LN") return { kind, eps };
  return { kind, eps, w: weights(`${name}.w`), b: weights(`${name}.b`) };
}

function memoize(make: (name: string) => Value): (name: string) => Value {
  const made = new Map<string, Value>();
  return (name) => {
    const value = made.get(name) ?? make(name);
    made.set(name, value);
    return value;
  };
}
