/** The files of `induction sequences`: text in pieces, since all units at once may not fit into memory. */
import { csvFormatRows } from "d3-dsv";
import type { SequencePair } from "../induction/index.js";

/** A unit of an experiment, its sequences not drawn yet. */
export interface SequenceUnit {
  readonly unit: string;
  /** The ids that the unit fixes; absent where drawn. */
  readonly a?: number | undefined;
  readonly b?: number | undefined;
  /** Draws the k-th sequence pair. */
  draw(k: number): SequencePair;
}

function drawAll(unit: SequenceUnit, sequences: number): SequencePair[] {
  return Array.from({ length: sequences }, (_, k) => unit.draw(k));
}

/**
 * A JSON object: `head`, then `units`, each `{ unit, a, b, induction, control }`, where `a` and `b` are
 * the id that the unit fixes or one id per sequence. One unit a line: the files are long, and a line
 * is what editors and diffs cope with.
 */
export function* sequencesJson(
  units: readonly SequenceUnit[],
  sequences: number,
  head: object,
): Generator<string> {
  yield `${JSON.stringify(head, null, 1).slice(0, -2)},\n "units": [\n`;
  for (const [i, unit] of units.entries()) {
    const pairs = drawAll(unit, sequences);
    const line = JSON.stringify({
      unit: unit.unit,
      a: unit.a ?? pairs.map((pair) => pair.a),
      b: unit.b ?? pairs.map((pair) => pair.b),
      induction: pairs.map((pair) => Array.from(pair.induction)),
      control: pairs.map((pair) => Array.from(pair.control)),
    });
    yield `${line}${i < units.length - 1 ? "," : ""}\n`;
  }
  yield " ]\n}\n";
}

/** A CSV table with one sequence of `length` ids a row: unit, k, a, b, member, then the ids. */
export function* sequencesCsv(
  units: readonly SequenceUnit[],
  sequences: number,
  length: number,
): Generator<string> {
  const positions = Array.from({ length }, (_, i) => `t${i}`);
  yield `${csvFormatRows([["unit", "k", "a", "b", "member", ...positions]])}\n`;
  for (const unit of units) {
    const rows = drawAll(unit, sequences).flatMap((pair, k) =>
      (["induction", "control"] as const).map((member) =>
        [unit.unit, k, pair.a, pair.b, member, ...pair[member]].map(String),
      ),
    );
    yield `${csvFormatRows(rows)}\n`;
  }
}
