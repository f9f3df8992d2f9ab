import { join } from "node:path";
import type { Command } from "commander";
import { findPreset, type Preset, presets } from "../induction/index.js";
import type { ReportData } from "../report/index.js";
import { formatMeanSe, formatNumber } from "../report/numbers.js";
import {
  executeRun,
  powersTable,
  presetPlan,
  type PresetSummaries,
  presetSummaries,
} from "../runs/index.js";
import { checkDryRunOptions, dryRun, type DryRunOptions, withDryRunOptions } from "./dry-run.js";
import { interruptSignal } from "./interrupt.js";
import type { Io } from "./io.js";
import { type LabOptions, type PairOptions, withLabOptions, withPairOptions } from "./options.js";
import { jsonHead, jsonProvenance, jsonText } from "./output.js";
import { wholeFrom } from "./parse.js";
import { restrictedNote } from "./powers.js";
import { progressLine } from "./progress.js";
import { aboutModel } from "./report-about.js";
import { runParameters } from "./run-parameters.js";
import { scenarioTable } from "./scenarios.js";
import { sayNotes, type Session, withSession } from "./session.js";
import { powerTokens, scenarioPair } from "./tokens.js";

/** The options of `induction run`. */
export interface RunOptions extends LabOptions, PairOptions, DryRunOptions {
  readonly output?: string;
  readonly limit?: number;
}

/** Adds `induction run`. */
export function addRun(parent: Command, io: Io, command: string): void {
  const list = presets.map(({ name, description }) => `${name}: ${description}`).join("; ");
  withLabOptions(
    withPairOptions(
      withDryRunOptions(
        parent
          .command("run")
          .description(`all experiments, kept in a folder, and a report (${list})`)
          .argument("[preset]", "what to run", "quick")
          .option("-o, --output <dir>", "folder (default: runs/<preset>-<model>-<seed>)")
          .option("--limit <n>", "powers of at most n tokens, the first ones", wholeFrom(1)),
      ),
    ),
  ).action(async (presetName: string, options: RunOptions, self: Command) => {
    const preset = findPreset(presetName);
    checkDryRunOptions(options);
    await withSession(io, options, async (session) => {
      const { model, seed } = session;
      const dir = options.output ?? join("runs", `${preset.name}-${model.name}-${seed}`);
      const pair = scenarioPair(session, options);
      const chosen = powerTokens(session, options, preset.powers.tokens);
      const notes = [...session.notes, ...pair.notes, ...chosen.notes];
      if (preset.powers.design === "crossed" && !chosen.whole) {
        notes.push(restrictedNote(chosen.tokens.length));
      }
      sayNotes(io, options, notes);
      const show = options.quiet !== true;
      const choices = { ...pair, ...chosen, dVocab: model.config.dVocab };
      if (options.dryRun === true) {
        const plan = presetPlan(preset, choices);
        const { tokens } = chosen;
        await dryRun({ plan, session, command, design: preset.powers, tokens }, options, io);
        return;
      }
      const data = (summaries: PresetSummaries) =>
        reportData(summaries, { preset, session, command, notes });
      const interrupt = interruptSignal(io);
      try {
        const summaries = presetSummaries(
          await executeRun({
            dir,
            plan: presetPlan(preset, choices),
            lab: session,
            engine: session.engine,
            command,
            parameters: runParameters(self, preset, session, pair),
            notes,
            files: async (all) => {
              // Loaded when there is something to draw: Plot takes a third of a second.
              const { reportFiles } = await import("../report/index.js");
              const { createDocument } = await import("../report/node-document.js");
              const report = data(presetSummaries(all));
              return {
                "summary.json": jsonText({ ...jsonHead("summary", command), ...report }),
                "tables/powers.parquet": powersTable(presetSummaries(all).powers.rows),
                ...reportFiles(report, { document: createDocument() }),
              };
            },
            ...(show && { onProgress: progressLine(io, "run") }),
            onNote: (note) => io.err(`note: ${note}\n`),
            signal: interrupt.signal,
          }),
        );
        io.out(
          options.json === true
            ? jsonOf(summaries, { preset, session, command, notes }, dir)
            : textOf(summaries, dir),
        );
      } finally {
        interrupt.dispose();
      }
    });
  });
}

interface About {
  readonly preset: Preset;
  readonly session: Session;
  readonly command: string;
  readonly notes: readonly string[];
}

/** What the report shows; `summary.json` keeps it, so that it can be drawn again. */
function reportData(
  { remeasured, ...summaries }: PresetSummaries,
  { preset, session, command, notes }: About,
): ReportData {
  return {
    ...aboutModel(session, command, notes),
    title: `Induction in ${session.model.name}`,
    preset: preset.name,
    ...summaries,
    remeasured: remeasured.rows,
  };
}

function jsonOf(
  { scenarios, powers, neighbours, remeasured }: PresetSummaries,
  about: About,
  dir: string,
): string {
  const { preset, session, command, notes } = about;
  const { rows, ...spread } = powers;
  return jsonText({
    ...jsonHead("run", command),
    preset: preset.name,
    model: session.model.name,
    seed: session.seed,
    folder: dir,
    report: join(dir, "report.html"),
    scenarios: scenarios.map(({ scenario, strength, logOdds }) => ({
      scenario,
      strength,
      logOdds,
    })),
    powers: { tokens: rows.length, ...spread },
    remeasured: remeasured.rows,
    halfWay: neighbours.halfWay,
    ...jsonProvenance({ ...session, notes }),
  });
}

function textOf({ scenarios, powers, neighbours }: PresetSummaries, dir: string): string {
  const spread = (name: string, s: typeof powers.a) =>
    `${name} ${formatMeanSe(s.mean, s.se)}` +
    (s.trueSd === null ? "" : `, spread over tokens without noise ${formatNumber(s.trueSd)}`);
  const half = neighbours.halfWay.map(({ rank, logOdds }) =>
    logOdds === null
      ? `rank ${rank} not testable`
      : `rank ${rank} ${formatNumber(logOdds.ratio)} (${formatNumber(logOdds.low)} to ${formatNumber(logOdds.high)})`,
  );
  return [
    scenarioTable(scenarios),
    `powers of ${powers.rows.length} tokens, ${powers.sequences} sequence pairs per token and role: ${spread("A", powers.a)}; ${spread("B", powers.b)}`,
    `neighbours of B, share of the way from random tokens to B: ${half.join(", ")}`,
    `report: ${join(dir, "report.html")}`,
    "",
  ].join("\n");
}
