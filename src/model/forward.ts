/**
 * The forward pass of the transformers that the lab knows, as mathematics. Row vectors: everything
 * multiplies from the right. Names and shapes of the hook points are TransformerLens's (2.x), the
 * opt-in ones included; b = batch, p = positions, h = heads, d = d_model, V = d_vocab.
 */
import { choice, constant, input, named, tensor, type Value } from "../graph/index.js";
import { type FloatDType, ops } from "../graph/index.js";
import { attention } from "./attention.js";
import type { ModelConfig } from "./config.js";
import type { Hook, WeightOf } from "./hook.js";
import { layerNorm } from "./layer-norm.js";
import { logOdds } from "./log-odds.js";
import { lossPerToken, meanOf } from "./loss.js";
import { mlp } from "./mlp.js";
import { normOf, soluNorm } from "./norms.js";
import { weightValues } from "./weight-values.js";

const { add, at, gatherElements, gatherRows, matMul, mul, reshape, slice, sub } = ops;

/**
 * The graph of a model on sequences of exactly `positions` tokens. Inputs: `tokens` [b, p] and, for
 * `logOdds` and `targetLogits`, `targets` [b, targets], both int32. Besides the hook points it names
 * `logits` [b, p, d_vocab], `last_logits` [b, d_vocab] (of the last position, the only one unembedded
 * unless a feed needs more), `logOdds` and `targetLogits` [b, targets] of the targets there, in nats,
 * and for two positions or more `loss_per_token` [b, p − 1]. Scalars [], to differentiate: `loss`, the
 * mean of these, `meanLogOdds`, and `logitDiff`, the mean of the first target's logit minus the second's.
 */
export function forward(config: ModelConfig, positions: number, dtype: FloatDType): Value[] {
  const weights = weightValues(config, dtype);

  const tokens = named("hook_tokens", input("tokens", "int32", ["batch", positions])); // [b, p]
  const embed = named("hook_embed", gatherRows(weights("embed.W_E"), tokens)); // [b, p, d]
  const pos = config.positions === "rotary" ? null : learnedPositions(tokens, weights); // [b, p, d]
  const shortformer = config.positions === "shortformer" ? pos : null;

  let resid: Value = config.positions === "standard" ? add(embed, pos as Value) : embed; // [b, p, d]
  let lastResid = last(resid); // [b, d]
  for (let layer = 0; layer < config.nLayers; layer++) {
    ({ resid, lastResid } = block(resid, shortformer, layer, config, weights));
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
  const targetLogits = named("targetLogits", gatherElements(lastLogits, targets)); // [b, targets]
  const odds = named("logOdds", logOdds(lastLogits, targets)); // [b, targets]
  const target = (i: number) => slice(targetLogits, 1, i, i + 1); // [b, 1]
  const roots = [
    logits,
    odds,
    named("meanLogOdds", meanOf(odds)), // []
    named("logitDiff", meanOf(sub(target(0), target(1)))), // []
  ];
  if (positions === 1) return roots;
  const perToken = named("loss_per_token", lossPerToken(logits, tokens)); // [b, p - 1]
  return [...roots, named("loss", meanOf(perToken))];
}

/** W_pos of every position, for every sequence: [b, p, d]. */
function learnedPositions(tokens: Value, weights: WeightOf): Value {
  const positions = tokens.shape[1] as number;
  const place = constant(tensor("int32", [1, positions], [...Array(positions).keys()]));
  const places = add(mul(tokens, 0), place); // [b, p]
  return named("hook_pos_embed", gatherRows(weights("pos_embed.W_pos"), places));
}

/** One block, of all positions and of the last alone: attention and, where there is one, an MLP. */
function block(
  residual: Value, // [b, p, d]
  shortformer: Value | null, // [b, p, d]
  layer: number,
  config: ModelConfig,
  weights: WeightOf,
): { readonly resid: Value; readonly lastResid: Value } {
  const { nHeads: heads, dModel: d, rotary } = config;
  const [b, p] = residual.shape as [string, number];
  const name = `blocks.${layer}`;
  const hook: Hook = (point, value) => named(`${name}.${point}`, value);
  const W: WeightOf = (key) => weights(`${name}.${key}`);
  const norm = (key: string) => normOf(`${name}.${key}`, config, weights);

  const pre = hook("hook_resid_pre", residual); // [b, p, d]
  const attn = attention(pre, { heads, ln1: norm("ln1"), shortformer, rotary }, name, hook, W);
  const mid = add(pre, attn.out); // [b, p, d]
  const lastPre = slice(pre, 1, p - 1, p); // [b, 1, d]
  const lastMid = add(lastPre, attn.lastOut); // [b, 1, d]
  if (config.mlp === null) {
    const resid = hook("hook_resid_post", mid);
    return { resid, lastResid: choice("feed", reshape(lastMid, [b, d]), last(resid)) };
  }

  const { activation } = config.mlp;
  const ln2 = norm("ln2");
  const ln = activation === "solu_ln" ? soluNorm(`${name}.mlp.ln`, config, weights) : ln2;
  const { parallel } = config;
  const midOrPre = parallel ? pre : hook("hook_resid_mid", mid);
  const x = layerNorm(hook("hook_mlp_in", midOrPre), ln2, `${name}.ln2`); // [b, p, d]
  const out = hook("hook_mlp_out", mlp(x, activation, ln, W, { hook, block: name })); // [b, p, d]
  const resid = hook("hook_resid_post", add(parallel ? mid : midOrPre, out)); // [b, p, d]

  const lastOut = mlp(layerNorm(parallel ? lastPre : lastMid, ln2), activation, ln, W); // [b, 1, d]
  const alone = reshape(add(lastMid, lastOut), [b, d]);
  return { resid, lastResid: choice("feed", alone, last(resid)) };
}

/** The last position of [b, p, …]. */
function last(x: Value): Value {
  return at(x, 1, (x.shape[1] as number) - 1);
}
