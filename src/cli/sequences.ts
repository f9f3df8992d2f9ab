import type { Command } from "commander";
import { usageError } from "../errors.js";
import {
  crossedPartners,
  crossedSequence,
  powersSequence,
  type PowersDesign,
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
import { counted, jsonHead, jsonProtocol, jsonText } from "./output.js";
import { namedPairs } from "./pairs-file.js";
import { sequenceCount } from "./parse.js";
import { restrictedNote, withDesignOption, withTokenOptions } from "./powers.js";
import { sequencesCsv, sequencesJson, type SequenceUnit } from "./sequence-files.js";
import { sayNotes, type Session, withSession } from "./session.js";
import { powerTokens, type PowerTokenOptions, scenarioPair } from "./tokens.js";

interface SequenceOptions extends LabOptions, PairsOptions, PowerTokenOptions {
  readonly sequences: number;
  readonly output: string;
  readonly design?: PowersDesign["design"];
}

/** What an experiment would measure, and the notes on how it was chosen. */
interface Chosen {
  readonly units: readonly SequenceUnit[];
  readonly notes: readonly string[];
  /** Sequence pairs of each unit, where that is not `-n`. */
  readonly perUnit?: number;
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
      const { output } = options;
      if (!/\.(json|csv)$/.test(output)) {
        throw usageError(
          `-o: expected a file name that ends in .json or .csv, got ${output}`,
          `${output}.json, for instance`,
        );
      }
      await withSession(io, options, async (session) => {
        const { model, seed, protocol } = session;
        const chosen = await choose(session, options);
        const { units, perUnit: n = options.sequences } = chosen;
        const notes = [...session.notes, ...chosen.notes];
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
        await writeWhole(output, pieces);
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
            : `${output}: ${counted(pairs, "sequence pair")} in ${counted(units.length, "unit")}\n`,
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
  const tokensAndDesign = (c: Command) => withTokenOptions(withDesignOption(c));
  add("powers", 256, tokensAndDesign, async (session, options) => {
    return options.design === "crossed"
      ? crossedUnits(session, options)
      : postUnits(session, options);
  });
}

/** One unit per token and role. */
function postUnits(session: Session, options: SequenceOptions): Chosen {
  const { tokens, notes } = powerTokens(session, options, "post");
  const units = (["a", "b"] as const).flatMap((role) =>
    tokens.map(({ id }) => ({
      unit: `${id} as ${role.toUpperCase()}`,
      [role]: id,
      draw: (k: number) => powersSequence(session, { token: id, role }, k),
    })),
  );
  return { units, notes };
}

/** One unit per round. */
function crossedUnits(session: Session, options: SequenceOptions): Chosen {
  const { tokens, whole, notes } = powerTokens(session, options, "vocabulary");
  const units = Array.from({ length: options.sequences }, (_, round) => {
    const partners = crossedPartners(session, tokens.length, round);
    const draw = (k: number) => crossedSequence(session, tokens, partners, round, k);
    return { unit: `round ${round}`, draw };
  });
  const restricted = whole ? [] : [restrictedNote(tokens.length)];
  return { units, notes: [...notes, ...restricted], perUnit: tokens.length };
}
