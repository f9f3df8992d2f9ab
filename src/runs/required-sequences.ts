import {
  chanceOfMeans,
  shrinkageFactors,
  type SmallMatrix,
} from "../induction/crossed-shrinkage.js";

/** What strengths vary by over random pairs of tokens, nats²: components of variance (or covariance). */
export interface StrengthVariances {
  /** Of the effect of the token whose power is measured. */
  readonly own: number;
  /** Of the effect of its partner. */
  readonly partner: number;
  /** Of all else: what the two do together, and the fillers. */
  readonly rest: number;
}

/** The same of the log-odds of both members of a pair, and how they go together. */
export interface MemberVariances {
  readonly induction: StrengthVariances;
  /** Without what a chance pair AB adds to a control: the crossed design takes it away. */
  readonly control: StrengthVariances;
  readonly covariance: StrengthVariances;
  /** What the chance pairs add to the variance of a control, and of a strength. */
  readonly chancePairs: number;
}

/** The components of variance of one power: of strengths, and of the members that they come from. */
export interface PowerVariances extends StrengthVariances {
  readonly members: MemberVariances;
}

/**
 * Standard error of a token's power, in nats (the root of its mean square over tokens), after `n`
 * induction sequences and as many controls, or `controls` of them in the crossed design.
 *
 * `post`: partners are drawn anew, √((partner + rest) / n). `crossed`: n rounds, of which the partner's
 * effect is taken away as well as the other rounds know it. With v = own + rest the variance of the
 * partner's own strengths, what is left of its effect has variance 1 / (1 / partner + (n − 1) / v): the
 * least that a linear estimate leaves, and what the factor c of `crossedEstimates` leaves. Where the
 * members are known apart these are matrices, T − T (T + N)⁻¹ T; unequal numbers as in
 * `crossed-combination.ts`.
 */
export function powerStandardError(
  design: "post" | "crossed",
  variances: StrengthVariances | PowerVariances,
  n: number,
  controls = n,
): number {
  if (design === "post") return Math.sqrt((variances.partner + variances.rest) / n);
  const counts = "members" in variances ? [n, controls] : [n];
  const signs = [1, -1];
  const [shared, all] = [Math.min(...counts), Math.max(...counts)];
  const left = leftOf(
    variances,
    counts.map((count) => count - 1),
    shared - 1,
  );
  const weights = counts.map((count, m) => ((signs[m] as number) * shared) / count);
  const together = left.reduce(
    (sum, row, i) => row.reduce((part, value, j) => part + value * weightOf(i) * weightOf(j), sum),
    0,
  );
  if (shared === all) return Math.sqrt(together / shared);
  const longer = counts.indexOf(all);
  const alone = leftOf(
    variances,
    counts.map((count) => (count === all ? count - 1 : count)),
    shared,
  );
  const further = alone[longer]?.[longer] as number;
  return Math.sqrt(together / shared + ((all - shared) / all ** 2) * further);

  function weightOf(m: number): number {
    return weights[m] as number;
  }
}

/** Covariances of what is left of a round by `counts` other values of each column, `together` at once. */
function leftOf(
  variances: StrengthVariances | PowerVariances,
  counts: readonly number[],
  together: number,
): number[][] {
  const partner = matrixOf(variances, (part) => part.partner);
  const within = matrixOf(variances, (part) => part.own + part.rest);
  const rest = matrixOf(variances, (part) => part.rest);
  const factors =
    together < 1
      ? partner.map((row) => row.map(() => 0))
      : shrinkageFactors(partner, chanceOfMeans(within, counts, together));
  return partner.map((row, i) =>
    row.map((value, j) => {
      const known = partner.reduce((sum, of, k) => sum + (factors[i]?.[k] ?? 0) * (of[j] ?? 0), 0);
      return value - known + (rest[i]?.[j] as number);
    }),
  );
}

function matrixOf(
  variances: StrengthVariances | PowerVariances,
  value: (part: StrengthVariances) => number,
): SmallMatrix {
  if (!("members" in variances)) return [[value(variances)]];
  const { induction, control, covariance } = variances.members;
  return [
    [value(induction), value(covariance)],
    [value(covariance), value(control)],
  ];
}

/**
 * The fewest sequences per token and role (crossed: rounds) with which all powers have at most this
 * standard error, in nats, with as many controls; at least 2, the fewest that show one.
 *
 * @throws RangeError for a standard error that is not above 0.
 */
export function sequencesForStandardError(
  design: "post" | "crossed",
  variances: readonly StrengthVariances[],
  se: number,
): number {
  checkStandardError(se);
  return fewest(2, (n) => largestError(design, variances, n) <= se);
}

/** How much to measure: sequences with induction and controls, per token and role (crossed: rounds). */
export interface MeasurementSize {
  readonly sequences: number;
  readonly controls: number;
  /** The larger standard error of the two powers that this gives, nats. */
  readonly se: number;
}

/** Unequal numbers must save this share of the sequences: equal ones are simpler to read and to compare. */
const worthUnequal = 0.05;

/**
 * The fewest sequences in all with which both powers have at most this standard error, in nats (the root
 * of its mean square over tokens). `post` has as many controls as induction sequences, and so has the crossed
 * design unless unequal numbers save 5 %. At least 2 of each.
 *
 * @throws RangeError for a standard error that is not above 0.
 */
export function sizeForStandardError(
  design: "post" | "crossed",
  { a, b }: { readonly a: PowerVariances; readonly b: PowerVariances },
  se: number,
): MeasurementSize {
  const both = [a, b];
  const sequences = sequencesForStandardError(design, both, se);
  const equal = { sequences, controls: sequences, se: largestError(design, both, sequences) };
  if (design === "post") return equal;
  const total = fewest(4, (count) => bestSplit(both, count).se <= se);
  return total > 2 * sequences * (1 - worthUnequal) ? equal : bestSplit(both, total);
}

/** How to share out `total` sequences per token, or one fewer, between both members. */
function bestSplit(variances: readonly PowerVariances[], total: number): MeasurementSize {
  const size = (controls: number, of: number): MeasurementSize => {
    const sequences = of - controls;
    return { sequences, controls, se: largestError("crossed", variances, sequences, controls) };
  };
  // An odd one may be worth nothing: a round's members go together, and what they share cancels.
  const even = total - (total % 2);
  const half = even / 2;
  const candidates = [size(half, even)];
  // On either side of equal numbers the variance is convex in the split.
  for (const [from, to] of [
    [2, Math.floor(total / 2)],
    [Math.ceil(total / 2), total - 2],
  ] as const) {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (size(middle, total).se <= size(middle + 1, total).se) high = middle;
      else low = middle + 1;
    }
    candidates.push(size(low, total));
  }
  return candidates.reduce((best, one) => (one.se < best.se ? one : best));
}

function largestError(
  design: "post" | "crossed",
  variances: readonly StrengthVariances[],
  n: number,
  controls = n,
): number {
  return Math.max(...variances.map((v) => powerStandardError(design, v, n, controls)));
}

/** The least number from `from` that is enough, where every larger one is too. */
function fewest(from: number, enough: (n: number) => boolean): number {
  let high = from;
  while (!enough(high)) high *= 2;
  let low = from;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (enough(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

function checkStandardError(se: number): void {
  if (!(se > 0)) throw new RangeError(`standard error: expected more than 0 nats, got ${se}`);
}
