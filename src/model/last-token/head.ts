import { type FloatDType, input, named, ops } from "../../graph/index.js";
import type { Named, Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";
import { logOdds } from "../log-odds.js";
import { lastNormalized } from "./body.js";
import { chunkedLogOdds, chunkLogits } from "./unembed-chunks.js";

const { add, concat, equal, gatherElements, logSoftmax, matMul } = ops;
const { scatterElements, slice, sub, where } = ops;

/**
 * From the last position to numbers: `logOdds` and `targetLogits` [b, targets] of any targets, and
 * `logOddsOfOne` [b, 1] of a single target per sequence. Inputs: `last_normalized` [b, d] and `targets`
 * [b, targets].
 *
 * @param tables Whether {@link unembedTables} are kept, to be read in place of the weights: in the native
 *   build that saves passes over the logits; the WASM build is faster without.
 */
export function lastTokenHead(
  config: ModelConfig,
  dtype: FloatDType,
  weights: WeightOf,
  tables: boolean,
): Named[] {
  const x = input(lastNormalized, dtype, ["batch", config.dModel]);
  const targets = input("targets", "int32", ["batch", "targets"]);
  const chunks = tables ? chunkLogits(x, config, dtype) : null;
  const logits = chunks
    ? concat(chunks, 1)
    : add(matMul(x, weights("unembed.W_U")), weights("unembed.b_U")); // [b, V]
  const one = slice(targets, 1, 0, 1); // [b, 1]
  const ofOne = chunks ? chunkedLogOdds(chunks, one, config.dVocab) : logOddsOfOne(logits, one);
  return [
    named("logOdds", logOdds(logits, targets)),
    named("targetLogits", gatherElements(logits, targets)),
    named("logOddsOfOne", ofOne),
  ];
}

/**
 * Log-odds of one target per sequence, nats: its logit minus the log-sum-exp of all the others, exact
 * however likely it is. [b, V], [b, 1] → [b, 1].
 *
 * The log-sum-exp comes from any token but the target, as its logit minus its log-probability among
 * the others: one pass for the log-softmax, where a maximum and a sum would take two more.
 */
function logOddsOfOne(logits: Value, targets: Value): Value {
  const logit = gatherElements(logits, targets); // [b, 1]
  // Computed from the logit, so that it comes after it: then ONNX Runtime masks in place.
  const others = scatterElements(logits, targets, add(logit, -Infinity)); // [b, V]
  const logProbs = logSoftmax(others); // [b, V]
  const lse = (i: number) => sub(slice(others, 1, i, i + 1), slice(logProbs, 1, i, i + 1)); // [b, 1]
  return sub(logit, where(equal(targets, 0), lse(1), lse(0)));
}
