import { constant, type FloatDType, input, named, ops, tensor } from "../../graph/index.js";
import type { Named, Value } from "../../graph/index.js";
import { attention } from "../attention.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";
import { layerNorm } from "../layer-norm.js";
import { mlp } from "../mlp.js";
import { normOf, soluNorm } from "../norms.js";
import { firstAttention } from "./first-layer.js";
import { lastAttention } from "./last-layer.js";

const { add, gatherRows, mul, reshape, slice } = ops;

/** The name of what the body gives and the head takes. */
export const lastNormalized = "last_normalized";

/**
 * What the unembedding reads at the last position, `last_normalized` [b, d], and no more than that
 * needs: the first attention layer from tables where `tables` are there, the layers between as they are,
 * the last layer for its last query. Inputs are `tokens` [b, p] and, but for rotary models,
 * `centre` [d]: see {@link lastAttention}.
 */
export function lastTokenBody(
  config: ModelConfig,
  positions: number,
  dtype: FloatDType,
  weights: WeightOf,
  tables: boolean,
): Named {
  const { nLayers, nHeads: heads, dModel: d, rotary } = config;
  const tokens = input("tokens", "int32", ["batch", positions]); // [b, p]
  const centre = input("centre", dtype, [d]);
  const pos =
    config.positions === "rotary" ? null : slice(weights("pos_embed.W_pos"), 0, 0, positions);
  const shortformer = config.positions === "shortformer" ? pos : null; // [p, d]

  let resid: Value = gatherRows(weights("embed.W_E"), tokens); // [b, p, d]
  if (config.positions === "standard") resid = add(resid, pos as Value);
  for (let layer = 0; layer < nLayers - 1; layer++) {
    if (layer === 0 && tables) {
      resid = firstAttention(tokens, config, dtype, weights);
      continue;
    }
    const ln1 = normOf(`blocks.${layer}.ln1`, config, weights);
    const parts = {
      heads,
      ln1,
      shortformer: shortformer && inEachSequence(shortformer, resid),
      rotary,
    };
    const W: WeightOf = (name) => weights(`blocks.${layer}.${name}`);
    const { out } = attention(resid, parts, "body", (_, value) => value, W);
    resid = afterAttention(resid, out, layer, config, weights);
  }
  const last = nLayers - 1;
  const pre = reshape(slice(resid, 1, positions - 1, positions), ["batch", d]);
  const out = lastAttention(resid, { position: shortformer, centre }, last, config, weights);
  const post = afterAttention(pre, out, last, config, weights);
  return named(lastNormalized, layerNorm(post, normOf("ln_final", config, weights)));
}

/** The rest of a block: the residual stream, what attention adds to it, and the MLP where there is one. */
function afterAttention(
  pre: Value,
  attn: Value,
  layer: number,
  config: ModelConfig,
  weights: WeightOf,
): Value {
  const mid = add(pre, attn);
  if (config.mlp === null) return mid;
  const { activation } = config.mlp;
  const ln2 = normOf(`blocks.${layer}.ln2`, config, weights);
  const inner =
    activation === "solu_ln" ? soluNorm(`blocks.${layer}.mlp.ln`, config, weights) : ln2;
  const W: WeightOf = (name) => weights(`blocks.${layer}.${name}`);
  return add(mid, mlp(layerNorm(config.parallel ? pre : mid, ln2), activation, inner, W));
}

/** Positions [p, d] as the plain attention takes them, [b, p, d]. */
function inEachSequence(position: Value, like: Value): Value {
  const zero = constant(tensor(like.dtype as FloatDType, [], [0]));
  return add(mul(like, zero), position);
}
