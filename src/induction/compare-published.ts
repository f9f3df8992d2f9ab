import { momentsOf } from "../stats/index.js";
import { comparePowers, type RoleComparison, type TokenComparison } from "./compare-powers.js";
import type { TestedDifference } from "./compare.js";
import { estimateOf } from "./estimate.js";
import type { Role } from "./powers.js";
import type { Estimate, PowerRow } from "./summary.js";

/** How far the z of a column of powers may be from those of chance alone, mean 0 and sd 1. */
export interface ZBounds {
  /** Largest |mean of z|. */
  readonly mean: number;
  /** Largest |standard deviation of z − 1|. */
  readonly sd: number;
}

/**
 * The bounds for a number of tokens: 0.05 and 0.03, those for all 10,000, or where there are fewer
 * tokens 3.3 sampling errors, 3.3 / √n and 3.3 / √(2 n), which chance alone passes 999 times in 1000.
 */
export function zBounds(tokens: number): ZBounds {
  return {
    mean: Math.max(0.05, 3.3 / Math.sqrt(tokens)),
    sd: Math.max(0.03, 3.3 / Math.sqrt(2 * tokens)),
  };
}

/** A column of powers of a run against the published one; nats where nothing else is said. */
export interface PublishedColumn extends Omit<RoleComparison, "first" | "second" | "identical"> {
  /** Means over the tokens in common, with the errors that their spread gives. */
  readonly run: Estimate;
  readonly published: Estimate;
  /** Of run minus published over tokens. */
  readonly difference: Estimate;
  /** Of (run − published) / √(SE² + SE²) over tokens: mean 0 and sd 1 by chance alone. */
  readonly z: Estimate;
  /** Share of tokens with |z| > 1.96: 5 % by chance alone. */
  readonly beyond: number;
  /** Largest |z|. */
  readonly largest: number;
  /** Whether mean and standard deviation of z lie within the bounds. */
  readonly within: { readonly mean: boolean; readonly sd: boolean };
}

/** A run against published powers. */
export interface PublishedComparison {
  /** Tokens in common. */
  readonly tokens: number;
  readonly bounds: ZBounds;
  readonly a: PublishedColumn;
  readonly b: PublishedColumn;
  /** Whether z is within its bounds in both columns. */
  readonly agree: boolean;
  /** The tokens in common: `first` is the run, `second` is what was published. */
  readonly rows: readonly TokenComparison[];
}

/**
 * Compares powers with published ones of the same tokens. A powers and B powers together are one family
 * for Benjamini and Hochberg's control of false discoveries at q; the verdict is that of z alone.
 *
 * @throws RangeError below two tokens in common, and where a token has no standard error in either.
 */
export function comparePublished(
  run: readonly PowerRow[],
  published: readonly PowerRow[],
  q: number,
): PublishedComparison {
  const both = { first: { rows: run }, second: { rows: published }, paired: null };
  const { tokens, rows, a, b } = comparePowers(both, q);
  if (tokens < 2) throw new RangeError(`comparePublished: expected two tokens, got ${tokens}`);
  const bounds = zBounds(tokens);
  const column = (role: Role, comparison: RoleComparison) =>
    publishedColumn(
      comparison,
      rows.map((row) => row[role]),
      bounds,
    );
  const columns = { a: column("a", a), b: column("b", b) };
  const agree = Object.values(columns).every(({ within }) => within.mean && within.sd);
  return { tokens, bounds, ...columns, agree, rows };
}

function publishedColumn(
  { first, second, difference, correlation, noiseCorrected, differing }: RoleComparison,
  column: readonly TestedDifference[],
  bounds: ZBounds,
): PublishedColumn {
  const scores = column.map(({ z }) => {
    if (z === null) throw new RangeError("comparePublished: expected standard errors above 0");
    return z;
  });
  const z = estimateOf(momentsOf(scores));
  const sizes = scores.map(Math.abs);
  return {
    ...{ run: first, published: second, difference, correlation, noiseCorrected, differing },
    z,
    beyond: sizes.filter((size) => size > 1.96).length / sizes.length,
    largest: sizes.reduce((most, size) => Math.max(most, size), 0),
    within: {
      mean: Math.abs(z.mean) <= bounds.mean,
      sd: Math.abs((z.sd as number) - 1) <= bounds.sd,
    },
  };
}

/** One power of one token in a run and as published. */
export type PowerDisagreement = TestedDifference & {
  readonly token: number;
  readonly text: string | null;
  readonly role: Role;
};

/** The powers that disagree most, the largest |z| first, whether or not chance explains them. */
export function mostDisagreeing(
  rows: readonly TokenComparison[],
  count: number,
): PowerDisagreement[] {
  const size = ({ z }: TestedDifference) => Math.abs(z ?? 0);
  return rows
    .flatMap(({ token, text, a, b }): PowerDisagreement[] => [
      { token, text, role: "a", ...a },
      { token, text, role: "b", ...b },
    ])
    .toSorted((x, y) => size(y) - size(x) || x.token - y.token)
    .slice(0, count);
}
