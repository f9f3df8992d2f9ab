import type { NeighboursSummary, NeighbourSummary } from "../induction/summary.js";
import type { SeriesStyle } from "./scenario-names.js";
import type { Theme } from "./theme.js";

/** One kind of token that is read beside B. */
export interface NeighbourSeries {
  /** In words: `B`, `rank 5`, `random tokens`. */
  readonly name: string;
  /** In a CSV file: `b`, `rank_5`, `random`. */
  readonly column: string;
  readonly summary: NeighbourSummary;
}

/** B, the ranks that the post plots and random tokens, from the nearest to the farthest. */
export function plottedNeighbours(data: NeighboursSummary): readonly NeighbourSeries[] {
  const plotted = data.ranks.filter(({ rank }) => data.halfWay.some((half) => half.rank === rank));
  return [
    { name: "B", column: "b", summary: data.b },
    ...plotted.map((summary) => ({
      name: `Rank ${summary.rank}`,
      column: `rank_${summary.rank}`,
      summary,
    })),
    { name: "Random tokens", column: "random", summary: data.random },
  ];
}

/** The lines of {@link plottedNeighbours}: B solid, random tokens thin, those between dashed. */
export function neighbourStyle(index: number, count: number, theme: Theme): SeriesStyle {
  if (index === 0) return { stroke: theme.b, width: 2 };
  if (index === count - 1) return { stroke: theme.muted, width: 1.25 };
  const between: readonly SeriesStyle[] = [
    { stroke: theme.both, dash: "8 3", width: 1.6 },
    { stroke: theme.counts[4], dash: "9 3 2 3", width: 1.6 },
    { stroke: theme.ink, dash: "2.5 2.5", width: 1.6 },
  ];
  return between[(index - 1) % between.length] ?? { stroke: theme.ink, width: 1 };
}
