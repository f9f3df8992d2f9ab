/** The cells of tables that compare: means, differences, correlations, p-values. */
import type { EstimateDifference } from "../induction/compare.js";
import type { Estimate, Ratio } from "../induction/index.js";
import { formatMeanSe, formatNumber } from "../report/numbers.js";

/** Both means of a difference, the difference, and z. */
export function differenceCells(difference: EstimateDifference): string[] {
  const { first, second } = difference;
  return [
    formatMeanSe(first.mean, first.se),
    formatMeanSe(second.mean, second.se),
    ...gapCells(difference),
  ];
}

/** A difference with its error, and z; or that both sides are identical. */
export function gapCells({
  difference,
  se,
  z,
  identical,
}: Pick<EstimateDifference, "difference" | "se" | "z" | "identical">): string[] {
  if (identical) return ["identical", ""];
  return [formatDifference(difference, se), z === null ? "" : formatNumber(z)];
}

/** Differences of two backends are small: they need their first digits, wherever these are. */
export function formatDifference(difference: number, se: number | null): string {
  const size = Math.max(Math.abs(difference), se ?? 0);
  if (size >= 5e-4 || size === 0) return formatMeanSe(difference, se);
  const small = (value: number) => value.toExponential(1).replaceAll("-", "−");
  return se === null ? small(difference) : `${small(difference)} ± ${small(se)}`;
}

/** A mean over tokens with its error; empty over none. */
export function formatMean({ n, mean, se }: Estimate): string {
  return n === 0 ? "" : formatMeanSe(mean, se);
}

/** A standard deviation with its sampling error where z is normal. */
export function formatSd({ n, sd }: Estimate): string {
  return sd === null ? "" : formatMeanSe(sd, sd / Math.sqrt(2 * (n - 1)));
}

/** A correlation near 1 needs its last digits. */
export function shareText(value: number | null): string {
  if (value === null) return "";
  return Math.abs(value) < 1 && Math.abs(value) >= 0.995
    ? formatNumber(value, 6)
    : formatNumber(value);
}

/** A 95 % interval in brackets. */
export function intervalText({
  low,
  high,
}: {
  readonly low: number;
  readonly high: number;
}): string {
  return `(${shareText(low)} to ${shareText(high)})`;
}

/** A ratio with its 95 % interval. */
export function ratioText({ ratio, low, high }: Ratio): string {
  return `${formatNumber(ratio)} (${formatNumber(low)} to ${formatNumber(high)})`;
}

/** A p-value; empty where it cannot be known. */
export function formatP(p: number | null): string {
  if (p === null) return "";
  return p >= 0.001 || p === 0 ? formatNumber(p, 3) : p.toExponential(1).replace("-", "−");
}

/** Rows of words in columns, all to the left. */
export function leftTable(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => [...(row[column] ?? "")].length));
  const widths = (rows[0] ?? []).map((_, column) => width(column));
  const pad = (text: string, column: number) =>
    text + " ".repeat((widths[column] ?? 0) - [...text].length);
  return rows.map((row) => `${row.map(pad).join("  ").trimEnd()}\n`).join("");
}
