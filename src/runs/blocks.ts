import type { IndexRange } from "../induction/index.js";

/** Sequence pairs of a block: what is measured, kept and resumed as one. */
export const pairsPerBlock = 4096;

/** The blocks of an experiment, in order; how they lie depends on the number of its pairs and their size alone. */
export function blocksOf(pairs: number, size = pairsPerBlock): IndexRange[] {
  return Array.from({ length: Math.ceil(pairs / size) }, (_, i) => ({
    from: i * size,
    to: Math.min((i + 1) * size, pairs),
  }));
}
