import { coMomentsOf, covariance, momentsOf, variance } from "../stats/index.js";
import type { ChancePairs } from "./crossed-chance-pairs.js";
import type { CrossedColumns } from "./crossed-design.js";
import { foldValue, noMoments, type TokenMoments } from "./crossed-moments.js";
import {
  chanceOfMeans,
  properCovariance,
  shrinkageFactors,
  type SmallMatrix,
} from "./crossed-shrinkage.js";

/** One role: its tokens' moments per column, and the factors for rounds of all columns and of one. */
interface Role {
  readonly moments: readonly TokenMoments[];
  readonly factors: { readonly shared: SmallMatrix; readonly further: SmallMatrix };
}

/** The chance pairs, and d of each column. */
export interface KnownRises {
  readonly chance: ChancePairs;
  readonly rises: readonly number[];
}

/**
 * What the other rounds know about a pair: the effect of each of its tokens, by column, is their mean in
 * the other rounds less that of all tokens in them, shrunk by the factors G of the role.
 */
export class OtherRounds {
  /** Of all values, by column, nats. */
  readonly grand: readonly number[];
  readonly #design: CrossedColumns;
  readonly #known: KnownRises | null;
  readonly #a: Role;
  readonly #b: Role;
  /** [column][round]. */
  readonly #roundMeans: readonly Float64Array[];
  readonly #seen = new Float64Array(2);
  /** What counts as measured of the row that is looked at, by column. */
  readonly #left: Float64Array;

  /** With `known`, what counts as measured of a column is its values less (Z − p) · d. */
  constructor(design: CrossedColumns, known: KnownRises | null) {
    const { tokens, columns, partner } = design;
    this.#design = design;
    this.#known = known;
    const left = new Float64Array(columns.length);
    this.#left = left;
    const moments = () => columns.map(() => noMoments(tokens));
    const [a, b] = [moments(), moments()];
    const crossed = [new Float64Array(tokens), new Float64Array(tokens)] as const;
    this.#roundMeans = columns.map(({ rounds }) => new Float64Array(rounds));
    for (let round = 0, k = 0; round < design.rounds; round++) {
      for (let token = 0; token < tokens; token++, k++) {
        const other = partner[k]!;
        // The second column's mean with this value, the first one's without it: Welford's cross term.
        const both = columns.length === 2 && round < design.shared;
        const [beforeA, beforeB] = [a[0]!.mean[token]!, b[0]!.mean[other]!];
        this.#takeAway(k, token, other);
        for (let m = 0; m < columns.length; m++) {
          if (round >= columns[m]!.rounds) continue;
          const x = left[m]!;
          foldValue(a[m]!, token, x, round + 1);
          foldValue(b[m]!, other, x, round + 1);
          this.#roundMeans[m]![round]! += x;
        }
        if (!both) continue;
        const [x, y] = [left[0]!, left[1]!];
        crossed[0][token]! += (x - beforeA) * (y - a[1]!.mean[token]!);
        crossed[1][other]! += (x - beforeB) * (y - b[1]!.mean[other]!);
      }
    }
    for (const means of this.#roundMeans) means.forEach((sum, r) => (means[r] = sum / tokens));
    this.grand = this.#roundMeans.map((means) => momentsOf(means).mean);
    this.#a = roleOf(design, a, crossed[0]);
    this.#b = roleOf(design, b, crossed[1]);
  }

  /** The factors of the rounds that measure all columns: of the tokens as A, and as B. */
  get factors(): { readonly a: SmallMatrix; readonly b: SmallMatrix } {
    return { a: this.#a.factors.shared, b: this.#b.factors.shared };
  }

  /**
   * Writes into `ofA` and `ofB`, by column, what the rounds other than `round` say about the effects of
   * the two tokens of row k: `a` as A and `b` as B. No effect of a column is known from no round.
   */
  predict(round: number, k: number, a: number, b: number, ofA: Float64Array, ofB: Float64Array) {
    this.#takeAway(k, a, b);
    this.#predict(this.#a, round, a, ofA);
    this.#predict(this.#b, round, b, ofB);
  }

  /** Makes anew what counts as measured of row k. */
  #takeAway(k: number, a: number, b: number): void {
    const { columns } = this.#design;
    const known = this.#known;
    const z = known === null ? 0 : known.chance.deviation(k, a, b);
    for (let m = 0; m < columns.length; m++) {
      const value = columns[m]!.values[k]!;
      this.#left[m] = known === null ? value : value - z * known.rises[m]!;
    }
  }

  #predict({ moments, factors }: Role, round: number, token: number, to: Float64Array) {
    const { columns, shared } = this.#design;
    const seen = this.#seen;
    for (let m = 0; m < columns.length; m++) {
      const { rounds } = columns[m]!;
      const mean = moments[m]!.mean[token]!;
      const grand = this.grand[m]!;
      // Means over the others, from those over all.
      seen[m] =
        round < rounds
          ? mean -
            grand +
            (mean - grand - this.#left[m]! + this.#roundMeans[m]![round]!) / (rounds - 1)
          : mean - grand;
    }
    const matrix = round < shared ? factors.shared : factors.further;
    for (let m = 0; m < columns.length; m++) {
      const row = matrix[m]!;
      let sum = 0;
      for (let j = 0; j < columns.length; j++) sum += row[j]! * seen[j]!;
      to[m] = sum;
    }
  }
}

/** @param crossed Sums over the shared rounds of products of deviations of the two columns, by token. */
function roleOf(
  { columns, shared, rounds: all }: CrossedColumns,
  moments: readonly TokenMoments[],
  crossed: Float64Array,
): Role {
  const counts = columns.map(({ rounds }) => rounds);
  const within = counts.map((n, i) =>
    counts.map((_, j) =>
      i === j ? momentsOf(moments[i]!.m2).mean / (n - 1) : momentsOf(crossed).mean / (shared - 1),
    ),
  );
  const chance = chanceOfMeans(within, counts, shared);
  const between = properCovariance(
    counts.map((_, i) =>
      counts.map((_, j) => {
        const [x, y] = [moments[i]!.mean, moments[j]!.mean];
        const seen = i === j ? variance(momentsOf(x)) : covariance(coMomentsOf(x, y));
        return (seen ?? 0) - chance[i]![j]!;
      }),
    ),
  );
  const factors = (inRound: readonly number[], together: number) =>
    shrinkageFactors(
      between,
      chanceOfMeans(
        within,
        counts.map((n, i) => n - inRound[i]!),
        together,
      ),
    );
  return {
    moments,
    factors: {
      shared: factors(
        counts.map(() => 1),
        shared - 1,
      ),
      further: factors(
        counts.map((n) => (n === all ? 1 : 0)),
        shared,
      ),
    },
  };
}
