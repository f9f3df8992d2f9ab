import { join } from "node:path";
import type { Command } from "commander";
import { findPreset, type Preset, presets } from "../induction/index.js";
import { type Json, storedChoices } from "../runs/index.js";
import type { Io } from "./io.js";
import type { Described, Precision } from "./make-plan.js";
import {
  type PairOptions,
  type PlannedOptions,
  withPairOptions,
  withPlannedOptions,
} from "./options.js";
import { jsonProvenance } from "./output.js";
import { folder, sequenceCount, wholeFrom } from "./parse.js";
import { restrictedNote } from "./powers.js";
import { precisionFor, withPrecisionOption } from "./precision.js";
import { aboutModel } from "./report-about.js";
import { runParameters } from "./run-parameters.js";
import { runPlanned } from "./run-planned.js";
import type { Session } from "./session.js";
import { powerTokens, scenarioPair } from "./tokens.js";

/** The options of `induction run`. */
export interface RunOptions extends PlannedOptions, PairOptions {
  readonly limit?: number;
  readonly sequences?: number;
  readonly se?: number;
}

/** Adds `induction run`. */
export function addRun(parent: Command, io: Io, command: string, args: readonly string[]): void {
  const list = presets.map(({ name, description }) => `${name}: ${description}`).join("; ");
  withPlannedOptions(
    withPairOptions(
      withPrecisionOption(
        parent
          .command("run")
          .description(`all experiments, kept in a folder, and a report (${list})`)
          .argument("[preset]", "what to run", "quick")
          .option("-o, --output <dir>", "folder (default: runs/<preset>-<model>-<seed>)", folder)
          .option("--limit <n>", "powers of at most n tokens, the first ones", wholeFrom(1))
          .option(
            "-n, --sequences <n>",
            "sequence pairs per token and role (crossed: rounds), in place of the preset's",
            sequenceCount,
          ),
      ),
    ),
  ).action(async (presetName: string, options: RunOptions, self: Command) => {
    const preset = findPreset(presetName);
    const { se } = options;
    await runPlanned(io, options, {
      ...{ args, forms: self.options, command, what: "run" },
      dir: (model) => join("runs", `${preset.name}-${model}-${options.seed}`),
      precision: async (session) => {
        if (se === undefined) return null;
        const { tokens } = powerTokens(session, options, preset.powers.tokens);
        return precisionFor(session, se, preset.powers, tokens);
      },
      describe: (session, named, precision) =>
        describeRun(sizedPreset(preset, options, precision), session, { options, self, named }),
    });
  });
}

/** A preset with the sequences that were asked for, or that a pilot found. */
function sizedPreset(preset: Preset, { sequences }: RunOptions, precision: Precision): Preset {
  const n = precision?.sequences ?? sequences;
  if (n === undefined) return preset;
  if (preset.powers.design === "post") {
    return { ...preset, powers: { ...preset.powers, sequences: n } };
  }
  const controls = precision?.controls ?? n;
  const unequal = controls !== n && { controls };
  return { ...preset, powers: { ...preset.powers, rounds: n, ...unequal } };
}

function describeRun(
  preset: Preset,
  session: Session,
  {
    options,
    self,
    named,
  }: { readonly options: RunOptions; readonly self: Command; readonly named: string },
): Described {
  const { model } = session;
  const fixed = preset.scenarioSequences > 0 ? scenarioPair(session, options) : null;
  const pair = fixed === null ? null : { a: fixed.a, b: fixed.b };
  const { notes: tokenNotes, ...chosen } = powerTokens(session, options, preset.powers.tokens);
  const notes = [...session.notes, ...(fixed?.notes ?? []), ...tokenNotes];
  if (preset.powers.design === "crossed" && !chosen.whole) {
    notes.push(restrictedNote(chosen.tokens.length));
  }
  const about = {
    ...aboutModel(session, named, notes),
    title: `Induction in ${model.name}`,
    preset: preset.name,
  };
  return {
    spec: {
      kind: "preset",
      preset,
      choices: storedChoices({ pair, ...chosen, dVocab: model.config.dVocab }),
      about: about as unknown as Json,
      provenance: jsonProvenance({ ...session, notes }) as unknown as Json,
    },
    parameters: runParameters(self, preset, session, pair),
    notes,
  };
}
