import {
  benjaminiHochberg,
  coMomentsOf,
  momentsOf,
  pearson,
  pearsonInterval,
  reliability,
} from "../stats/index.js";
import {
  compareEstimates,
  type EstimateDifference,
  normalScore,
  type TestedDifference,
  testedDifference,
} from "./compare.js";
import { estimateOf } from "./estimate.js";
import type { Role } from "./powers.js";
import type { Correlation, Estimate, PowersSummary } from "./summary.js";

/** The powers of one token in two runs. */
export interface TokenComparison {
  readonly token: number;
  readonly text: string | null;
  readonly a: TestedDifference;
  readonly b: TestedDifference;
}

/** A column of powers in two runs. */
export interface RoleComparison {
  /** Mean over the tokens in common of each run's powers, and of their differences, nats. */
  readonly first: Estimate;
  readonly second: Estimate;
  readonly difference: Estimate;
  /**
   * Of the tokens' z, brought from Student's t to the normal law: mean 0 and standard deviation 1 where
   * the runs differ by chance alone; n tokens that could be tested, those with identical numbers left
   * out.
   */
  readonly z: Estimate;
  /** Tokens whose numbers are identical to the last bit. */
  readonly identical: number;
  /** Of the two runs' powers over tokens; `null` below four tokens or without spread. */
  readonly correlation: Correlation | null;
  /**
   * The correlation without the noise of the estimates, r / √(reliability · reliability), which may
   * exceed 1 by chance; `null` where a reliability is not known or not above 0, and for matched
   * sequence pairs, whose noise is shared.
   */
  readonly noiseCorrected: number | null;
  /** Tokens that differ after false-discovery control. */
  readonly differing: number;
}

/** The powers of two runs. */
export interface PowersComparison {
  /** Tokens that both runs measured, by id and text, and how many only one of them has. */
  readonly tokens: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly a: RoleComparison;
  readonly b: RoleComparison;
  /** The tokens in common, in the order of the first run. */
  readonly rows: readonly TokenComparison[];
}

/** The powers of two runs, and what was made of the differences of matched sequence pairs. */
export interface ComparedPowers {
  readonly first: Pick<PowersSummary, "rows">;
  readonly second: Pick<PowersSummary, "rows">;
  readonly paired: Pick<PowersSummary, "rows"> | null;
}

/**
 * Compares the powers of the tokens that both runs measured. A powers and B powers together are one
 * family for Benjamini and Hochberg's control of false discoveries at q.
 */
export function comparePowers(
  { first, second, paired }: ComparedPowers,
  q: number,
): PowersComparison {
  const common = commonTokens(first.rows, second.rows);
  const matched = new Map(paired?.rows.map((row) => [row.token, row]));
  const column = (role: Role) =>
    common.map(([x, y]) =>
      compareEstimates(x[role], y[role], matched.get(x.token)?.[role] ?? null),
    );
  const [a, b] = [column("a"), column("b")];
  const tested = falseDiscoveryControlled([...a, ...b], q);
  const rows = common.map(([{ token, text }], i): TokenComparison => {
    const [ofA, ofB] = [tested[i], tested[common.length + i]];
    return { token, text, a: ofA as TestedDifference, b: ofB as TestedDifference };
  });
  return {
    tokens: common.length,
    onlyFirst: first.rows.length - common.length,
    onlySecond: second.rows.length - common.length,
    a: compareColumn(rows.map((row) => row.a)),
    b: compareColumn(rows.map((row) => row.b)),
    rows,
  };
}

/** Tokens of two lists with the same id and no two different texts. */
export function commonTokens<T extends { readonly token: number; readonly text: string | null }>(
  first: readonly T[],
  second: readonly T[],
): [T, T][] {
  const byId = new Map(second.map((row) => [row.token, row]));
  return first.flatMap((row): [T, T][] => {
    const other = byId.get(row.token);
    if (other === undefined) return [];
    const same = row.text === null || other.text === null || row.text === other.text;
    return same ? [[row, other]] : [];
  });
}

function falseDiscoveryControlled(
  differences: readonly EstimateDifference[],
  q: number,
): TestedDifference[] {
  const testable = differences.filter(({ p }) => p !== null);
  const adjusted = benjaminiHochberg(testable.map(({ p }) => p as number));
  const byDifference = new Map(
    testable.map((difference, i) => [difference, adjusted[i] as number]),
  );
  return differences.map((difference) =>
    testedDifference(difference, byDifference.get(difference) ?? null, q),
  );
}

function compareColumn(column: readonly TestedDifference[]): RoleComparison {
  const first = column.map((difference) => difference.first);
  const second = column.map((difference) => difference.second);
  const means = [first, second].map((estimates) => estimates.map(({ mean }) => mean));
  const [x, y] = means as [number[], number[]];
  const r = pearson(coMomentsOf(x, y));
  const interval = r === null ? null : pearsonInterval(r, x.length);
  const shared = column.some(({ pairs }) => pairs !== null);
  const product = (reliability(first) ?? 0) * Math.max(0, reliability(second) ?? 0);
  return {
    first: estimateOf(momentsOf(x)),
    second: estimateOf(momentsOf(y)),
    difference: estimateOf(momentsOf(column.map(({ difference }) => difference))),
    z: estimateOf(momentsOf(column.map(normalScore).filter((score) => score !== null))),
    identical: column.filter(({ identical }) => identical).length,
    correlation: r === null || interval === null ? null : { r, ...interval },
    noiseCorrected: r === null || shared || product <= 0 ? null : r / Math.sqrt(product),
    differing: column.filter(({ differs }) => differs).length,
  };
}
