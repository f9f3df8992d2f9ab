import {
  coMomentsOf,
  histogram,
  momentsOf,
  pearson,
  pearsonInterval,
  reliability,
  standardDeviation,
  standardError,
  trueSpread,
} from "../stats/index.js";
import type {
  ClassSummary,
  Correlation,
  Estimate,
  PowerRow,
  PowersSummary,
  PowerSpread,
  TokenClass,
} from "./summary.js";
import { tokenClass } from "./token-class.js";

/** Folds the powers of tokens into what is reported of them. */
export function summarisePowers(
  rows: readonly PowerRow[],
  about: Pick<PowersSummary, "design" | "sequences" | "controls" | "partners">,
): PowersSummary {
  const a = rows.map((row) => row.a);
  const b = rows.map((row) => row.b);
  const axis = commonAxis([...a, ...b]);
  return {
    ...about,
    rows,
    a: spreadOf(a, axis),
    b: spreadOf(b, axis),
    correlation: correlationOf(rows),
    classes: classesOf(rows),
  };
}

/** The post's bins: 30 over the common range of both columns. */
function commonAxis(estimates: readonly Estimate[]): { bins: number; lo: number; hi: number } {
  // Spreading a whole vocabulary into Math.min would overflow the stack.
  const lo = estimates.reduce((low, { mean }) => Math.min(low, mean), Infinity);
  const hi = estimates.reduce((high, { mean }) => Math.max(high, mean), -Infinity);
  return lo < hi ? { bins: 30, lo, hi } : { bins: 30, lo: lo - 0.5, hi: hi + 0.5 };
}

/** How one column of powers spreads over tokens, without its histogram. */
export function powerSpread(column: readonly Estimate[]): Omit<PowerSpread, "histogram"> {
  const moments = momentsOf(column.map(({ mean }) => mean));
  return {
    tokens: moments.n,
    mean: moments.mean,
    se: standardError(moments),
    sd: standardDeviation(moments),
    reliability: reliability(column),
    trueSd: trueSpread(column),
  };
}

function spreadOf(
  column: readonly Estimate[],
  axis: { bins: number; lo: number; hi: number },
): PowerSpread {
  const means = column.map(({ mean }) => mean);
  return { ...powerSpread(column), histogram: histogram(means, axis) };
}

function correlationOf(rows: readonly PowerRow[]): Correlation | null {
  const a = rows.map((row) => row.a.mean);
  const b = rows.map((row) => row.b.mean);
  const r = pearson(coMomentsOf(a, b));
  const interval = r === null ? null : pearsonInterval(r, rows.length);
  return r === null || interval === null ? null : { r, ...interval };
}

const classes: readonly TokenClass[] = [
  "leading-space",
  "word-part",
  "punctuation",
  "bytes",
  "no-text",
];

function classesOf(rows: readonly PowerRow[]): ClassSummary[] {
  return classes.flatMap((name) => {
    const members = rows.filter((row) => tokenClass(row.text) === name);
    if (members.length === 0) return [];
    const column = (role: "a" | "b") => {
      const moments = momentsOf(members.map((row) => row[role].mean));
      return { mean: moments.mean, sd: standardDeviation(moments) };
    };
    const correlation = correlationOf(members);
    return [{ class: name, tokens: members.length, a: column("a"), b: column("b"), correlation }];
  });
}
