import type { Estimate } from "../induction/summary.js";

/** What a report says where a number cannot be known. */
export const tooSmall = "n too small";

/** A number with fixed decimals, a true minus sign and grouped thousands; never `NaN`. */
export function formatNumber(value: number | null, digits = 2): string {
  if (value === null) return tooSmall;
  if (!Number.isFinite(value)) return "not finite";
  const [whole = "", fraction] = Math.abs(value).toFixed(digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && /[1-9]/.test(text) ? `−${text}` : text;
}

/** A count with grouped thousands. */
export function formatCount(value: number): string {
  return formatNumber(value, 0);
}

/** A count with its noun: `1 token`, `8,189 tokens`. */
export function formatCounted(value: number, noun: string): string {
  return `${formatCount(value)} ${plural(value, noun)}`;
}

/** The noun of a count: `token`, `tokens`. */
export function plural(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

/** Decimals that show a standard error's first digit: two, or up to four for a small one. */
function digitsFor(se: number): number {
  if (!(se > 0) || se >= 0.005) return 2;
  return se >= 0.0005 ? 3 : 4;
}

/** `mean ± standard error` and its unit, or the mean and why there is no error. */
export function formatMeanSe(mean: number, se: number | null, unit = ""): string {
  if (!Number.isFinite(mean)) return "not finite";
  const after = unit === "" ? "" : ` ${unit}`;
  if (se === null) return `${formatNumber(mean)}${after} (${tooSmall} for an SE)`;
  const digits = digitsFor(se);
  return `${formatNumber(mean, digits)} ± ${formatNumber(se, digits)}${after}`;
}

/** {@link formatMeanSe} of an estimate; without a single sequence there is no mean either. */
export function formatEstimate(estimate: Estimate, unit = ""): string {
  return estimate.n === 0 ? "no data" : formatMeanSe(estimate.mean, estimate.se, unit);
}

/** Prose in which `5.18 ± 0.06 nats` and `n = 256` never break across lines. */
export function keepTogether(text: string): string {
  return text
    .replace(/ (±|=) /g, "\u00a0$1\u00a0")
    .replace(/(\d) (?=nats|%|token|pair|sequence pair)/g, "$1\u00a0");
}

/** A list of words: `a`, `a and b`, `a, b and c`. */
export function formatList(words: readonly string[]): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1) ?? ""}`;
}
