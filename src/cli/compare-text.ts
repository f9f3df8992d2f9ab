import { numericalTolerance, type TestedDifference } from "../induction/compare.js";
import type { RatioDifference } from "../induction/compare-neighbours.js";
import type { RoleComparison, TokenComparison } from "../induction/compare-powers.js";
import type { Estimate } from "../induction/index.js";
import { formatCounted, formatList, formatNumber } from "../report/numbers.js";
import type { RunComparison } from "../runs/compare-runs.js";
import type { SettingDifference, SettingKind } from "../runs/compare-settings.js";
import type { Pairing } from "../runs/compare-stages.js";
import {
  differenceCells,
  formatDifference,
  formatMean,
  formatP,
  formatSd,
  gapCells,
  intervalText,
  leftTable,
  ratioText,
  shareText,
} from "./compare-cells.js";
import { formatTable, formatToken } from "./output.js";

/** Of tokens that differ, this many are printed; JSON has them all. */
const shown = 20;

/** Two runs side by side, for people; the verdict stands last. */
export function comparisonText(comparison: RunComparison): string {
  const { first, second, notes, scenarios, powers, neighbours, disagreements, q } = comparison;
  const run = (name: string, { dir, model, seed }: typeof first) => [
    `${name}: ${dir}`,
    `${model}, seed ${seed ?? "unknown"}`,
  ];
  return [
    leftTable([run("first", first), run("second", second)]),
    settingsText(comparison.settings),
    ...notes.map((note) => `note: ${note}\n`),
    ...(scenarios === null ? [] : [scenariosText(scenarios)]),
    ...(powers === null ? [] : [powersText(powers, q)]),
    ...(neighbours === null ? [] : [neighboursText(neighbours)]),
    `the runs ${
      disagreements.length === 0 ? "agree" : `do not agree: ${formatList(disagreements)}`
    } (q = ${q}; differences up to ${numericalTolerance} nats are none)\n`,
  ].join("\n");
}

const kinds: Readonly<Record<SettingKind, string>> = {
  quantity: "another quantity",
  model: "another model",
  sequences: "which sequences, and how many",
  digits: "last digits",
};

/** Longer values than this are cut. */
const longest = 40;

function settingsText(settings: readonly SettingDifference[]): string {
  if (settings.length === 0) return "no setting differs\n";
  const value = (json: SettingDifference["first"]) => {
    const text = typeof json === "string" ? json : JSON.stringify(json);
    return json === null ? "none" : text.length > longest ? `${text.slice(0, longest)}…` : text;
  };
  const rows = settings.map(({ words, first, second, changes }) => [
    ...[words, value(first), value(second), kinds[changes]],
  ]);
  return leftTable([["setting that differs", "first", "second", "what it changes"], ...rows]);
}

/** Where the differences of a stage come from. */
function pairingText(pairing: Pairing, [first, second]: readonly [number, number]): string {
  const words = {
    sequences: "differences pair by pair, both runs measured the same sequences",
    draws: "differences pair by pair, the same draws under two protocols",
    none: "other sequences in each run, means compared",
  }[pairing];
  const count =
    first === second
      ? `${formatCounted(first, "sequence pair")} in each run`
      : `${formatNumber(first, 0)} and ${formatNumber(second, 0)} sequence pairs in the runs`;
  return `${words}; ${count}; nats, mean ± standard error`;
}

function scenariosText({
  rows,
  pairing,
  pairsPerRun,
}: NonNullable<RunComparison["scenarios"]>): string {
  const table = formatTable([
    ["scenario", "first", "second", "difference", "z", "p (Bonferroni)"],
    ...rows.map((row) => [
      `A ${row.a ? formatToken(row.a) : "random"}, B ${row.b ? formatToken(row.b) : "random"}`,
      ...differenceCells(row),
      formatP(row.adjusted),
    ]),
  ]);
  return `scenarios: ${pairingText(pairing, pairsPerRun)}\n${table}`;
}

function powersText(
  { tokens, a, b, rows, pairing, pairsPerRun }: NonNullable<RunComparison["powers"]>,
  q: number,
): string {
  const head = `powers of ${formatCounted(tokens, "token")}: ${pairingText(pairing, pairsPerRun)}\n`;
  if (tokens === 0) return head;
  const line = (name: string, cell: (role: RoleComparison) => string) => [name, cell(a), cell(b)];
  const mean = (estimate: Estimate) => formatDifference(estimate.mean, estimate.se);
  const table = formatTable([
    ["over tokens", "A power", "B power"],
    line("mean, first", ({ first }) => mean(first)),
    line("mean, second", ({ second }) => mean(second)),
    line("mean difference", ({ difference }) => mean(difference)),
    line("identical tokens", ({ identical }) => formatNumber(identical, 0)),
    line("z: mean (0 by chance alone)", ({ z }) => formatMean(z)),
    line("z: sd (1 by chance alone)", ({ z }) => formatSd(z)),
    line("correlation of the runs", ({ correlation }) =>
      correlation === null ? "" : `${shareText(correlation.r)} ${intervalText(correlation)}`,
    ),
    line("correlation without noise", ({ noiseCorrected }) => shareText(noiseCorrected)),
    line(`tokens that differ (q = ${q})`, ({ differing }) => formatNumber(differing, 0)),
  ]);
  return head + table + differingText(rows);
}

function differingText(rows: readonly TokenComparison[]): string {
  const list = differingTokens(rows);
  if (list.length === 0) return "";
  const cut =
    list.length > shown ? `, the ${shown} largest of ${formatNumber(list.length, 0)}` : "";
  const table = formatTable([
    [`powers that differ${cut}`, "first", "second", "difference", "z", "p (BH)"],
    ...list
      .slice(0, shown)
      .map(({ token, text, role, ...difference }) => [
        `${role.toUpperCase()} power of ${formatToken({ id: token, text })}`,
        ...differenceCells(difference),
        formatP(difference.adjusted),
      ]),
  ]);
  return `\n${table}`;
}

/** One power that differs. */
export type DifferingPower = TestedDifference & {
  readonly token: number;
  readonly text: string | null;
  readonly role: "a" | "b";
};

/** The powers that differ after false-discovery control, the largest difference first. */
export function differingTokens(rows: readonly TokenComparison[]): DifferingPower[] {
  return rows
    .flatMap(({ token, text, a, b }) => [
      { token, text, role: "a" as const, ...a },
      { token, text, role: "b" as const, ...b },
    ])
    .filter(({ differs }) => differs)
    .sort((x, y) => Math.abs(y.difference) - Math.abs(x.difference));
}

function neighboursText({
  places,
  halfWay,
  pairing,
  pairsPerRun,
}: NonNullable<RunComparison["neighbours"]>): string {
  const ladder = formatTable([
    ["strength of", "first", "second", "difference", "z"],
    ...places.map(({ place, strength }) => [
      typeof place === "number" ? `rank ${place}` : place === "b" ? "B" : place,
      ...differenceCells(strength),
    ]),
  ]);
  const share = (name: string, ratio: RatioDifference | null) =>
    ratio === null
      ? [name, "not testable in both"]
      : [name, ratioText(ratio.first), ratioText(ratio.second), ...gapCells(ratio)];
  const shares = formatTable([
    ["share of the way from random to B", "first", "second", "difference", "z"],
    ...halfWay.flatMap(({ rank, logOdds, logits }) => [
      share(`rank ${rank}, log-odds`, logOdds),
      share(`rank ${rank}, logits`, logits),
    ]),
  ]);
  return `neighbours of B: ${pairingText(pairing, pairsPerRun)}\n${ladder}\n${shares}`;
}
