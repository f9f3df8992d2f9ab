import {
  drawPair,
  experimentCodes,
  measurePairs,
  postProtocol,
  type Protocol,
  strengthsOf,
} from "../induction/index.js";
import { loadModelFiles, type LoadOptions, type Model } from "../model/index.js";
import { nodeEngine } from "../node.js";
import { momentsOf, standardError } from "../stats/index.js";
import type { KnownModel, ModelFiles } from "../weights/index.js";

/** A number, and the standard error of a mean. */
interface Mean {
  readonly mean: number;
  readonly se: number;
}

/** How float16 changed the induction strength of random pairs, in nats. */
export interface HalfCost {
  readonly pairs: number;
  /** Strength with the original weights. */
  readonly strength: Mean;
  /** Exported minus original, of the same sequences. */
  readonly difference: Mean;
  readonly meanAbsolute: number;
  readonly maxAbsolute: number;
}

/** What to load one of the two models by. */
export interface CostModel {
  readonly files: ModelFiles;
  readonly options: Omit<LoadOptions, "engine">;
}

const pairs = 512;

/**
 * Measures what rounding cost: the strength of 512 random pairs with the original and with the
 * exported weights, on the same sequences (scenario `neither-fixed` of the protocol, seed 0).
 */
export async function halfCost(
  original: CostModel,
  exported: CostModel,
  known: KnownModel | null,
): Promise<HalfCost> {
  // One after the other: both at once would double the memory.
  const before = await withLoaded(original, async (model) => {
    const protocol = protocolOf(model, known);
    return { protocol, strengths: await strengths(model, protocol) };
  });
  const after = await withLoaded(exported, (model) => strengths(model, before.protocol));
  const differences = after.map((value, i) => value - (before.strengths[i] as number));
  const absolute = differences.map(Math.abs);
  const meanOf = (values: Iterable<number>): Mean => {
    const moments = momentsOf(values);
    return { mean: moments.mean, se: standardError(moments) ?? 0 };
  };
  return {
    pairs,
    strength: meanOf(before.strengths),
    difference: meanOf(differences),
    meanAbsolute: momentsOf(absolute).mean,
    maxAbsolute: absolute.reduce((max, value) => Math.max(max, value), 0),
  };
}

async function withLoaded<T>(
  { files, options }: CostModel,
  use: (model: Model) => Promise<T>,
): Promise<T> {
  const engine = nodeEngine();
  try {
    return await use(await loadModelFiles(files, { ...options, engine }));
  } finally {
    await engine.close();
  }
}

/** The post's protocol, with gaps that a short context has room for. */
function protocolOf({ config, tokenizer, bos }: Model, known: KnownModel | null): Protocol {
  const post = postProtocol(config.dVocab);
  const gap = Math.max(0, Math.min(post.gaps[0], Math.floor((config.nCtx - 4) / 2)));
  const last = Math.min(config.dVocab, tokenizer?.vocabSize ?? Infinity) - 1;
  return {
    ...post,
    gaps: [gap, gap],
    lowestId: Math.min(known?.lowestId ?? post.lowestId, last),
    highestId: Math.min(known?.highestId ?? last, last),
    bos,
  };
}

/** Number of the scenario in which neither A nor B is fixed. */
const neitherFixed = 3;

async function strengths(model: Model, protocol: Protocol): Promise<Float64Array> {
  const lab = { model, protocol, seed: 0, batch: 64 };
  const key = { seed: 0, experiment: experimentCodes.scenarios, unit: neitherFixed };
  const rows = await measurePairs(lab, { from: 0, to: pairs }, (k) => ({
    unit: neitherFixed,
    k,
    pair: drawPair(protocol, { ...key, k }, {}),
  }));
  return Float64Array.from(strengthsOf(rows));
}
