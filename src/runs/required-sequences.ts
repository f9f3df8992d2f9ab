import {
  powerStandardError,
  type PowerVariances,
  type StrengthVariances,
} from "./power-standard-error.js";

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
