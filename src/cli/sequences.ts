import { type Command } from "commander";
import { csvFormatRows } from "d3-dsv";
import { usageError } from "../errors.js";
import {
  powersSequence,
  scenarioNames,
  scenarioSequence,
  type SequencePair,
  strengthSequence,
} from "../induction/index.js";
import { writeWhole } from "../runs/index.js";
import type { Io } from "./io.js";
import { type LabOptions, type PairOptions, withLabOptions, withPairOptions } from "./options.js";
import { jsonHead, jsonProtocol, jsonText } from "./output.js";
import { readPairs } from "./pairs-file.js";
import { wholeFrom } from "./parse.js";
import { withTokenOptions } from "./powers.js";
import { type Session, withSession } from "./session.js";
import { powerTokens, type PowerTokenOptions, requirePair, scenarioPair } from "./tokens.js";

interface SequenceOptions extends LabOptions, PairOptions, PowerTokenOptions {
  readonly sequences: number;
  readonly output: string;
  readonly pairs?: string;
}

/** A unit of an experiment: what it fixes, and its sequences. */
interface SequenceUnit {
  readonly unit: string;
  /** The id that the unit fixes, or one id per sequence. */
  readonly a: number | readonly number[];
  readonly b: number | readonly number[];
  readonly induction: readonly (readonly number[])[];
  readonly control: readonly (readonly number[])[];
}

/** Adds `induction sequences strength|scenarios|powers`. */
export function addSequences(parent: Command, io: Io, command: string): void {
  const sequences = parent
    .command("sequences")
    .description("write the exact token ids of an experiment, to recompute it elsewhere");

  const add = (
    name: string,
    count: number,
    extend: (c: Command) => Command,
    units: (session: Session, options: SequenceOptions) => SequenceUnit[] | Promise<SequenceUnit[]>,
  ) => {
    const described = sequences
      .command(name)
      .description(`the sequences that \`induction ${name}\` measures with the same options`)
      .option("-n, --sequences <n>", "sequence pairs", wholeFrom(1), count)
      .requiredOption("-o, --output <file>", "a .json or .csv file");
    withLabOptions(extend(described)).action(async (options: SequenceOptions) => {
      if (!/\.(json|csv)$/.test(options.output)) {
        throw usageError(
          `-o: expected a file name that ends in .json or .csv, got ${options.output}`,
        );
      }
      await withSession(options, io, async (session) => {
        const drawn = await units(session, options);
        const content = options.output.endsWith(".json")
          ? jsonOf(drawn, session, name, command)
          : csvOf(drawn);
        await writeWhole(options.output, content);
        const pairs = drawn.reduce((sum, unit) => sum + unit.induction.length, 0);
        const summary = { file: options.output, units: drawn.length, pairs };
        io.out(
          options.json === true
            ? jsonText({ ...jsonHead("sequences-written", command), ...summary })
            : `${options.output}: ${pairs} sequence pairs in ${drawn.length} ${drawn.length === 1 ? "unit" : "units"}\n`,
        );
      });
    });
  };

  const pairsOption = (c: Command) =>
    withPairOptions(c).option("--pairs <file.csv>", "many pairs: columns a, b or a_id, b_id");
  add("strength", 1024, pairsOption, async (session, options) => {
    const { model } = session;
    const pairs =
      options.pairs === undefined
        ? [requirePair(model, options)]
        : await readPairs(options.pairs, model);
    return pairs.map(({ a, b }) =>
      unitOf(`${a.id},${b.id}`, { a: a.id, b: b.id }, options.sequences, (k) =>
        strengthSequence(session, { a: a.id, b: b.id }, k),
      ),
    );
  });
  add("scenarios", 4096, withPairOptions, (session, options) => {
    const { a, b } = scenarioPair(session, options);
    return scenarioNames.map((name, unit) => {
      const fixed = {
        ...(name === "fixed-a-and-b" || name === "fixed-a" ? { a: a.id } : {}),
        ...(name === "fixed-a-and-b" || name === "fixed-b" ? { b: b.id } : {}),
      };
      return unitOf(name, fixed, options.sequences, (k) =>
        scenarioSequence(session, { a, b }, unit, k),
      );
    });
  });
  add("powers", 256, withTokenOptions, (session, options) => {
    const { tokens } = powerTokens(session, options, "post");
    return (["a", "b"] as const).flatMap((role) =>
      tokens.map(({ id }) =>
        unitOf(`${id} as ${role.toUpperCase()}`, { [role]: id }, options.sequences, (k) =>
          powersSequence(session, { token: id, role }, k),
        ),
      ),
    );
  });
}

function unitOf(
  unit: string,
  fixed: { readonly a?: number; readonly b?: number },
  count: number,
  draw: (k: number) => SequencePair,
): SequenceUnit {
  const pairs = Array.from({ length: count }, (_, k) => draw(k));
  return {
    unit,
    a: fixed.a ?? pairs.map((pair) => pair.a),
    b: fixed.b ?? pairs.map((pair) => pair.b),
    induction: pairs.map((pair) => Array.from(pair.induction)),
    control: pairs.map((pair) => Array.from(pair.control)),
  };
}

/** One unit a line: the files are long, and a line is what editors and diffs cope with. */
function jsonOf(
  units: readonly SequenceUnit[],
  session: Session,
  experiment: string,
  command: string,
): string {
  const head = {
    ...jsonHead("sequences", command),
    experiment,
    model: session.model.name,
    seed: session.seed,
    protocol: jsonProtocol(session.protocol),
  };
  const opened = JSON.stringify(head, null, 1).slice(0, -2);
  return `${opened},\n "units": [\n${units.map((unit) => JSON.stringify(unit)).join(",\n")}\n ]\n}\n`;
}

/** One sequence a row: unit, k, a, b, member, then the ids. */
function csvOf(units: readonly SequenceUnit[]): string {
  const length = units[0]?.induction[0]?.length ?? 0;
  const at = (ids: number | readonly number[], k: number) =>
    String(typeof ids === "number" ? ids : ids[k]);
  const rows = units.flatMap((unit) =>
    unit.induction.flatMap((_, k) =>
      (["induction", "control"] as const).map((member) => [
        unit.unit,
        String(k),
        at(unit.a, k),
        at(unit.b, k),
        member,
        ...(unit[member][k] as readonly number[]).map(String),
      ]),
    ),
  );
  const positions = Array.from({ length }, (_, i) => `t${i}`);
  return `${csvFormatRows([["unit", "k", "a", "b", "member", ...positions], ...rows])}\n`;
}
