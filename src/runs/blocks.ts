import type { IndexRange } from "../induction/index.js";

/** Sequence pairs of a block: what is measured, kept and resumed as one. */
export const pairsPerBlock = 4096;

/** The blocks of an experiment, in order; how they lie depends on the number of its pairs alone. */
export function blocksOf(pairs: number): IndexRange[] {
  return Array.from({ length: Math.ceil(pairs / pairsPerBlock) }, (_, i) => ({
    from: i * pairsPerBlock,
    to: Math.min((i + 1) * pairsPerBlock, pairs),
  }));
}
