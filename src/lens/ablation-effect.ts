import { usageError } from "../errors.js";
import type { Tensor } from "../graph/index.js";
import type { Model } from "../model/index.js";
import { ItemStream } from "../random/index.js";
import { type Interval, meanInterval, momentsOf } from "../stats/index.js";
import { ablate, ablatedWeights, type AblationKind, type HeadMeans } from "./ablation.js";
import { allHeads, type Head, headName } from "./heads.js";
import type { Metric } from "./metric.js";

/** What {@link ablationEffect} measures. */
export interface AblationEffectOptions {
  /** Sequences [batch, position]. */
  readonly tokens: Tensor<"int32">;
  readonly metric: Metric;
  readonly heads: readonly Head[];
  readonly kind: AblationKind;
  /** What is put in, for `mean` and `resample`: see {@link ablate}. */
  readonly by?: HeadMeans;
  /** Random sets of as many heads, to compare with. 8 unless given. */
  readonly randomSets?: number;
  readonly seed?: number;
}

/** An effect of an ablation beside what random sets of as many heads do. */
export interface AblationEffect {
  readonly heads: readonly string[];
  readonly kind: AblationKind;
  /** Mean change of the metric over the sequences, with its 95 % interval; `null` for one sequence. */
  readonly effect: { readonly mean: number; readonly interval: Interval | null };
  /** Mean change for each random set: what any heads of that number do. */
  readonly randomSets: readonly { readonly heads: readonly string[]; readonly mean: number }[];
  /** Which weights it ran on, in words: zero ablation depends on it. */
  readonly weights: string;
}

/** Part of the random key of random sets, apart from those of the experiments. */
const setsKey = 0x5e75;

/**
 * What ablating heads together changes, sequence by sequence, and what random sets of as many other
 * heads change: an effect means little without that baseline.
 *
 * @throws LabError of wrong usage for heads that the model does not have.
 */
export async function ablationEffect(
  model: Model,
  options: AblationEffectOptions,
): Promise<AblationEffect> {
  const { tokens, metric, heads, kind, by, randomSets = 8, seed = 0 } = options;
  if (heads.length === 0) throw usageError("ablation: expected heads, got none");
  const sequences = tokens.shape[0] as number;
  const run = async (set: readonly Head[]): Promise<Float64Array> => {
    const feed = { ...metric.feed(sequences), ...ablate(model, set, kind, by) };
    return metric.values(await model.run(tokens, { fetch: metric.fetch, feed }));
  };
  const plain = await run([]);
  const effectOf = async (set: readonly Head[]) =>
    (await run(set)).map((value, i) => value - (plain[i] as number));
  const own = momentsOf(await effectOf(heads));
  const random: { heads: string[]; mean: number }[] = [];
  for (const set of randomHeadSets(model, heads, { count: randomSets, seed })) {
    random.push({ heads: set.map(headName), mean: momentsOf(await effectOf(set)).mean });
  }
  return {
    heads: heads.map(headName),
    kind,
    effect: { mean: own.mean, interval: meanInterval(own) },
    randomSets: random,
    weights: ablatedWeights(model),
  };
}

/** Random sets of as many heads, none of them one of the given; fewer where the model has too few. */
function randomHeadSets(
  model: Model,
  heads: readonly Head[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Head[][] {
  const taken = new Set(heads.map(headName));
  const others = allHeads(model.config).filter((head) => !taken.has(headName(head)));
  if (others.length < heads.length) return [];
  return Array.from({ length: count }, (_, set) => {
    const stream = new ItemStream([seed, setsKey], [set, 0]);
    const left = [...others];
    return heads.map((_, i) => left.splice(stream.draw(i, left.length), 1)[0] as Head);
  });
}
