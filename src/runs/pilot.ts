import {
  drawPair,
  experimentCodes,
  type Lab,
  measurePairs,
  strengthsOf,
} from "../induction/index.js";
import type { StrengthVariances } from "./required-sequences.js";

/** Tokens on each side of the pilot's grid: the components of variance come out within some 30 %. */
const side = 32;

/** Keeps the pilot's sequences apart from those of all experiments: `strength` has unit 0 alone. */
const pilotUnit = 1;

/** The components of variance of both powers. */
export interface PilotVariances {
  readonly a: StrengthVariances;
  readonly b: StrengthVariances;
}

/**
 * Measures what strengths vary by: one sequence pair for each of 32 tokens as A with each of 32 partners
 * as B, and the other way round; tokens and partners are spread evenly over those given.
 */
export async function pilot(
  lab: Lab,
  tokens: readonly number[],
  partners: readonly number[],
): Promise<PilotVariances> {
  const own = spread(tokens, 0.25);
  const other = spread(partners, 0.75);
  const count = own.length * other.length;
  const measured = await measurePairs(lab, { from: 0, to: 2 * count }, (index) => {
    const cell = index % count;
    const token = own[Math.floor(cell / other.length)] as number;
    const partner = other[cell % other.length] as number;
    const pair = index < count ? { a: token, b: partner } : { a: partner, b: token };
    const key = {
      seed: lab.seed,
      experiment: experimentCodes.strength,
      unit: pilotUnit,
      k: index,
    };
    return { unit: pilotUnit, k: index, pair: drawPair(lab.protocol, key, pair) };
  });
  const strengths = strengthsOf(measured);
  const grid = (from: number) =>
    componentsOf(strengths.subarray(from, from + count), own.length, other.length);
  return { a: grid(0), b: grid(count) };
}

/** Up to 32 of the ids, evenly spread; `at` says where in each of as many equal pieces. */
function spread(ids: readonly number[], at: number): number[] {
  const count = Math.min(side, ids.length);
  return Array.from(
    { length: count },
    (_, i) => ids[Math.floor(((i + at) * ids.length) / count)] as number,
  );
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
  const at = (row: number, column: number) => values[row * columns + column] as number;
  const mean = (count: number, value: (i: number) => number) =>
    Array.from({ length: count }, (_, i) => value(i)).reduce((sum, v) => sum + v, 0) / count;
  const rowMeans = Array.from({ length: rows }, (_, r) => mean(columns, (c) => at(r, c)));
  const columnMeans = Array.from({ length: columns }, (_, c) => mean(rows, (r) => at(r, c)));
  const grand = mean(rows, (r) => rowMeans[r] as number);
  const squares = (list: readonly number[]) =>
    list.reduce((sum, value) => sum + (value - grand) ** 2, 0);
  const between = { rows: columns * squares(rowMeans), columns: rows * squares(columnMeans) };
  if (rows < 2 || columns < 2) {
    const all = squares([...values]);
    return { own: 0, partner: 0, rest: values.length < 2 ? 0 : all / (values.length - 1) };
  }
  const rest =
    (squares([...values]) - between.rows - between.columns) / ((rows - 1) * (columns - 1));
  return {
    own: Math.max(0, between.rows / (rows - 1) - rest) / columns,
    partner: Math.max(0, between.columns / (columns - 1) - rest) / rows,
    rest,
  };
}
