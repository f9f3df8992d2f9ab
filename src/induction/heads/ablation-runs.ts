import { type GraphFeed, type Tensor, tensor, zeros } from "../../graph/index.js";
import { ablate, type Head, type HeadMeans, headMeans } from "../../lens/index.js";
import type { Model } from "../../model/index.js";
import { ItemStream } from "../../random/index.js";
import type { IndexRange } from "../experiment.js";
import type { PairRows } from "../pair-rows.js";
import { type ExperimentCode, drawPair, experimentCodes, sequenceLength } from "../protocol.js";
import { type Drawn, type Lab, measurePairs, onlyB } from "../strength-meter.js";

/** One intervention of a sweep: heads, and what stands in the place of their outputs. */
export interface Intervention {
  readonly heads: readonly Head[];
  readonly kind: "zero" | "mean";
}

/** Random sequences that the means of the heads' outputs are taken over. */
const meanSequences = 512;

const known = new WeakMap<Model, Map<string, Promise<HeadMeans>>>();

/**
 * Mean output of every head by position, over random sequences of the protocol's length: BOS, then
 * uniform random tokens. A pure function of model, protocol, seed and batch, so that all shards use the same.
 */
export function protocolMeans({ model, protocol, seed, batch }: Lab): Promise<HeadMeans> {
  const { lowestId, highestId, bos } = protocol;
  const length = sequenceLength(protocol);
  const key = JSON.stringify([lowestId, highestId, bos, length, seed, batch]);
  const made = known.get(model) ?? new Map<string, Promise<HeadMeans>>();
  known.set(model, made);
  let means = made.get(key);
  if (means === undefined) {
    means = headMeans(model, randomBatches());
    made.set(key, means);
    // What failed is tried again by the next that asks.
    means.catch(() => made.delete(key));
  }
  return means;

  function* randomBatches(): Generator<Tensor<"int32">> {
    const size = 2 * batch;
    for (let from = 0; from < meanSequences; from += size) {
      const count = Math.min(size, meanSequences - from);
      const ids = new Int32Array(count * length).fill(bos);
      for (let i = 0; i < count; i++) {
        const stream = new ItemStream([seed, experimentCodes.headMeans], [0, from + i]);
        for (let j = 1; j < length; j++) {
          ids[i * length + j] = lowestId + stream.draw(j, highestId - lowestId + 1);
        }
      }
      yield tensor("int32", [count, length], ids);
    }
  }
}

/**
 * Log-odds of B in both members of random pairs, plain and under each intervention: one row per pair,
 * the first column without an intervention. Every pair meets all of them, so that effects are paired.
 */
export async function measureInterventions(
  lab: Lab,
  experiment: ExperimentCode,
  { from, to }: IndexRange,
  interventions: readonly Intervention[],
): Promise<PairRows> {
  const { model, protocol, seed } = lab;
  const count = to - from;
  const width = 1 + interventions.length;
  const drawn: Drawn[] = Array.from({ length: count }, (_, i) => {
    const key = { seed, experiment, unit: 0, k: from + i };
    return { unit: 0, k: from + i, pair: drawPair(protocol, key, {}) };
  });
  const draw = (index: number) => drawn[index - from] as Drawn;
  const induction = new Float64Array(count * width);
  const control = new Float64Array(count * width);
  const means = await protocolMeans(lab);
  // One intervention after the other: those of one layer share a session, which then stays open.
  const plain = await column(0, {});
  for (const [i, intervention] of interventions.entries()) {
    await column(i + 1, feedsOf(model, intervention, means));
  }
  const targets = Int32Array.from(induction, (_, i) => plain.b[Math.floor(i / width)] as number);
  return { ...plain, width, targets, induction, control };

  async function column(at: number, feed: Record<string, GraphFeed>): Promise<PairRows> {
    const rows = await measurePairs(lab, { from, to }, draw, { ...onlyB, feed });
    for (let i = 0; i < count; i++) {
      induction[i * width + at] = rows.induction[i] as number;
      control[i * width + at] = rows.control[i] as number;
    }
    return rows;
  }
}

/** Zero ablation puts zeros where mean ablation puts means, so that both share the sessions. */
function feedsOf(
  model: Model,
  { heads, kind }: Intervention,
  means: HeadMeans,
): Record<string, GraphFeed> {
  const by = kind === "mean" ? means : means.map(({ shape }) => zeros(model.dtype, shape));
  return ablate(model, heads, "mean", by);
}
