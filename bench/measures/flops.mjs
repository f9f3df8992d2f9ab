/** Floating-point operations of a sequence, a multiplication and an addition counted as two. */

/** @typedef {Pick<import("induction-lab/model").ModelConfig, "nLayers" | "nHeads" | "dModel" | "dHead" | "dVocab">} Size */

/**
 * What the last-token path of an attention-only model takes for one sequence: the first layer's
 * queries, keys and values come from tables, the last layer is computed for the last query alone, with
 * W_K folded into it and W_V applied to the mean of the residual, and one position is unembedded.
 * Norms, softmax and additions are not counted. 66 million for attn-only-2l and 24 positions.
 *
 * @param {Size} size of two layers or more
 * @param {number} positions
 */
export function lastTokenFlops({ nLayers, nHeads, dModel: d, dHead, dVocab }, positions) {
  const inner = nHeads * dHead;
  const projection = 2 * d * inner;
  const mixing = 4 * positions ** 2 * inner; // scores and weighted sums, of all queries
  const first = positions * projection + mixing; // W_O alone
  const middle = 4 * positions * projection + mixing;
  const folded = 2 * positions * nHeads * d; // one query against the residual, or a mean of it
  const last = 4 * projection + 2 * folded;
  return first + (nLayers - 2) * middle + last + 2 * d * dVocab;
}

/** Of a product [m, k] × [k, n]. @param {number} m @param {number} k @param {number} n */
export const gemmFlops = (m, k, n) => 2 * m * k * n;
