import { LabError, usageError } from "../errors.js";
import { mostDisagreeing, type PublishedComparison } from "../induction/compare-published.js";
import { simulatePublished } from "../induction/simulate-published.js";
import { formatList } from "../report/numbers.js";
import type { ReportData } from "../report/index.js";
import {
  comparePublishedRun,
  type FinishedRun,
  openFinishedRun,
  type PublishedName,
  type PublishedRunComparison,
  readPublishedPowers,
  writeWhole,
} from "../runs/index.js";
import { powersCsv } from "./compare-csv.js";
import {
  publishedText,
  shownDisagreements,
  simulatedText,
  zFaults,
} from "./compare-published-text.js";
import type { Io } from "./io.js";
import { jsonHead, jsonText } from "./output.js";
import { progressLine } from "./progress.js";

/** The options of a comparison with published powers. */
export interface PublishedOptions {
  readonly q: number;
  readonly csv?: string;
  readonly figure?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * `induction compare RUN roger-2023`: prints and writes what was asked for.
 *
 * @throws LabError with exit code 3 where z is out of its bounds.
 */
export async function comparePublishedCommand(
  { dir, name, command }: { dir: string; name: PublishedName; command: string },
  { q, csv, figure, json, quiet }: PublishedOptions,
  io: Io,
): Promise<void> {
  checkFigureName(figure);
  const run = await openFinishedRun(dir);
  const comparison = await comparePublishedRun(run, await readPublishedPowers(name), {
    q,
    ...(quiet !== true && { onProgress: progressLine(io, "compare") }),
  });
  if (csv !== undefined) await writeWhole(csv, powersCsv(comparison.rows));
  if (figure !== undefined) await writeWhole(figure, await draw(figure, comparison, run));
  io.out(json === true ? publishedJson(comparison, command) : publishedText(comparison));
  if (comparison.agree) return;
  throw new LabError(
    `${dir}: expected powers that agree with ${name}, got ${formatList(zFaults(comparison))}`,
    { exitCode: 3 },
  );
}

/**
 * `induction compare --self-test roger-2023`: the same comparison on simulated data.
 *
 * @throws LabError with exit code 3 where it does not find what was planted.
 */
export async function selfTestCommand(
  { name, seed, command }: { name: PublishedName; seed: number; command: string },
  { q, json }: Pick<PublishedOptions, "q" | "json">,
  io: Io,
): Promise<void> {
  const { rows } = await readPublishedPowers(name);
  const cases = simulatePublished(rows, seed, q);
  const passed = cases.every(({ found }) => found);
  const shown = cases.map(({ comparison, ...one }) => ({ ...one, ...withoutRows(comparison) }));
  io.out(
    json === true
      ? jsonText({
          ...jsonHead("compare-self-test", command),
          ...{ published: name, seed, q, passed, cases: shown },
        })
      : simulatedText(name, cases),
  );
  if (passed) return;
  const missed = cases.filter(({ found }) => !found).map(({ planted }) => planted);
  throw new LabError(
    `self-test of ${name}: expected to find what was planted, got it wrong for ${formatList(missed)}`,
    { exitCode: 3 },
  );
}

function checkFigureName(figure: string | undefined): void {
  if (figure === undefined || /\.(svg|png)$/i.test(figure)) return;
  throw usageError(`--figure: expected a file that ends in .svg or .png, got "${figure}"`);
}

async function draw(
  path: string,
  comparison: PublishedRunComparison,
  { summary }: FinishedRun,
): Promise<string | Uint8Array> {
  // Plot and a document take a third of a second to load: only where something is drawn.
  const { publishedFigure, svgFile } = await import("../report/index.js");
  const { createDocument } = await import("../report/node-document.js");
  const svg = publishedFigure(comparison, { document: createDocument() });
  const text = svgFile(svg, summary as ReportData);
  return /\.png$/i.test(path) ? (await import("../report/png.js")).svgToPng(text) : text;
}

function publishedJson({ rows, ...comparison }: PublishedRunComparison, command: string): string {
  const disagreeing = mostDisagreeing(rows, shownDisagreements);
  return jsonText({ ...jsonHead("compare-published", command), ...comparison, disagreeing });
}

function withoutRows(comparison: PublishedComparison): object {
  return { ...comparison, rows: undefined };
}
