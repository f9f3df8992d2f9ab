import { LabError } from "../errors.js";
import { type FloatTensor, graphOf, input, named, ops, type Value } from "../graph/index.js";
import { forward, type Model } from "../model/index.js";
import { type HeadEstimate, headEstimates } from "./head-estimates.js";
import { allHeads } from "./heads.js";
import { runGraph } from "./programs.js";
import { checkTokens, tokenBatches } from "./token-batches.js";

/** Places of an attention pattern whose entries are averaged, for each sequence alone. */
export interface AttendedPlaces {
  /** The keys that count for a query of a sequence; none where the query does not count. */
  keys(tokens: Int32Array, query: number): readonly number[];
  /**
   * `query`, the default: the attention of a query to all its keys together, averaged over the queries
   * that have any, 0 to 1. `entry`: the mean of the single entries.
   */
  readonly over?: "query" | "entry";
}

/**
 * Mean attention of every head to chosen places, a list of heads for each kind of places, layer by
 * layer. It is summed in the graph, all kinds in one run: no pattern leaves the session.
 *
 * @param batch The most sequences of one run.
 * @throws LabError for tokens that the model does not have, and for a sequence without such places.
 */
export async function meanAttention(
  model: Model,
  rows: readonly Int32Array[],
  places: readonly AttendedPlaces[],
  batch?: number,
): Promise<HeadEstimate[][]> {
  checkTokens(model, rows, "attention");
  const { nLayers, nHeads } = model.config;
  const scores = places.map((): Float64Array[] => []); // [place][sequence][layer × head]
  for (const { rows: part, tokens } of tokenBatches(model, rows, { size: batch })) {
    const p = tokens.shape[1] as number;
    const shape = [part.length, p * p, places.length];
    const weights = placeWeights(part, places);
    const data = model.dtype === "float32" ? Float32Array.from(weights) : weights;
    const fetch = Array.from({ length: nLayers }, (_, layer) => `attention.${layer}`);
    const values = await runGraph(
      model,
      `mean attention, ${p} positions, ${places.length} kinds`,
      () => weighted(model, p, places.length),
      fetch,
      { tokens, weights: { dtype: model.dtype, shape, data } as FloatTensor },
    );
    for (let item = 0; item < part.length; item++) {
      for (const [kind, all] of scores.entries()) {
        const row = new Float64Array(nLayers * nHeads);
        for (const [layer, name] of fetch.entries()) {
          const { data: sums } = values[name] as FloatTensor; // [b, h, kinds]
          for (let head = 0; head < nHeads; head++) {
            const at = (item * nHeads + head) * places.length + kind;
            row[layer * nHeads + head] = sums[at] as number;
          }
        }
        all.push(row);
      }
    }
  }
  return scores.map((all) => headEstimates(allHeads(model.config), all));
}

/** Weights of all entries, [sequence, query × key, kind]: with them the sum of a pattern is the mean. */
function placeWeights(
  rows: readonly Int32Array[],
  places: readonly AttendedPlaces[],
): Float64Array {
  const p = rows[0]?.length ?? 0;
  const weights = new Float64Array(rows.length * p * p * places.length);
  for (const [item, row] of rows.entries()) {
    for (const [kind, { keys, over = "query" }] of places.entries()) {
      const counted = Array.from({ length: p }, (_, query) => keys(row, query));
      const count =
        over === "query"
          ? counted.filter((list) => list.length > 0).length
          : counted.reduce((sum, list) => sum + list.length, 0);
      if (count === 0) {
        throw new LabError(
          `attention: expected places that count in every sequence, got none in sequence ${item}`,
        );
      }
      counted.forEach((list, query) => {
        for (const key of list) {
          weights[((item * p + query) * p + key) * places.length + kind] = 1 / count;
        }
      });
    }
  }
  return weights;
}

/** The forward pass up to the patterns, and their weighted sums [b, h, kinds] of every layer. */
function weighted(model: Model, p: number, kinds: number): Value[] {
  const { nLayers, nHeads: h } = model.config;
  const { names } = graphOf(...forward(model.config, p, model.dtype));
  const weights = input("weights", model.dtype, ["batch", p * p, kinds]);
  return Array.from({ length: nLayers }, (_, layer) => {
    const pattern = names.get(`blocks.${layer}.attn.hook_pattern`) as Value; // [b, h, p, p]
    const flat = ops.reshape(pattern, ["batch", h, p * p]);
    return named(`attention.${layer}`, ops.matMul(flat, weights)); // [b, h, kinds]
  });
}
