import { usageError } from "../errors.js";
import type { FloatTensor } from "../graph/index.js";
import { matMul, matrix, scaleColumns, transpose } from "../linalg/index.js";
import type { Model } from "../model/index.js";
import { headWeight } from "./circuits.js";
import type { Head } from "./heads.js";

/** Attention that positions alone would give a head. */
export interface PositionalPattern {
  readonly positions: number;
  /** [query, key], rows sum to 1; keys after the query are 0. */
  readonly pattern: Float64Array;
  /** Mean attention from position i to i − 1, over i from 1. */
  readonly previousToken: number;
}

/**
 * The QK circuit over positions: softmax(W_pos W_Q W_Kᵀ W_posᵀ / √d_head) under the causal mask. A
 * previous-token head attends one back. Definition: ARENA 3.0, chapter 1.2. Biases and LayerNorm are
 * left out, as there.
 *
 * @param positions How many, from the first one.
 * @throws LabError of wrong usage for a model without learned positions, or with fewer of them.
 */
export function positionalPattern(model: Model, head: Head, positions: number): PositionalPattern {
  const W = model.weights.get("pos_embed.W_pos") as FloatTensor | undefined;
  const { nCtx, dModel: d, dHead } = model.config;
  if (W === undefined) {
    throw usageError(
      `positional circuit: expected learned positions, got rotary ones in ${model.name}`,
    );
  }
  if (!Number.isInteger(positions) || positions < 2 || positions > nCtx) {
    throw usageError(`positional circuit: expected 2 to ${nCtx} positions, got ${positions}`);
  }
  const pos = matrix(positions, d, W.data.subarray(0, positions * d));
  const queries = matMul(pos, headWeight(model, "Q", head));
  const keys = matMul(pos, headWeight(model, "K", head));
  const root = new Float64Array(dHead).fill(1 / Math.sqrt(dHead));
  const { data: scores } = matMul(scaleColumns(queries, root), transpose(keys));
  const pattern = new Float64Array(positions ** 2);
  let previous = 0;
  for (let query = 0; query < positions; query++) {
    const row = scores.subarray(query * positions, query * positions + query + 1);
    const highest = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const weights = row.map((score) => Math.exp(score - highest));
    const sum = weights.reduce((a, b) => a + b, 0);
    pattern.set(
      weights.map((weight) => weight / sum),
      query * positions,
    );
    if (query > 0) previous += pattern[query * positions + query - 1] as number;
  }
  return { positions, pattern, previousToken: previous / (positions - 1) };
}
