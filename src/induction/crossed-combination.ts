/**
 * From the columns of a crossed design to powers. Where all columns have the same rounds a power is the
 * mean of one number per round, and its error sd / √n.
 *
 * With unequal numbers let S rounds be shared, and x the column with L = S + E rounds, y the other:
 *
 *     mean of x over L − mean of y over S = mean over the S of u + (E / L) · mean over the E of x
 *     u                                   = (S / L) x − y
 *
 * The two parts come from different rounds, so their variances add up, whatever the covariance of x and
 * y within a round is:
 *
 *     se² = var(u) / S + (E / L²) · var(x)
 *
 * with sample variances of u over the S rounds and of x over all L. The sum is never negative and has
 * the right mean. Its degrees of freedom are taken to be S − 1, those of its first part: the second part
 * can only add to them, so that intervals are never too short.
 */
import type { CrossedColumns } from "./crossed-design.js";
import { foldValue, noMoments, type TokenMoments } from "./crossed-moments.js";
import { estimateOf } from "./estimate.js";
import type { Estimate } from "./summary.js";

/** Powers of all tokens in one role, folded round by round. */
export class CrossedCombination {
  readonly #shared: number;
  readonly #weights: readonly number[];
  /** Of the shared rounds. */
  readonly #together: TokenMoments;
  /** The column with more rounds than the other, if any: over the further rounds, and over all. */
  readonly #longer: {
    readonly column: number;
    readonly rounds: number;
    readonly sign: number;
    readonly further: TokenMoments;
    readonly all: TokenMoments;
  } | null;

  constructor({ tokens, rounds, shared, columns }: CrossedColumns) {
    this.#shared = shared;
    this.#weights = columns.map((column) => (column.sign * shared) / column.rounds);
    this.#together = noMoments(tokens);
    const column = columns.findIndex((one) => one.rounds > shared);
    const sign = columns[column]?.sign;
    this.#longer =
      sign === undefined
        ? null
        : { column, rounds, sign, further: noMoments(tokens), all: noMoments(tokens) };
  }

  /** Adds a token's values of a round, one per column; those not measured in it are not read. */
  add(round: number, token: number, values: Float64Array): void {
    const shared = this.#shared;
    if (round < shared) {
      let sum = 0;
      for (let m = 0; m < values.length; m++) sum += this.#weights[m]! * values[m]!;
      foldValue(this.#together, token, sum, round + 1);
    }
    const longer = this.#longer;
    if (longer === null) return;
    const value = values[longer.column]!;
    foldValue(longer.all, token, value, round + 1);
    if (round >= shared) foldValue(longer.further, token, value, round - shared + 1);
  }

  /** The powers, in token order; `n` is the smaller number of rounds, and sd = se · √n. */
  estimates(): Estimate[] {
    const { mean, m2 } = this.#together;
    const [n, longer] = [this.#shared, this.#longer];
    if (longer === null) {
      return Array.from(mean, (value, i) => estimateOf({ n, mean: value, m2: m2[i]! }));
    }
    const { rounds, sign, further, all } = longer;
    const share = (rounds - n) / rounds;
    return Array.from(mean, (value, i): Estimate => {
      const power = value + sign * share * further.mean[i]!;
      if (n < 2) return { n, mean: power, se: null, sd: null };
      const together = m2[i]! / (n - 1);
      const variance = together / n + ((share / rounds) * all.m2[i]!) / (rounds - 1);
      return { n, mean: power, se: Math.sqrt(variance), sd: Math.sqrt(variance * n) };
    });
  }
}
