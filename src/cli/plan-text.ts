import { join } from "node:path";
import { formatCount, formatNumber } from "../report/numbers.js";
import { type PlanFile, planName, type StageForecast } from "../runs/index.js";
import { counted, formatTable, jsonHead, jsonText } from "./output.js";
import { formatSeconds } from "./progress.js";

/** A plan as a dry run prints it for people. */
export function planText(plan: PlanFile, dir: string): string {
  const { stages, memory } = plan.forecast;
  return [
    stagesText(stages).trimEnd(),
    ...(plan.precision === null ? [] : [precisionText(plan, plan.precision)]),
    choicesText(plan),
    `memory: about ${Math.round(memory / 1e6)} MB for each process`,
    `plan: ${join(dir, planName)}; to run it: the same command without --dry-run, or with --workers N`,
    "",
  ].join("\n");
}

/** A plan as a dry run prints it with `--json`. */
export function planJson(plan: PlanFile, command: string, dir: string): string {
  const { forecast, precision, choices, chosenBy, calibration } = plan;
  const { stages, ...totals } = forecast;
  return jsonText({
    ...jsonHead("dry-run", command),
    plan: join(dir, planName),
    stages,
    ...totals,
    choices,
    chosenBy,
    calibration,
    precision,
  });
}

function stagesText(stages: readonly StageForecast[]): string {
  const sum = (key: "sequences" | "parts" | "seconds" | "bytes") =>
    stages.reduce((all, stage) => all + stage[key], 0);
  const total = {
    ...{ id: "all", sequences: sum("sequences"), parts: sum("parts") },
    ...{ seconds: sum("seconds"), bytes: sum("bytes") },
  };
  return formatTable([
    ["stage", "sequences", "parts", "MB", "time, about"],
    ...[...stages, total].map(({ id, sequences, parts, bytes, seconds }) => [
      id,
      formatCount(sequences),
      formatCount(parts),
      (bytes / 1e6).toFixed(1),
      time(seconds),
    ]),
  ]);
}

function precisionText(
  { spec, forecast }: PlanFile,
  { se, sequences, controls, expected }: NonNullable<PlanFile["precision"]>,
): string {
  const crossed = spec.kind === "preset" && spec.preset.powers.design === "crossed";
  const per = crossed ? "rounds" : "sequence pairs per token and role";
  const unequal = controls === sequences ? "" : ` and ${formatCount(controls)} of controls`;
  const powers = forecast.stages.find(({ id }) => id === "powers");
  return `powers with a standard error of ${formatNumber(se)} nats: ${formatCount(sequences)} ${per}${unequal}, about ${time(powers?.seconds ?? 0)} (expected: ${formatNumber(expected)} nats, root mean square over tokens, from a pilot)`;
}

function choicesText({ choices, chosenBy, calibration }: PlanFile): string {
  const by = (name: keyof typeof chosenBy) => (chosenBy[name] === "flag" ? " (given)" : "");
  const chosen = calibration?.find(
    (trial) => trial.batch === choices.batch && trial.threads === choices.threads,
  );
  return [
    `batch ${choices.batch}${by("batch")}`,
    `${counted(choices.threads, "thread")}${by("threads")}`,
    `path ${choices.path}${by("path")}`,
    `${formatCount(choices.block)} pairs to a part${by("block")}`,
    ...(chosen === undefined ? [] : [`${formatCount(chosen.sequencesPerSecond)} sequences/s`]),
  ].join(", ");
}

/** A forecast, never of no time at all. */
function time(seconds: number): string {
  return formatSeconds(Math.ceil(seconds));
}
