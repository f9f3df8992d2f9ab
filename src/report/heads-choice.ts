import type { HeadRow, HeadsSummary, Interval95 } from "../induction/heads/heads-summary.js";

/** The detectors of which a report draws a heat map, in its order. */
export const headScores = [
  {
    key: "previousToken",
    column: "previous_token",
    name: "previous-token",
    looksAt: "attention to the position before",
  },
  {
    key: "duplicateToken",
    column: "duplicate_token",
    name: "duplicate-token",
    looksAt: "attention to the token's first occurrence",
  },
  {
    key: "induction",
    column: "induction",
    name: "induction",
    looksAt: "attention to what followed it there",
  },
] as const;

/** One of {@link headScores}. */
export type HeadScore = (typeof headScores)[number];

/** The names of the heads that a score lists; the duplicate-token score lists none. */
export function listedBy(summary: HeadsSummary, { key }: HeadScore): readonly string[] {
  if (key === "previousToken") return summary.previousTokenHeads;
  return key === "induction" ? summary.inductionHeads : [];
}

/** What a head is listed as, in words; empty where it is not listed. */
export function listedAs(summary: HeadsSummary, { name }: HeadRow): string {
  return headScores
    .filter((score) => listedBy(summary, score).includes(name))
    .map((score) => score.name)
    .join(", ");
}

/** The ends of an interval, or the mean twice where n is too small for one. */
export function endsOf(interval: Interval95, mean: number): { low: number; high: number } {
  return interval === null ? { low: mean, high: mean } : { low: interval[0], high: interval[1] };
}

/** Heads by the effect of their mean ablation, the most negative first: all, or both ends of many. */
export interface HeadsByEffect {
  readonly lowest: readonly HeadRow[];
  /** Empty where all heads are among the lowest. */
  readonly highest: readonly HeadRow[];
  /** Heads between the two that are left out. */
  readonly between: number;
}

/** More heads than a figure has rows for are cut to those that matter most. */
const [allRows, lowestRows, highestRows] = [32, 16, 8] as const;

/** Heads by the effect of their mean ablation; heads without a finite effect are left out. */
export function headsByEffect({ heads }: HeadsSummary): HeadsByEffect {
  const sorted = heads
    .filter(({ ablation }) => Number.isFinite(ablation.mean))
    .toSorted((p, q) => p.ablation.mean - q.ablation.mean);
  if (sorted.length <= allRows) return { lowest: sorted, highest: [], between: 0 };
  return {
    lowest: sorted.slice(0, lowestRows),
    highest: sorted.slice(-highestRows),
    between: sorted.length - lowestRows - highestRows,
  };
}

/** Tables on the page hold at most this many heads, or those that are listed and {@link topRows}. */
const tableRows = 48;
const topRows = 24;

/** The heads of the table on the page, layer by layer: all, or those listed and those of highest score. */
export function headsInTable(summary: HeadsSummary): readonly HeadRow[] {
  const { heads } = summary;
  if (heads.length <= tableRows) return heads;
  const highest = (row: HeadRow) =>
    Math.max(row.previousToken, row.duplicateToken, row.induction, row.prefixMatching);
  const top = heads.toSorted((p, q) => highest(q) - highest(p)).slice(0, topRows);
  const shown = new Set(top.map(({ name }) => name));
  return heads.filter((row) => shown.has(row.name) || listedAs(summary, row) !== "");
}
