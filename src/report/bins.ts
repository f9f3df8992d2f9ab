import type { Histogram } from "../stats/index.js";

/** A point of a step outline: the count holds from this edge to the next. */
export interface OutlinePoint {
  readonly edge: number;
  readonly count: number;
}

/** Both ends of an axis; a range without width gets half a unit on either side. */
export function axisRange(lo: number, hi: number): [number, number] {
  return hi > lo ? [lo, hi] : [lo - 0.5, hi + 0.5];
}

/** Edges of the bins, one more than there are bins. */
export function binEdges(histogram: Histogram): readonly number[] {
  const [lo, hi] = axisRange(histogram.lo, histogram.hi);
  const bins = histogram.counts.length;
  return Array.from({ length: bins + 1 }, (_, i) => lo + ((hi - lo) * i) / bins);
}

/**
 * The outline of a histogram from its first filled bin to its last, starting and ending on the axis;
 * empty where nothing was counted.
 */
export function outline(histogram: Histogram): readonly OutlinePoint[] {
  const { counts } = histogram;
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return [];
  const last = counts.findLastIndex((count) => count > 0);
  const edges = binEdges(histogram).slice(first, last + 2);
  const steps = edges.map((edge, i) => ({
    edge,
    count: i + first > last ? 0 : (counts[i + first] ?? 0),
  }));
  return [{ edge: edges[0] ?? histogram.lo, count: 0 }, ...steps];
}

/** How many values fell into a bin. */
export function countedInside(histogram: Histogram): number {
  return histogram.counts.reduce((sum, count) => sum + count, 0);
}
