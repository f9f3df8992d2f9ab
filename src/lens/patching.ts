import { usageError } from "../errors.js";
import type { FloatTensor, Tensor } from "../graph/index.js";
import { matchNames, type Model, type TokenInput } from "../model/index.js";
import { coMomentsOf, pearson } from "../stats/index.js";
import { axisNamed } from "./axes.js";
import { replace } from "./feeds.js";
import type { Metric } from "./metric.js";
import type { Selection } from "./selection.js";
import { oneSequence, repeatedSequence, repeatRows } from "./sequences.js";

/** What is patched where: each hook point by each choice along the axes. */
export interface PatchingOptions {
  /** One sequence [1, p], or its ids: its activations are put into the other run. */
  readonly clean: TokenInput | readonly number[];
  /** One sequence of the same length. */
  readonly corrupted: TokenInput | readonly number[];
  readonly metric: Metric;
  /** A hook point or a pattern of them: `blocks.*.hook_resid_pre`. */
  readonly hooks: string;
  /** One patch for each head, for each position, for both, or (`[]`) one for the whole hook point. */
  readonly by: readonly ("head" | "position")[];
  /** Patches in one forward pass. */
  readonly batch?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Values of a metric for patches, with the names of what was patched. */
export interface PatchTable {
  readonly metric: string;
  /** The metric of the clean and of the corrupted run, without a patch. */
  readonly clean: number;
  readonly corrupted: number;
  /** `hook` first, then the axes in the order in which they were asked for. */
  readonly axes: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** Row-major over the axes. */
  readonly values: Float64Array;
}

/** Patches that one forward pass takes unless told. */
const defaultBatch = 64;

/**
 * Activation patching: runs the corrupted sequence with one activation at a time replaced by that of
 * the clean run, many patches in one forward pass. Definition: Meng et al., "Locating and Editing
 * Factual Associations in GPT", 2022; TransformerLens's `patching` module.
 *
 * @throws LabError of wrong usage for sequences of unequal length and axes that a hook point lacks.
 */
export async function activationPatching(
  model: Model,
  { metric, hooks, by, batch = defaultBatch, onProgress, ...runs }: PatchingOptions,
): Promise<PatchTable> {
  const clean = oneSequence(runs.clean, "clean");
  const corrupted = oneSequence(runs.corrupted, "corrupted");
  if (clean.length !== corrupted.length) {
    throw usageError(
      `patching: expected sequences of equal length, got ${clean.length} and ${corrupted.length} tokens`,
    );
  }
  const names = matchNames(model.hookNames(), hooks);
  const sizes = await axisSizes(model, names, by, clean.length);
  const choices = choicesOf(by, sizes);
  const total = names.length * choices.length;

  // What lies before the patched block is the same for all patches: it is computed once.
  const entries = names.map(entryOf);
  const cleanRun = await model.run([clean], {
    fetch: [...metric.fetch, ...names],
    feed: metric.feed(1),
  });
  const before = new Set(entries.filter((entry) => entry !== null));
  const corruptedRun = await model.run([corrupted], {
    fetch: [...metric.fetch, ...before],
    feed: metric.feed(1),
  });
  const values = new Float64Array(total);
  let done = 0;
  for (const [layer, name] of names.entries()) {
    const source = cleanRun[name] as FloatTensor;
    const entry = entries[layer] as string | null;
    for (let from = 0; from < choices.length; from += batch) {
      const patches = choices.slice(from, from + batch);
      const fetched = await model.run(repeatedSequence(corrupted, patches.length), {
        fetch: metric.fetch,
        feed: {
          ...metric.feed(patches.length),
          ...(entry !== null && { [entry]: repeatRows(corruptedRun[entry], patches.length) }),
          [name]: replace(source, patches),
        },
      });
      values.set(metric.values(fetched), layer * choices.length + from);
      done += patches.length;
      onProgress?.(done, total);
    }
  }
  return {
    metric: metric.name,
    clean: metric.values(cleanRun as Record<string, Tensor>)[0] as number,
    corrupted: metric.values(corruptedRun)[0] as number,
    axes: [
      { name: "hook", labels: names },
      ...by.map((axis, i) => ({ name: axis, labels: labelsOf(sizes[i] as number) })),
    ],
    values,
  };
}

/** The residual stream that enters the block of a hook point; `null` where it is that itself, or none. */
function entryOf(name: string): string | null {
  const entry = /^blocks\.\d+\./.exec(name)?.[0];
  return entry === undefined || name === `${entry}hook_resid_pre` ? null : `${entry}hook_resid_pre`;
}

/** How many heads and positions there are; equal for all hook points. */
async function axisSizes(
  model: Model,
  names: readonly string[],
  by: PatchingOptions["by"],
  positions: number,
): Promise<number[]> {
  const { graph } = await model.program(positions);
  return by.map((axis) => {
    const sizes = names.map((name) => {
      const pattern = /hook_(attn_scores|pattern)$/.test(name);
      const index = axisNamed(name, axis === "position" && pattern ? "query" : axis);
      return graph.names.get(name)?.shape[index] as number;
    });
    if (new Set(sizes).size > 1) {
      throw usageError(`patching: expected hook points of one shape, got ${sizes.join(" and ")}`);
    }
    return sizes[0] as number;
  });
}

/** Every combination along the axes, the last one fastest. */
function choicesOf(by: PatchingOptions["by"], sizes: readonly number[]): Selection[] {
  let choices: Selection[] = [{}];
  for (const [i, axis] of by.entries()) {
    const part = axis === "head" ? "heads" : "positions";
    choices = choices.flatMap((choice) =>
      Array.from({ length: sizes[i] as number }, (_, index) => ({ ...choice, [part]: [index] })),
    );
  }
  return choices;
}

function labelsOf(size: number): string[] {
  return Array.from({ length: size }, (_, i) => String(i));
}

/**
 * How well an estimate of patching, such as attribution patching, agrees with exact patching of the same
 * places: Pearson's correlation of the changes against the corrupted run; `null` where one of them does
 * not vary.
 *
 * @throws LabError of wrong usage if the tables are not of the same places.
 */
export function patchingCorrelation(exact: PatchTable, estimate: PatchTable): number | null {
  const places = ({ axes }: PatchTable) => JSON.stringify(axes);
  if (places(exact) !== places(estimate)) {
    throw usageError("correlation: expected tables of the same places, got others");
  }
  const changes = exact.values.map((value) => value - exact.corrupted);
  return pearson(coMomentsOf(changes, estimate.values));
}
