import { type ChancePairs, type Rise, RiseFit } from "./crossed-chance-pairs.js";
import { CrossedCombination } from "./crossed-combination.js";
import type { CrossedColumns } from "./crossed-design.js";
import type { OtherRounds } from "./crossed-other-rounds.js";
import type { Estimate } from "./summary.js";

/** The powers of all tokens by one estimator. */
export interface Powers {
  readonly a: readonly Estimate[];
  readonly b: readonly Estimate[];
}

/** Calls for each row: its round, its place k, and its tokens. */
function eachRow(
  { tokens, rounds, partner }: CrossedColumns,
  visit: (round: number, k: number, a: number, b: number) => void,
): void {
  for (let round = 0, k = 0; round < rounds; round++) {
    for (let a = 0; a < tokens; a++, k++) visit(round, k, a, partner[k]!);
  }
}

/** Means of what was measured. */
export function plainPowers(design: CrossedColumns): Powers {
  const [asA, asB] = [new CrossedCombination(design), new CrossedCombination(design)];
  const values = new Float64Array(design.columns.length);
  eachRow(design, (round, k, a, b) => {
    for (let m = 0; m < values.length; m++) values[m] = design.columns[m]!.values[k]!;
    asA.add(round, a, values);
    asB.add(round, b, values);
  });
  return { a: asA.estimates(), b: asB.estimates() };
}

/** D of each column, fitted to what the other rounds leave of it. */
export function risesOf(design: CrossedColumns, others: OtherRounds, chance: ChancePairs): Rise[] {
  const { columns } = design;
  const fits = columns.map(() => new RiseFit());
  const [ofA, ofB] = [new Float64Array(columns.length), new Float64Array(columns.length)];
  eachRow(design, (round, k, a, b) => {
    if (a === b) return;
    const z = chance.deviation(k, a, b);
    others.predict(round, k, a, b, ofA, ofB);
    const h = strengthOf(design, ofA, ofB);
    for (let m = 0; m < columns.length; m++) {
      const { rounds, values } = columns[m]!;
      if (round < rounds) fits[m]!.add(z, h, values[k]! - others.grand[m]! - ofA[m]! - ofB[m]!);
    }
  });
  return fits.map((fit) => fit.result());
}

/** The effects of both tokens on the strength. */
function strengthOf({ columns }: CrossedColumns, ofA: Float64Array, ofB: Float64Array): number {
  let sum = 0;
  for (let m = 0; m < columns.length; m++) sum += columns[m]!.sign * (ofA[m]! + ofB[m]!);
  return sum;
}

/** Means of what the other rounds, and the chance pairs if known, leave of what was measured. */
export function adjustedPowers(
  design: CrossedColumns,
  others: OtherRounds,
  known: { readonly chance: ChancePairs; readonly rises: readonly Rise[] } | null,
): Powers {
  const { columns } = design;
  const [asA, asB] = [new CrossedCombination(design), new CrossedCombination(design)];
  const row = () => new Float64Array(columns.length);
  const [ofA, ofB, forA, forB] = [row(), row(), row(), row()];
  eachRow(design, (round, k, a, b) => {
    others.predict(round, k, a, b, ofA, ofB);
    const z = known === null ? 0 : known.chance.deviation(k, a, b);
    const h = known === null ? 0 : strengthOf(design, ofA, ofB);
    for (let m = 0; m < columns.length; m++) {
      const rise = known?.rises[m];
      const value = columns[m]!.values[k]! - (rise ? z * (rise.mean + rise.slope * h) : 0);
      forA[m] = value - ofB[m]!;
      forB[m] = value - ofA[m]!;
    }
    asA.add(round, a, forA);
    asB.add(round, b, forB);
  });
  return { a: asA.estimates(), b: asB.estimates() };
}
