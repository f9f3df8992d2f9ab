import { type FloatTensor, graphOf, input, named, ops, type Value } from "../../graph/index.js";
import { tensor, type Tensor } from "../../graph/index.js";
import { forward, type Model } from "../../model/index.js";

/** A set of places of a pattern whose attention is summed and averaged, for each sequence alone. */
export interface PatternScore {
  readonly name: string;
  /** Keys whose attention counts for a query, of a sequence; none where the query does not count. */
  keys(tokens: Int32Array, query: number): readonly number[];
}

/**
 * Mean attention of every head to chosen keys, over the queries that have any: [sequence, score,
 * head], layer by layer. It is summed in the graph, so that no pattern leaves the session.
 *
 * @param rows Sequences of one length.
 */
export async function patternScores(
  model: Model,
  rows: readonly Int32Array[],
  scores: readonly PatternScore[],
): Promise<Float64Array> {
  const { nLayers, nHeads } = model.config;
  const [first] = rows as [Int32Array];
  const p = first.length;
  const program = await scoreProgram(model, p);
  const flat = new Int32Array(rows.length * p);
  rows.forEach((row, i) => flat.set(row, i * p));
  const feed: Record<string, Tensor> = { tokens: tensor("int32", [rows.length, p], flat) };
  const heads = nLayers * nHeads;
  const all = new Float64Array(rows.length * scores.length * heads);
  const fetch = Array.from({ length: nLayers }, (_, layer) => `scores.${layer}`);
  for (const [s, score] of scores.entries()) {
    // Each place weighs one over the number of counted queries, so that the sum is the mean.
    const weights = new Float32Array(rows.length * p * p);
    for (const [i, row] of rows.entries()) {
      const places = Array.from({ length: p }, (_, query) => score.keys(row, query));
      const counted = places.filter((keys) => keys.length > 0).length;
      places.forEach((keys, query) => {
        for (const key of keys) weights[(i * p + query) * p + key] = 1 / counted;
      });
    }
    const shape = [rows.length, 1, p, p];
    const mask = model.dtype === "float32" ? weights : Float64Array.from(weights);
    feed.weights = { dtype: model.dtype, shape, data: mask } as FloatTensor;
    const values = await program.run({ fetch, feed });
    for (const [layer, name] of fetch.entries()) {
      const { data } = values[name] as FloatTensor; // [b, h]
      for (let i = 0; i < rows.length; i++) {
        const part = data.subarray(i * nHeads, (i + 1) * nHeads);
        all.set(part, (i * scores.length + s) * heads + layer * nHeads);
      }
    }
  }
  return all;
}

const programs = new WeakMap<Model, Map<number, ReturnType<Model["programOf"]>>>();

/** The forward pass with the weighted sum of every pattern beside it; made once for each length. */
function scoreProgram(model: Model, positions: number): ReturnType<Model["programOf"]> {
  const made = programs.get(model) ?? new Map<number, ReturnType<Model["programOf"]>>();
  programs.set(model, made);
  let program = made.get(positions);
  if (program === undefined) {
    const roots = forward(model.config, positions, model.dtype);
    const { names } = graphOf(...roots);
    const weights = input("weights", model.dtype, ["batch", 1, positions, positions]);
    const sums = Array.from({ length: model.config.nLayers }, (_, layer) => {
      const pattern = names.get(`blocks.${layer}.attn.hook_pattern`) as Value; // [b, h, p, p]
      return named(`scores.${layer}`, ops.sum(ops.sum(ops.mul(pattern, weights), 3), 2));
    });
    program = model.programOf(sums);
    made.set(positions, program);
  }
  return program;
}
