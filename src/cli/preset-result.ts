import { join } from "node:path";
import type { ReportData } from "../report/index.js";
import { formatMeanSe, formatNumber } from "../report/numbers.js";
import {
  type PlanFile,
  powersTable,
  type PresetSpec,
  presetSummaries,
  type PresetSummaries,
  type RunFiles,
  type Summaries,
} from "../runs/index.js";
import { counted, jsonHead, jsonPieces, jsonText } from "./output.js";
import { scenarioTable } from "./scenarios.js";

/** The files of a finished preset. */
export async function presetFiles(
  { about }: PresetSpec,
  { command }: Pick<PlanFile, "command">,
  all: Summaries,
): Promise<RunFiles> {
  // Loaded when there is something to draw: Plot takes a third of a second.
  const { reportFiles } = await import("../report/index.js");
  const { createDocument } = await import("../report/node-document.js");
  const { remeasured, ...summaries } = presetSummaries(all);
  const report: ReportData = {
    ...(about as unknown as ReportData),
    ...summaries,
    ...(remeasured && { remeasured: remeasured.rows }),
  };
  return {
    "summary.json": jsonPieces({ ...jsonHead("summary", command), ...report }),
    "tables/powers.parquet": powersTable(summaries.powers.rows),
    ...reportFiles(report, { document: createDocument() }),
  };
}

/** A finished preset as `--json` prints it. */
export function presetJson(
  { preset, about, provenance }: PresetSpec,
  all: Summaries,
  { dir, command }: { readonly dir: string; readonly command: string },
): string {
  const { scenarios, powers, neighbours, remeasured } = presetSummaries(all);
  const { model, seed } = about as unknown as ReportData;
  const { rows, ...spread } = powers;
  return jsonText({
    ...jsonHead("run", command),
    preset: preset.name,
    model: model.name,
    seed,
    folder: dir,
    report: join(dir, "report.html"),
    ...(scenarios && {
      scenarios: scenarios.map(({ scenario, strength, logOdds }) => ({
        scenario,
        strength,
        logOdds,
      })),
    }),
    powers: { tokens: rows.length, ...spread },
    ...(remeasured && { remeasured: remeasured.rows }),
    ...(neighbours && { halfWay: neighbours.halfWay }),
    ...(provenance as object),
  });
}

/** A finished preset for people. */
export function presetText(all: Summaries, dir: string): string {
  const { scenarios, powers, neighbours } = presetSummaries(all);
  const spread = (name: string, s: typeof powers.a) =>
    `${name} ${formatMeanSe(s.mean, s.se)}` +
    (s.trueSd === null ? "" : `, spread over tokens without noise ${formatNumber(s.trueSd)}`);
  const { controls } = powers;
  const unequal = controls === undefined ? "" : ` (${controls} of controls)`;
  return [
    ...(scenarios === undefined ? [] : [scenarioTable(scenarios)]),
    `powers of ${counted(powers.rows.length, "token")}, ${counted(powers.sequences, "sequence pair")} per token and role${unequal}: ${spread("A", powers.a)}; ${spread("B", powers.b)}`,
    ...(neighbours === undefined ? [] : [halfWayText(neighbours)]),
    `report: ${join(dir, "report.html")}`,
    "",
  ].join("\n");
}

function halfWayText({ halfWay }: NonNullable<PresetSummaries["neighbours"]>): string {
  const half = halfWay.map(({ rank, logOdds }) =>
    logOdds === null
      ? `rank ${rank} not testable`
      : `rank ${rank} ${formatNumber(logOdds.ratio)} (${formatNumber(logOdds.low)} to ${formatNumber(logOdds.high)})`,
  );
  return `neighbours of B, share of the way from random tokens to B: ${half.join(", ")}`;
}
