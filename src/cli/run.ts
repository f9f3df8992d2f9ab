import { join } from "node:path";
import type { Command } from "commander";
import {
  findPreset,
  powers,
  type PowersSummary,
  presets,
  scenarios,
  type ScenarioSummary,
} from "../induction/index.js";
import { formatMeanSe, formatNumber } from "../report/numbers.js";
import { prepareRunFolder, runExperiment, writeRunFolder } from "../runs/index.js";
import { version } from "../version.js";
import type { Io } from "./io.js";
import { type LabOptions, type PairOptions, withLabOptions, withPairOptions } from "./options.js";
import { jsonHead, jsonProvenance, jsonText } from "./output.js";
import { wholeFrom } from "./parse.js";
import { progressLine } from "./progress.js";
import { protocolInWords } from "./protocol-words.js";
import { scenarioTable } from "./scenarios.js";
import { sayNotes, type Session, withSession } from "./session.js";
import { powerTokens, scenarioPair } from "./tokens.js";

interface RunOptions extends LabOptions, PairOptions {
  readonly output?: string;
  readonly limit?: number;
}

interface RunResult {
  readonly preset: string;
  readonly scenarios: readonly ScenarioSummary[];
  readonly powers: PowersSummary;
  readonly notes: readonly string[];
}

/** Adds `induction run`. */
export function addRun(parent: Command, io: Io, command: string): void {
  const list = presets.map(({ name, description }) => `${name}: ${description}`).join("; ");
  withLabOptions(
    withPairOptions(
      parent
        .command("run")
        .description(`scenarios and powers, and a report (${list})`)
        .argument("[preset]", "what to run", "quick")
        .option("-o, --output <dir>", "folder (default: runs/<preset>-<model>-<seed>)")
        .option("--limit <n>", "powers of at most n tokens, the first ones", wholeFrom(1)),
    ),
  ).action(async (presetName: string, options: RunOptions) => {
    const preset = findPreset(presetName);
    await withSession(options, async (session) => {
      const { model, seed } = session;
      const dir = options.output ?? join("runs", `${preset.name}-${model.name}-${seed}`);
      const pair = scenarioPair(session, options);
      const chosen = powerTokens(session, options, preset.powerTokens);
      const notes = [...session.notes, ...pair.notes, ...chosen.notes];
      await prepareRunFolder(dir);
      sayNotes(io, options, notes);
      const show = options.quiet !== true;

      const result: RunResult = {
        preset: preset.name,
        scenarios: await runExperiment(
          scenarios,
          { a: pair.a, b: pair.b, sequences: preset.scenarioSequences },
          session,
          show ? progressLine(io, "scenarios") : undefined,
        ),
        powers: await runExperiment(
          powers,
          { tokens: chosen.tokens, sequences: preset.powerSequences },
          session,
          show ? progressLine(io, "powers") : undefined,
        ),
        notes,
      };
      const files = await runFiles(result, session, command);
      await writeRunFolder(dir, files);
      const report = join(dir, "report.html");
      io.out(
        options.json === true ? jsonOf(result, session, dir, command) : textOf(result, report),
      );
    });
  });
}

/** The files of a run's folder, by name. */
async function runFiles(
  result: RunResult,
  session: Session,
  command: string,
): Promise<Record<string, string>> {
  // Loaded here, since no other command draws and loading takes as long as the rest of the program.
  const { renderReport } = await import("../report/index.js");
  const { createDocument } = await import("../report/node-document.js");
  const { model, seed, engine, batch } = session;
  const about = {
    preset: result.preset,
    model: model.name,
    seed,
    ...jsonProvenance({ ...session, notes: result.notes }),
  };
  const { config } = model;
  return {
    "summary.json": jsonText({
      ...jsonHead("summary", command),
      scenarios: result.scenarios,
      powers: result.powers,
    }),
    "report.html": renderReport(
      {
        title: `Induction in ${model.name}`,
        preset: result.preset,
        model: {
          name: model.name,
          layers: config.nLayers,
          heads: config.nHeads,
          dModel: config.dModel,
          vocabulary: config.dVocab,
          sha256: model.sha256,
        },
        seed,
        command,
        version,
        engine: { ...engine, dtype: model.dtype, batch: 2 * batch },
        protocol: protocolInWords(session.protocol),
        notes: result.notes,
        scenarios: result.scenarios,
        powers: result.powers,
      },
      { document: createDocument() },
    ),
    "manifest.json": jsonText({
      ...jsonHead("manifest", command),
      ...about,
      machine: { platform: process.platform, arch: process.arch, node: process.version },
      files: ["summary.json", "report.html"],
    }),
  };
}

function jsonOf(result: RunResult, session: Session, dir: string, command: string): string {
  const { rows, ...spread } = result.powers;
  return jsonText({
    ...jsonHead("run", command),
    preset: result.preset,
    model: session.model.name,
    seed: session.seed,
    folder: dir,
    report: join(dir, "report.html"),
    scenarios: result.scenarios.map(({ scenario, strength, logOdds }) => ({
      scenario,
      strength,
      logOdds,
    })),
    powers: { tokens: rows.length, ...spread },
    ...jsonProvenance({ ...session, notes: result.notes }),
  });
}

function textOf({ scenarios: list, powers: p }: RunResult, report: string): string {
  const spread = (name: string, s: PowersSummary["a"]) =>
    `${name} ${formatMeanSe(s.mean, s.se)}` +
    (s.trueSd === null ? "" : `, spread over tokens without noise ${formatNumber(s.trueSd)}`);
  return [
    scenarioTable(list),
    `powers of ${p.rows.length} tokens, ${p.sequences} sequence pairs per token and role: ${spread("A", p.a)}; ${spread("B", p.b)}`,
    `report: ${report}`,
    "",
  ].join("\n");
}
