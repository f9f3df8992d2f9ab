import { usageError } from "../errors.js";
import { castFloat, type FloatTensor, type Tensor, tensor } from "../graph/index.js";
import { matchNames, type Model, type TokenInput } from "../model/index.js";
import { axisNamed } from "./axes.js";
import type { PatchTable } from "./patching.js";
import { oneSequence } from "./sequences.js";

/** What {@link attributionPatching} attributes to. */
export interface AttributionPatchingOptions {
  readonly clean: TokenInput | readonly number[];
  readonly corrupted: TokenInput | readonly number[];
  /** The scalar to explain: `logitDiff`, `meanLogOdds`, `loss`. */
  readonly objective: string;
  /** Tokens that the objective reads at the last position, if it reads any. */
  readonly targets?: readonly number[];
  /** A hook point or a pattern of them. */
  readonly hooks: string;
  readonly by: readonly ("head" | "position")[];
  /**
   * Points of the straight line between the two runs over which the gradient is averaged (midpoints):
   * integrated gradients. 0, the default, takes the gradient in the corrupted run alone.
   */
  readonly steps?: number;
}

/**
 * Attribution patching: (clean − corrupted) · d objective / d activation, summed over what is not
 * asked for: a first-order estimate of activation patching at the cost of one backward pass. With
 * `steps`, the gradient is averaged along the way from the corrupted to the clean activation
 * (integrated gradients), one hook point at a time. Definition: Nanda, "Attribution Patching", 2023;
 * Sundararajan et al., "Axiomatic Attribution for Deep Networks", 2017.
 *
 * @throws LabError of wrong usage for sequences of unequal length, axes that a hook point lacks, and
 *   hook points that the objective does not depend on.
 */
export async function attributionPatching(
  model: Model,
  options: AttributionPatchingOptions,
): Promise<PatchTable> {
  const { objective, targets, hooks, by, steps = 0 } = options;
  const clean = oneSequence(options.clean, "clean");
  const corrupted = oneSequence(options.corrupted, "corrupted");
  if (clean.length !== corrupted.length) {
    throw usageError(
      `attribution: expected sequences of equal length, got ${clean.length} and ${corrupted.length} tokens`,
    );
  }
  const names = matchNames(model.hookNames(), hooks);
  const fetch = [objective, ...names];
  const feed = targets && { targets: tensor("int32", [1, targets.length], targets) };
  const run = (
    ids: readonly number[],
    wanted: readonly string[],
    more: Record<string, Tensor> = {},
  ) => model.run([ids], { fetch: wanted, feed: { ...feed, ...more } });
  const cleanRun = await run(clean, fetch);
  const gradientNames = steps === 0 ? names.map((name) => gradientOf(objective, name)) : [];
  const corruptedRun = await run(corrupted, [...fetch, ...gradientNames]);

  const tables: { values: Float64Array; sizes: number[] }[] = [];
  for (const name of names) {
    const [to, from] = [cleanRun[name] as FloatTensor, corruptedRun[name] as FloatTensor];
    const gradient =
      steps === 0
        ? (corruptedRun[gradientOf(objective, name)] as FloatTensor)
        : await averageGradient(name, to, from);
    tables.push(sumBy(name, to, from, gradient, by));
  }
  const sizes = tables[0]?.sizes ?? [];
  if (tables.some((table) => table.sizes.join() !== sizes.join())) {
    throw usageError("attribution: expected hook points of one shape");
  }
  return {
    metric: objective,
    clean: scalarOf(cleanRun[objective]),
    corrupted: scalarOf(corruptedRun[objective]),
    axes: [
      { name: "hook", labels: names },
      ...by.map((axis, i) => ({
        name: axis,
        labels: Array.from({ length: sizes[i] as number }, (_, index) => String(index)),
      })),
    ],
    values: Float64Array.from(tables.flatMap(({ values }) => [...values])),
  };

  async function averageGradient(
    name: string,
    to: FloatTensor,
    from: FloatTensor,
  ): Promise<FloatTensor> {
    const sum = new Float64Array(from.data.length);
    for (let step = 0; step < steps; step++) {
      const share = (step + 0.5) / steps;
      const between = from.data.map((x, i) => x + share * ((to.data[i] as number) - x));
      const at = castFloat(tensor("float64", from.shape, between), model.dtype);
      const wanted = gradientOf(objective, name);
      const { [wanted]: gradient } = await run(corrupted, [wanted], { [name]: at });
      const { data } = gradient as FloatTensor;
      for (let i = 0; i < sum.length; i++)
        sum[i] = (sum[i] as number) + (data[i] as number) / steps;
    }
    return tensor("float64", from.shape, sum);
  }
}

function gradientOf(objective: string, name: string): string {
  return `grad(${objective}, ${name})`;
}

function scalarOf(value: Tensor | undefined): number {
  return Number((value as Tensor).data[0]);
}

/** Σ (to − from) · gradient over all axes but those asked for. */
function sumBy(
  name: string,
  to: FloatTensor,
  from: FloatTensor,
  gradient: FloatTensor,
  by: AttributionPatchingOptions["by"],
): { values: Float64Array; sizes: number[] } {
  const pattern = /hook_(attn_scores|pattern)$/.test(name);
  const axes = by.map((axis) => axisNamed(name, axis === "position" && pattern ? "query" : axis));
  const { shape } = from;
  const sizes = axes.map((axis) => shape[axis] as number);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const values = new Float64Array(sizes.reduce((a, b) => a * b, 1));
  for (let i = 0; i < from.data.length; i++) {
    let place = 0;
    for (const [j, axis] of axes.entries()) {
      const index = Math.floor(i / (strides[axis] as number)) % (shape[axis] as number);
      place = place * (sizes[j] as number) + index;
    }
    const difference = (to.data[i] as number) - (from.data[i] as number);
    // Masked scores are −∞ in both runs: they do not differ.
    if (Number.isNaN(difference)) continue;
    values[place] = (values[place] as number) + difference * (gradient.data[i] as number);
  }
  return { values, sizes };
}
