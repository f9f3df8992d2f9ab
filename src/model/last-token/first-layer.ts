/**
 * The first attention layer from tables over the vocabulary. What it reads of a token and a position
 * is their sum, so that its projections are sums too, and norms follow by expansion. Hats are rows with
 * their mean over d_model taken away; t = token, p = position:
 *
 *     LN(E[t] + W[p]) = (Ê[t] + Ŵ[p]) r(t, p)
 *     r(t, p) = 1 / √((|Ê[t]|² + 2 Ê[t]·Ŵ[p] + |Ŵ[p]|²) / d + eps)
 *     [q|k|v](t, p) = r(t, p) (T[t] + U[p]) + b,   T = Ê M,   U = Ŵ M,   M = [W_Q/√e | W_K | W_V]
 *
 * No approximation: the same numbers as the plain graph but for rounding. Three more identities save
 * passes over the data: r of a key is one number per position, so it multiplies columns of the scores
 * and of the pattern; q·b_K is the same for all keys, so the softmax removes it; the pattern's rows sum
 * to 1, so b_V W_O joins b_O.
 */
import { constant, type FloatDType, named, ops, parameter, tensor } from "../../graph/index.js";
import type { Named, Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";
import { layerNorm } from "../layer-norm.js";
import { normOf } from "../norms.js";

const { add, div, gatherRows, matMul, mean, mul, reshape, slice, softmax, sqrt, sub, sum } = ops;
const { sumLast, transpose } = ops;

/** Bytes that the three tables of a model may take. */
const largestTables = 640e6;

/**
 * Whether a model's first layer can be read from tables: rotary positions turn what a table would
 * hold, one layer alone is cheaper by its last query, and behind an MLP the tables save little.
 */
export function hasTables(config: ModelConfig, dtype: FloatDType): boolean {
  const { nLayers, nHeads, dHead, dVocab, positions, mlp } = config;
  const bytes = 3 * dVocab * nHeads * dHead * (dtype === "float64" ? 8 : 4);
  return nLayers > 1 && mlp === null && positions !== "rotary" && bytes <= largestTables;
}

type Projection = "Q" | "K" | "V";

/** The kept values' names, and which of them a model has. */
const nameOf = {
  table: (which: Projection) => `tables.${which}`,
  position: (which: Projection) => `tables.position_${which}`,
  bias: "tables.b_Q",
  residual: "tables.residual",
  scale: (positions: number) => `tables.scale_${positions}`,
};

/** Shortformer positions reach queries and keys only, after the norm; standard ones everything. */
function hasPosition(config: ModelConfig, which: Projection): boolean {
  return config.positions === "standard" || which !== "V";
}

/** Whether the norm follows by expansion; else it is done in the table, or there is none. */
function isExpanded({ positions, normalization }: ModelConfig): boolean {
  return positions === "standard" && normalization !== null;
}

/** The tables of a model, to be kept among its weights; the weights are inputs. */
export function firstLayerTables(config: ModelConfig, weights: WeightOf): Named[] {
  const { nHeads: h, dHead: e, dModel: d, dVocab, nCtx } = config;
  const W: WeightOf = (name) => weights(`blocks.0.${name}`);
  const norm = normOf("blocks.0.ln1", config, weights);
  const expanded = isExpanded(config);
  const [embed, pos] = [weights("embed.W_E"), weights("pos_embed.W_pos")];
  const normalised = config.positions === "shortformer" ? layerNorm(embed, norm) : embed;

  const made: Named[] = [];
  for (const which of ["Q", "K", "V"] as const) {
    const flat = reshape(transpose(W(`attn.W_${which}`), [1, 0, 2]), [d, h * e]);
    const own = which === "Q" ? mul(flat, 1 / Math.sqrt(e)) : flat;
    const scaled = expanded && norm.kind === "LN" ? mul(reshape(norm.w, [d, 1]), own) : own;
    // The mean of a row of E goes where it meets M, without a second vocabulary in memory.
    const folded = expanded ? sub(scaled, mul(sum(scaled, 0), 1 / d)) : scaled; // [d, h·e]
    const table = reshape(matMul(normalised, folded), [dVocab * h, e]);
    made.push(named(nameOf.table(which), table)); // [V·h, e]
    if (!hasPosition(config, which)) continue;
    const byHead = transpose(reshape(matMul(pos, folded), [nCtx, h, e]), [1, 0, 2]);
    made.push(named(nameOf.position(which), byHead)); // [h, n_ctx, e]
  }
  // What the norm's bias adds to a projection, beside the projection's own bias: [h, 1, e].
  const biasOf = (which: Projection): Value => {
    const own = reshape(W(`attn.b_${which}`), [h, 1, e]);
    if (!expanded || norm.kind !== "LN") return own;
    return add(own, matMul(reshape(norm.b, [1, 1, d]), W(`attn.W_${which}`)));
  };
  made.push(named(nameOf.bias, mul(biasOf("Q"), 1 / Math.sqrt(e))));
  const ofValues = sum(matMul(biasOf("V"), W("attn.W_O")), 0); // [1, d]
  const output = add(ofValues, W("attn.b_O")); // [1, d]
  const added = config.positions === "standard" ? add(pos, output) : output;
  made.push(named(nameOf.residual, added)); // [n_ctx, d] or [1, d]
  return made;
}

/** r(t, p) of every token at the first positions, [V · positions]; `null` where no norm is expanded. */
export function firstLayerScale(
  config: ModelConfig,
  positions: number,
  weights: WeightOf,
): Named | null {
  if (!isExpanded(config)) return null;
  const { dModel: d, dVocab, eps } = config;
  const token = weights("embed.W_E"); // [V, d]
  const position = centred(slice(weights("pos_embed.W_pos"), 0, 0, positions)); // [p, d]
  // |Ê|² = |E|² − d mean(E)², and Ê·Ŵ = E·Ŵ: again without a second vocabulary but for the squares.
  const means = mean(token); // [V, 1]
  const ofToken = sub(sumLast(mul(token, token)), mul(mul(means, means), d)); // [V, 1]
  const ofPosition = reshape(sumLast(mul(position, position)), [1, positions]);
  const cross = mul(matMul(token, transpose(position, [1, 0])), 2); // [V, p]
  const square = add(add(ofToken, cross), ofPosition);
  const scale = div(1, sqrt(add(mul(square, 1 / d), eps)));
  return named(nameOf.scale(positions), reshape(scale, [dVocab * positions]));
}

/**
 * The residual stream after the first attention layer, [b, p, d].
 *
 * @param tokens [b, p]
 */
export function firstAttention(
  tokens: Value,
  config: ModelConfig,
  dtype: FloatDType,
  weights: WeightOf,
): Value {
  const { nHeads: h, dHead: e, dModel: d, dVocab, nCtx } = config;
  const [b, p] = tokens.shape as [string, number];
  const whole = (length: number) => constant(tensor("int32", [length], [...Array(length).keys()]));
  const headRows = add(mul(reshape(tokens, [b, 1, p]), h), reshape(whole(h), [1, h, 1])); // [b, h, p]
  const rows = (which: Projection): Value => {
    const table = parameter(nameOf.table(which), dtype, [dVocab * h, e]);
    const picked = gatherRows(table, headRows); // [b, h, p, e]
    if (!hasPosition(config, which)) return picked;
    const position = parameter(nameOf.position(which), dtype, [h, nCtx, e]);
    return add(picked, slice(position, 1, 0, p));
  };
  const scaleTable = parameter(nameOf.scale(p), dtype, [dVocab * p]);
  const r = isExpanded(config) ? gatherRows(scaleTable, add(mul(tokens, p), whole(p))) : null; // [b, p]
  const ofQueries = (x: Value) => (r === null ? x : mul(x, reshape(r, [b, 1, p, 1])));
  const ofKeys = (x: Value) => (r === null ? x : mul(x, reshape(r, [b, 1, 1, p])));

  const q = add(ofQueries(rows("Q")), parameter(nameOf.bias, dtype, [h, 1, e])); // [b, h, p, e]
  const scores = ofKeys(matMul(q, transpose(rows("K"), [0, 1, 3, 2]))); // [b, h, query, key]
  const pattern = ofKeys(softmax(add(scores, causalMask(p, dtype)))); // [b, h, query, key]
  const z = transpose(matMul(pattern, rows("V")), [0, 2, 1, 3]); // [b, p, h, e]
  const out = matMul(reshape(z, [b, p, h * e]), reshape(weights("blocks.0.attn.W_O"), [h * e, d])); // [b, p, d]
  const ofPosition = config.positions === "standard";
  const residual = parameter(nameOf.residual, dtype, [ofPosition ? nCtx : 1, d]);
  const added = ofPosition ? slice(residual, 0, 0, p) : residual; // [p, d] or [1, d]
  return add(add(out, gatherRows(weights("embed.W_E"), tokens)), added);
}

function centred(x: Value): Value {
  return sub(x, mean(x));
}

/** 0 where a query may look, −∞ where the key stands after it: [query, key]. */
function causalMask(p: number, dtype: FloatDType): Value {
  const mask = Array.from({ length: p * p }, (_, i) =>
    i % p <= Math.floor(i / p) ? 0 : -Infinity,
  );
  return constant(tensor(dtype, [p, p], mask));
}
