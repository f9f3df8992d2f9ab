import { type FloatDType, input, named, ops, parameter } from "../../graph/index.js";
import type { Named, Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";
import { logOdds } from "../log-odds.js";
import { lastNormalized } from "./body.js";

const { add, concat, equal, gatherElements, logSoftmax, matMul, mul, reshape } = ops;
const { scatterElements, slice, sub, where } = ops;

/** The name of W_U with b_U as one more row, [d + 1, V], among the weights. */
const unembedRows = "tables.unembed";

/**
 * The unembedding with its bias as one more row. In the native build that saves a pass over the logits;
 * the WASM build is faster with a bias of its own.
 */
export function unembedTable(weights: WeightOf): Named {
  const bias = weights("unembed.b_U");
  return named(unembedRows, concat([weights("unembed.W_U"), reshape(bias, [1, ...bias.shape])], 0));
}

/**
 * From the last position to numbers: `logOdds` and `targetLogits` [b, targets] of any targets, and
 * `logOddsOfOne` [b, 1] of a single target per sequence. Inputs: `last_normalized` [b, d] and `targets`
 * [b, targets].
 *
 * @param table Whether {@link unembedTable} is kept, to be read in place of the weights.
 */
export function lastTokenHead(
  { dModel: d, dVocab }: ModelConfig,
  dtype: FloatDType,
  weights: WeightOf,
  table: boolean,
): Named[] {
  const x = input(lastNormalized, dtype, ["batch", d]);
  const targets = input("targets", "int32", ["batch", "targets"]);
  const rows = parameter(unembedRows, dtype, [d + 1, dVocab], { held: true });
  const one = add(mul(slice(x, 1, 0, 1), 0), 1); // [b, 1]
  const logits = table
    ? matMul(concat([x, one], 1), rows)
    : add(matMul(x, weights("unembed.W_U")), weights("unembed.b_U")); // [b, V]
  return [
    named("logOdds", logOdds(logits, targets)),
    named("targetLogits", gatherElements(logits, targets)),
    named("logOddsOfOne", logOddsOfOne(logits, targets)),
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
