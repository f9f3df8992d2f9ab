import { type FloatDType, input, named, ops } from "../../graph/index.js";
import type { Named, Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";
import { logOdds } from "../log-odds.js";
import { lastNormalized } from "./body.js";
import { logOddsOfOne } from "./log-odds-of-one.js";
import { chunkLogits } from "./unembed-chunks.js";

const { add, concat, gatherElements, matMul, slice } = ops;

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
  const chunks = tables
    ? chunkLogits(x, config, dtype)
    : [add(matMul(x, weights("unembed.W_U")), weights("unembed.b_U"))];
  const logits = chunks.length === 1 ? (chunks[0] as Value) : concat(chunks, 1); // [b, V]
  return [
    named("logOdds", logOdds(logits, targets)),
    named("targetLogits", gatherElements(logits, targets)),
    named("logOddsOfOne", logOddsOfOne(chunks, slice(targets, 1, 0, 1))),
  ];
}
