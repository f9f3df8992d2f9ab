import { join } from "node:path";
import { headCircuits, type HeadsSummary, summariseHeads } from "../induction/index.js";
import { ablatedWeights, parseHead } from "../lens/index.js";
import type { ReportData } from "../report/index.js";
import {
  headMeasurements,
  type HeadsSpec,
  type PlanFile,
  type RunFiles,
  type Summaries,
} from "../runs/index.js";
import { jsonHead, jsonText } from "./output.js";
import type { Session } from "./session.js";

/** What heads do, of the stages' summaries and of the model's own weights. */
export async function headsSummary(
  { model, seed, protocol }: Session,
  summaries: Summaries,
  threshold: number,
): Promise<HeadsSummary> {
  const { nHeads } = model.config;
  const measured = headMeasurements(summaries);
  const none = { copying: [], copyingTop1: [], compositions: [], baseline: null };
  const options = { nHeads, threshold, weights: ablatedWeights(model) };
  const { previousTokenHeads } = summariseHeads(measured, none, options);
  const indices = previousTokenHeads.map((name) => {
    const { layer, head } = parseHead(name);
    return layer * nHeads + head;
  });
  const { lowestId, highestId } = protocol;
  const circuits = await headCircuits(model, indices, { seed, lowestId, highestId });
  return summariseHeads(measured, circuits, options);
}

/** The files of a finished run of `induction heads`. */
export async function headsFiles(
  { about }: HeadsSpec,
  { command }: Pick<PlanFile, "command">,
  heads: HeadsSummary,
): Promise<RunFiles> {
  // Loaded when there is something to draw: Plot takes a third of a second.
  const { reportFiles } = await import("../report/index.js");
  const { createDocument } = await import("../report/node-document.js");
  const data: ReportData = { ...(about as unknown as ReportData), heads };
  return {
    "summary.json": jsonText({ ...jsonHead("summary", command), ...data }),
    ...reportFiles(data, { document: createDocument() }),
  };
}

/** What heads do as `--json` prints it. */
export function headsJson(
  summary: HeadsSummary,
  about: {
    readonly command: string;
    readonly model: string;
    readonly seed: number;
    readonly dir?: string;
    readonly provenance: object;
  },
): string {
  const { command, model, seed, dir, provenance } = about;
  // The provenance has weights of its own: the file that they came from.
  const { weights: ablatedOn, ...rest } = summary;
  return jsonText({
    ...jsonHead("heads", command),
    model,
    seed,
    ...(dir !== undefined && { folder: dir, report: join(dir, "report.html") }),
    ...rest,
    ablatedOn,
    ...provenance,
  });
}
