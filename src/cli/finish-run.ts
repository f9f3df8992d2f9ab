import type { HeadsSummary } from "../induction/index.js";
import {
  executeRun,
  type PlanFile,
  type Progress,
  type Source,
  stagesOf,
  type Summaries,
} from "../runs/index.js";
import { headsText } from "./heads-text.js";
import { headsFiles, headsJson, headsSummary } from "./heads-result.js";
import type { Io } from "./io.js";
import { presetFiles, presetJson, presetText } from "./preset-result.js";
import type { Session } from "./session.js";

/** A run to finish: what is not measured yet is measured, and all that a run leaves is made. */
export interface ToFinish {
  readonly dir: string;
  readonly plan: PlanFile;
  /** The command that prints the result. */
  readonly command: string;
  /** Asked for once something must be measured, or the weights be looked at. */
  readonly session: () => Promise<Session>;
  /** Journals besides those of the folder. */
  readonly sources?: readonly Source[];
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Finishes a run and prints its result. */
export async function finishRun(io: Io, run: ToFinish): Promise<void> {
  const { dir, plan, command, session, json, signal, sources, onProgress } = run;
  const { spec } = plan;
  let heads: HeadsSummary | null = null;
  const headsOf = async (all: Summaries, threshold: number): Promise<HeadsSummary> =>
    (heads ??= await headsSummary(await session(), all, threshold));
  const all = await executeRun({
    ...{ dir, plan, stages: stagesOf(spec, plan.choices.block), signal },
    lab: async () => {
      const lab = await session();
      return { lab, engine: lab.engine };
    },
    files: async (summaries) =>
      spec.kind === "preset"
        ? presetFiles(spec, plan, summaries)
        : headsFiles(spec, plan, await headsOf(summaries, spec.threshold)),
    ...(sources && { sources }),
    ...(onProgress && { onProgress }),
    onNote: (note) => io.err(`note: ${note}\n`),
  });
  if (spec.kind === "preset") {
    io.out(json ? presetJson(spec, all, { dir, command }) : presetText(all, dir));
    return;
  }
  const summary = await headsOf(all, spec.threshold);
  const provenance = spec.provenance as object;
  const about = { command, model: plan.model.name, seed: spec.seed, dir, provenance };
  io.out(json ? headsJson(summary, about) : headsText(summary, dir));
}
