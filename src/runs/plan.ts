import type { IndexRange } from "../induction/index.js";
import { blocksOf } from "./blocks.js";
import type { Stage } from "./stage.js";

/** A block of one stage, and the number of its part among those of all stages. */
export interface PlannedBlock extends IndexRange {
  readonly part: number;
  readonly stage: string;
  /** Sequences that it takes. */
  readonly sequences: number;
}

/**
 * The blocks of all stages, in order.
 *
 * @throws RangeError for two stages of one id, and for a stage without sequence pairs.
 */
export function plannedBlocks(plan: readonly Stage[]): PlannedBlock[] {
  const ids = plan.map(({ id }) => id);
  if (new Set(ids).size < ids.length) {
    throw new RangeError(`plan: expected stages of different ids, got ${ids.join(", ")}`);
  }
  const blocks = plan.flatMap(({ id, pairs, block, sequences }) => {
    if (pairs < 1) throw new RangeError(`stage ${id}: expected sequence pairs, got none`);
    return blocksOf(pairs, block).map((range) => {
      return { stage: id, ...range, sequences: sequences(range) };
    });
  });
  return blocks.map((block, part) => ({ part, ...block }));
}

/** Sequences of blocks. */
export function sequencesOf(blocks: readonly PlannedBlock[]): number {
  return blocks.reduce((sum, { sequences }) => sum + sequences, 0);
}

/** Where a part lies in its run's folder. */
export function partPath(part: number): string {
  return `parts/part-${String(part).padStart(5, "0")}.parquet`;
}
