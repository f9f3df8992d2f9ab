import { type PairRows, rowCount } from "./pair-rows.js";
import { joinRows, sliceRows } from "./units.js";

/** Rows of two runs, the same sequence pairs in the same order. */
export interface MatchedRows {
  readonly first: PairRows;
  readonly second: PairRows;
}

/** Which rows both runs should have, by unit and k. */
export type KeepRow = (unit: number, k: number) => boolean;

/** Two runs did not measure the same sequence pairs. */
export class UnmatchedRows extends Error {
  constructor() {
    super("matchRows: expected the same sequence pairs in both runs, got different ones");
    this.name = "UnmatchedRows";
  }
}

/**
 * The rows of two runs side by side, however each was cut into pieces; rows that only one of them should
 * have are left out by `keep`.
 *
 * @throws UnmatchedRows where two rows differ in unit, k, A, B or the number of tokens read, or one run
 *   has more of them.
 */
export async function* matchRows(
  first: AsyncIterable<PairRows>,
  second: AsyncIterable<PairRows>,
  keep: KeepRow,
): AsyncGenerator<MatchedRows> {
  const left = keptRows(first, keep);
  const right = keptRows(second, keep);
  let [x, y]: (PairRows | null)[] = [null, null];
  for (;;) {
    x ??= await nextOf(left);
    y ??= await nextOf(right);
    if (x === null && y === null) return;
    if (x === null || y === null) throw new UnmatchedRows();
    const count = Math.min(rowCount(x), rowCount(y));
    const matched = { first: sliceRows(x, 0, count), second: sliceRows(y, 0, count) };
    if (!sameSequences(matched)) throw new UnmatchedRows();
    yield matched;
    x = rest(x, count);
    y = rest(y, count);
  }
}

/**
 * Rows whose strengths are the differences first minus second, pair by pair: what an experiment makes of
 * them is the comparison of two runs. Their `induction` and `control` hold the strengths of the two
 * runs, and likewise their logits.
 */
export async function* differenceRows(
  matched: AsyncIterable<MatchedRows>,
): AsyncGenerator<PairRows> {
  for await (const pair of matched) yield differenceOf(pair);
}

/** {@link differenceRows} of one piece. */
export function differenceOf({ first, second }: MatchedRows): PairRows {
  const logits = {
    first: minus(first.inductionLogits, first.controlLogits),
    second: minus(second.inductionLogits, second.controlLogits),
  };
  const { unit, k, a, b, controlAB, width, targets } = first;
  return {
    ...{ unit, k, a, b, controlAB, width, targets },
    induction: minus(first.induction, first.control) as Float64Array,
    control: minus(second.induction, second.control) as Float64Array,
    ...(logits.first &&
      logits.second && { inductionLogits: logits.first, controlLogits: logits.second }),
  };
}

/** Matched pieces as one. */
export function joinMatched(pieces: readonly MatchedRows[]): MatchedRows {
  return {
    first: joinRows(pieces.map(({ first }) => first)),
    second: joinRows(pieces.map(({ second }) => second)),
  };
}

function minus(x?: Float64Array, y?: Float64Array): Float64Array | undefined {
  return y === undefined ? undefined : x?.map((value, i) => value - (y[i] as number));
}

async function* keptRows(pieces: AsyncIterable<PairRows>, keep: KeepRow): AsyncGenerator<PairRows> {
  for await (const piece of pieces) {
    const { unit, k } = piece;
    const spans: PairRows[] = [];
    let from = 0;
    for (let row = 0; row <= rowCount(piece); row++) {
      if (row < rowCount(piece) && keep(unit[row] as number, k[row] as number)) continue;
      if (row > from) spans.push(sliceRows(piece, from, row));
      from = row + 1;
    }
    if (spans.length > 0) yield spans.length === 1 ? (spans[0] as PairRows) : joinRows(spans);
  }
}

async function nextOf(rows: AsyncGenerator<PairRows>): Promise<PairRows | null> {
  const { done, value } = await rows.next();
  return done === true ? null : value;
}

function rest(rows: PairRows, from: number): PairRows | null {
  return from < rowCount(rows) ? sliceRows(rows, from, rowCount(rows)) : null;
}

function sameSequences({ first, second }: MatchedRows): boolean {
  if (first.width !== second.width) return false;
  return (["unit", "k", "a", "b"] as const).every((name) =>
    first[name].every((value, i) => value === second[name][i]),
  );
}
