import {
  mostDisagreeing,
  type PublishedColumn,
  type PublishedComparison,
} from "../induction/compare-published.js";
import type { SimulatedCase } from "../induction/simulate-published.js";
import type { Estimate } from "../induction/index.js";
import { formatCounted, formatList, formatNumber } from "../report/numbers.js";
import type { PublishedRunComparison } from "../runs/index.js";
import {
  differenceCells,
  formatDifference,
  formatP,
  intervalText,
  leftTable,
  shareText,
} from "./compare-cells.js";
import { formatTable, formatToken } from "./output.js";

/** How many of the powers that disagree most are shown; `--csv` has all powers. */
export const shownDisagreements = 20;

/** A run beside published powers, for people; the verdict stands last. */
export function publishedText(comparison: PublishedRunComparison): string {
  const { run, published, sequences, notes, q, agree, rows } = comparison;
  const [own, theirs] = sequences.map((count) => formatCounted(count, "sequence pair"));
  const disagreeing = formatTable([
    ["powers that disagree most", "run", "published", "difference", "z", "p (BH)"],
    ...mostDisagreeing(rows, shownDisagreements).map(({ token, text, role, ...power }) => [
      `${role.toUpperCase()} power of ${formatToken({ id: token, text })}`,
      ...differenceCells(power),
      formatP(power.adjusted),
    ]),
  ]);
  return [
    leftTable([
      ["run", run.dir, `${run.model}, seed ${run.seed ?? "unknown"}`, `${own} per token and role`],
      ["published", published, "data/roger-2023", `${theirs} per token and role`],
    ]),
    ...(notes.length === 0 ? [] : [notes.map((note) => `note: ${note}\n`).join("")]),
    columnsText(comparison, q),
    disagreeing,
    agree
      ? `the run agrees with ${published}: z is within its bounds\n`
      : `the run does not agree with ${published}: ${formatList(zFaults(comparison))}\n`,
  ].join("\n");
}

function columnsText({ tokens, a, b, bounds }: PublishedComparison, q: number): string {
  const line = (name: string, cell: (column: PublishedColumn) => string) => [
    name,
    ...[a, b].map(cell),
  ];
  const nats = (name: string, of: "run" | "published" | "difference") =>
    line(name, ({ [of]: { mean, se } }) => formatDifference(mean, se));
  const percent = (share: number) => `${formatNumber(100 * share, 1)} %`;
  const bound = (value: number) => formatNumber(value, 3);
  return formatTable([
    [`over ${formatCounted(tokens, "token")}`, "A power", "B power"],
    nats("mean, run (nats)", "run"),
    nats("mean, published (nats)", "published"),
    nats("mean difference (nats)", "difference"),
    line(`z: mean (bound: −${bound(bounds.mean)} to ${bound(bounds.mean)})`, ({ z }) => zMean(z)),
    line(`z: sd (bound: ${bound(1 - bounds.sd)} to ${bound(1 + bounds.sd)})`, ({ z }) => zSd(z)),
    line("|z| > 1.96 (5 % by chance alone)", ({ beyond }) => percent(beyond)),
    line("largest |z|", ({ largest }) => formatNumber(largest)),
    line("correlation", ({ correlation }) =>
      correlation === null ? "" : `${shareText(correlation.r)} ${intervalText(correlation)}`,
    ),
    line("correlation without noise", ({ noiseCorrected }) => shareText(noiseCorrected)),
    line(`tokens that differ (q = ${q})`, ({ differing }) => formatNumber(differing, 0)),
  ]);
}

/** z is judged by its third digit. */
function zMean({ mean, se }: Estimate): string {
  return `${formatNumber(mean, 3)} ± ${formatNumber(se, 3)}`;
}

/** With its sampling error where z is normal. */
function zSd({ n, sd }: Estimate): string {
  return `${formatNumber(sd, 3)} ± ${formatNumber((sd as number) / Math.sqrt(2 * (n - 1)), 3)}`;
}

/** What of z is out of its bounds, in words; empty where nothing is. */
export function zFaults({ a, b, bounds }: PublishedComparison): string[] {
  const columns = { A: a, B: b };
  return Object.entries(columns).flatMap(([role, { z, within }]) => [
    ...(within.mean
      ? []
      : [
          `mean z of the ${role} powers ${formatNumber(z.mean, 3)}, expected 0 ± ${formatNumber(bounds.mean, 3)}`,
        ]),
    ...(within.sd
      ? []
      : [
          `sd of z of the ${role} powers ${formatNumber(z.sd, 3)}, expected 1 ± ${formatNumber(bounds.sd, 3)}`,
        ]),
  ]);
}

/** The comparison on simulated data, for people; the verdict stands last. */
export function simulatedText(published: string, cases: readonly SimulatedCase[]): string {
  const blocks = cases.map(({ planted, expected, found, comparison }) => {
    const { z: a } = comparison.a;
    const { z: b } = comparison.b;
    const table = formatTable([
      ["", "A power", "B power"],
      ["z: mean", zMean(a), zMean(b)],
      ["z: sd", zSd(a), zSd(b)],
      ["tokens that differ", ...[comparison.a, comparison.b].map((c) => String(c.differing))],
    ]);
    const verdict = `${found ? "found" : "not found"}: ${expected}`;
    return `${planted}; ${formatCounted(comparison.tokens, "token")}\n${table}${verdict}\n`;
  });
  const missed = cases.filter(({ found }) => !found).map(({ planted }) => planted);
  const verdict =
    missed.length === 0
      ? `the comparison with ${published} finds what was planted, and nothing where chance is alone\n`
      : `the comparison with ${published} fails on simulated data: ${formatList(missed)}\n`;
  return [...blocks, verdict].join("\n");
}
