import type { Command } from "commander";
import { LabError, usageError } from "../errors.js";
import {
  powersSequence,
  scenarioNames,
  scenarioSequence,
  scenarioTokens,
  sequenceLength,
  strengthSequence,
} from "../induction/index.js";
import { writeWhole } from "../runs/index.js";
import type { Io } from "./io.js";
import {
  type LabOptions,
  type PairsOptions,
  withLabOptions,
  withPairOptions,
  withPairsOption,
} from "./options.js";
import { jsonHead, jsonProtocol, jsonText, reasonOf } from "./output.js";
import { namedPairs } from "./pairs-file.js";
import { sequenceCount } from "./parse.js";
import { withTokenOptions } from "./powers.js";
import { sequencesCsv, sequencesJson, type SequenceUnit } from "./sequence-files.js";
import { sayNotes, type Session, withSession } from "./session.js";
import { powerTokens, type PowerTokenOptions, scenarioPair } from "./tokens.js";

interface SequenceOptions extends LabOptions, PairsOptions, PowerTokenOptions {
  readonly sequences: number;
  readonly output: string;
}

/** What an experiment would measure, and the notes on how it was chosen. */
interface Chosen {
  readonly units: readonly SequenceUnit[];
  readonly notes: readonly string[];
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
    choose: (session: Session, options: SequenceOptions) => Promise<Chosen>,
  ) => {
    const described = sequences
      .command(name)
      .description(`the sequences that \`induction ${name}\` measures with the same options`)
      .option("-n, --sequences <n>", "sequence pairs of each unit", sequenceCount, count)
      .requiredOption("-o, --output <file>", "a .json or .csv file");
    withLabOptions(extend(described)).action(async (options: SequenceOptions) => {
      const { output, sequences: n } = options;
      if (!/\.(json|csv)$/.test(output)) {
        throw usageError(
          `-o: expected a file name that ends in .json or .csv, got ${output}`,
          `${output}.json, for instance`,
        );
      }
      await withSession(options, async (session) => {
        const { model, seed, protocol } = session;
        const { units, notes: chosenNotes } = await choose(session, options);
        const notes = [...session.notes, ...chosenNotes];
        const head = jsonHead("sequences", command);
        const about = { experiment: name, model: model.name, seed, n };
        const pieces = output.endsWith(".json")
          ? sequencesJson(units, n, {
              ...head,
              ...about,
              protocol: jsonProtocol(protocol),
              notes,
            })
          : sequencesCsv(units, n, sequenceLength(protocol));
        await write(output, pieces);
        sayNotes(io, options, notes);
        const pairs = n * units.length;
        io.out(
          options.json === true
            ? jsonText({
                ...jsonHead("sequences-written", command),
                ...about,
                file: output,
                units: units.length,
                pairs,
              })
            : `${output}: ${pairs} sequence pairs in ${units.length} ${units.length === 1 ? "unit" : "units"}\n`,
        );
      });
    });
  };

  add("strength", 1024, withPairsOption, async (session, options) => {
    const pairs = await namedPairs(session.model, options);
    const units = pairs.map(({ a: { id: a }, b: { id: b } }) => ({
      unit: `${a},${b}`,
      a,
      b,
      draw: (k: number) => strengthSequence(session, { a, b }, k),
    }));
    return { units, notes: [] };
  });
  add("scenarios", 4096, withPairOptions, async (session, options) => {
    const { notes, ...pair } = scenarioPair(session, options);
    const units = scenarioNames.map((name, unit) => {
      const { a, b } = scenarioTokens(pair, name);
      const draw = (k: number) => scenarioSequence(session, pair, unit, k);
      return { unit: name, a: a?.id, b: b?.id, draw };
    });
    return { units, notes };
  });
  add("powers", 256, withTokenOptions, async (session, options) => {
    const { tokens, notes } = powerTokens(session, options, "post");
    const units = (["a", "b"] as const).flatMap((role) =>
      tokens.map(({ id }) => ({
        unit: `${id} as ${role.toUpperCase()}`,
        [role]: id,
        draw: (k: number) => powersSequence(session, { token: id, role }, k),
      })),
    );
    return { units, notes };
  });
}

async function write(path: string, pieces: Iterable<string>): Promise<void> {
  try {
    await writeWhole(path, pieces);
  } catch (cause) {
    throw new LabError(
      `-o: expected a file that can be written, got ${path} (${reasonOf(cause)})`,
      { hint: "choose another, in a folder that exists", cause },
    );
  }
}
