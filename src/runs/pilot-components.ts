import type { MemberVariances, PowerVariances, StrengthVariances } from "./power-standard-error.js";

/** One value per cell, [rows, columns]; rows are the tokens measured, columns their partners. */
export interface PilotGrid {
  readonly rows: number;
  readonly columns: number;
  readonly induction: Float64Array;
  readonly control: Float64Array;
  /** 1 where B stands directly after A in the control by chance, and A ≠ B. */
  readonly chancePairs: Uint8Array;
}

/** With fewer of them the rise is not known well enough, and counts as part of the control. */
const fewestChancePairs = 20;

/** The components of variance of a power whose token stands for the rows. */
export function powerVariances(grid: PilotGrid): PowerVariances {
  const { rows, columns, induction, control } = grid;
  const strengths = induction.map((value, i) => value - (control[i] as number));
  return { ...componentsOf(strengths, rows, columns), members: memberVariances(grid) };
}

/**
 * The powers of A and of B from what both grids say, where the same tokens stand for rows and columns: the
 * tokens of one power are the partners of the other.
 */
export function pooledVariances(a: PowerVariances, b: PowerVariances) {
  return { a: meanOf(a, turned(b)), b: meanOf(b, turned(a)) };
}

function mapParts(
  { members, ...strength }: PowerVariances,
  map: (
    part: StrengthVariances,
    of: (from: PowerVariances) => StrengthVariances,
  ) => StrengthVariances,
): PowerVariances {
  return {
    ...map(strength, (from) => from),
    members: {
      induction: map(members.induction, (from) => from.members.induction),
      control: map(members.control, (from) => from.members.control),
      covariance: map(members.covariance, (from) => from.members.covariance),
      chancePairs: members.chancePairs,
    },
  };
}

function turned(variances: PowerVariances): PowerVariances {
  return mapParts(variances, ({ own, partner, rest }) => ({ own: partner, partner: own, rest }));
}

function meanOf(x: PowerVariances, y: PowerVariances): PowerVariances {
  const { members, ...strength } = mapParts(x, (part, of) => ({
    own: (part.own + of(y).own) / 2,
    partner: (part.partner + of(y).partner) / 2,
    rest: (part.rest + of(y).rest) / 2,
  }));
  const chancePairs = (x.members.chancePairs + y.members.chancePairs) / 2;
  return { ...strength, members: { ...members, chancePairs } };
}

function memberVariances({
  rows,
  columns,
  induction,
  control,
  chancePairs,
}: PilotGrid): MemberVariances {
  const found = chancePairs.reduce((sum, value) => sum + value, 0);
  const share = found / chancePairs.length;
  const rise = found < fewestChancePairs || share === 1 ? 0 : controlWith(1) - controlWith(0);
  const without = control.map((value, i) => value - rise * ((chancePairs[i] as number) - share));
  const parts = {
    induction: componentsOf(induction, rows, columns),
    control: componentsOf(without, rows, columns),
  };
  const together = coComponents(induction, without, rows, columns);
  const proper = (part: keyof StrengthVariances) => {
    const most = Math.sqrt(parts.induction[part] * parts.control[part]);
    return Math.max(-most, Math.min(most, together[part]));
  };
  const covariance = { own: proper("own"), partner: proper("partner"), rest: proper("rest") };
  return { ...parts, covariance, chancePairs: share * (1 - share) * rise ** 2 };

  function controlWith(flag: number): number {
    const kept = control.filter((_, i) => chancePairs[i] === flag);
    return kept.reduce((sum, value) => sum + value, 0) / kept.length;
  }
}

/**
 * Components of variance of a grid [rows, columns] with one value per cell, rows being the tokens
 * measured: the two-way analysis of variance. With a single row or column the part that cannot be told
 * apart counts as rest.
 */
export function componentsOf(
  values: Float64Array,
  rows: number,
  columns: number,
): StrengthVariances {
  const { own, partner, rest } = coComponents(values, values, rows, columns);
  return { own: Math.max(0, own), partner: Math.max(0, partner), rest };
}

/** The same of covariances between two grids, which may be negative. */
function coComponents(
  x: Float64Array,
  y: Float64Array,
  rows: number,
  columns: number,
): StrengthVariances {
  const [ofX, ofY] = [marginsOf(x, rows, columns), marginsOf(y, rows, columns)];
  const products = (p: ArrayLike<number>, q: ArrayLike<number>) =>
    Array.from(p, (value, i) => (value - ofX.grand) * ((q[i] as number) - ofY.grand)).reduce(
      (sum, value) => sum + value,
      0,
    );
  const all = products(x, y);
  if (rows < 2 || columns < 2) {
    return { own: 0, partner: 0, rest: x.length < 2 ? 0 : all / (x.length - 1) };
  }
  const between = {
    rows: columns * products(ofX.rows, ofY.rows),
    columns: rows * products(ofX.columns, ofY.columns),
  };
  const rest = (all - between.rows - between.columns) / ((rows - 1) * (columns - 1));
  return {
    own: (between.rows / (rows - 1) - rest) / columns,
    partner: (between.columns / (columns - 1) - rest) / rows,
    rest,
  };
}

function marginsOf(values: Float64Array, rows: number, columns: number) {
  const margins = {
    grand: 0,
    rows: new Float64Array(rows),
    columns: new Float64Array(columns),
  };
  for (const [i, value] of values.entries()) {
    const row = Math.floor(i / columns);
    margins.rows[row] = (margins.rows[row] as number) + value / columns;
    margins.columns[i % columns] = (margins.columns[i % columns] as number) + value / rows;
    margins.grand += value / values.length;
  }
  return margins;
}
