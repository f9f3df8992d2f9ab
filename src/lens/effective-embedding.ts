import { usageError } from "../errors.js";
import { castFloat, type FloatTensor, type Tensor, tensor } from "../graph/index.js";
import type { Model } from "../model/index.js";
import { ItemStream, shuffle } from "../random/index.js";

/** Over which contexts an effective embedding is averaged. */
export interface EffectiveEmbeddingOptions {
  /** The layer whose value input is wanted. */
  readonly layer: number;
  /** The tokens; contexts are made of them too. */
  readonly ids: readonly number[];
  /** Contexts that each token stands in. 8 unless given. */
  readonly contexts?: number;
  /** Tokens per sequence, BOS apart. 23 unless given. */
  readonly length?: number;
  readonly seed?: number;
  readonly batch?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Part of the random key of the contexts, apart from those of the experiments. */
const contextKey = 0x65666665;

/**
 * What the value input of a layer really holds where a token stands, averaged over random contexts:
 * `ln1.hook_normalized` [n, d_model]. In later layers it differs from the embedding, since heads that
 * attend to the token itself have added to it, and so W_E alone misjudges what an OV circuit copies.
 *
 * In each of the contexts every token stands once: the ids in random order, cut into sequences
 * behind BOS; the tokens of the last, filled up with the first ones, count once.
 *
 * @throws LabError of wrong usage for a layer that the model does not have, and without ids.
 */
export async function effectiveEmbedding(
  model: Model,
  options: EffectiveEmbeddingOptions,
): Promise<Tensor> {
  const { layer, ids, contexts = 8, seed = 0, batch = 64, onProgress } = options;
  const { nLayers, nCtx, dModel: d } = model.config;
  const length = options.length ?? Math.min(23, nCtx - 1);
  if (!(Number.isInteger(layer) && layer >= 0 && layer < nLayers)) {
    throw usageError(
      `effective embedding: expected a layer from 0 to ${nLayers - 1}, got ${layer}`,
    );
  }
  if (ids.length === 0) throw usageError("effective embedding: expected token ids, got none");
  const name =
    model.config.normalization === null
      ? `blocks.${layer}.hook_resid_pre`
      : `blocks.${layer}.ln1.hook_normalized`;
  const sums = new Float64Array(ids.length * d);
  const perContext = Math.ceil(ids.length / length);
  for (let context = 0; context < contexts; context++) {
    const stream = new ItemStream([seed, contextKey], [context, 0]);
    const order = shuffle(ids.length, stream, 0);
    const place = (i: number) => order[i % ids.length] as number;
    for (let from = 0; from < perContext; from += batch) {
      const count = Math.min(batch, perContext - from);
      const tokens = new Int32Array(count * (length + 1));
      for (let s = 0; s < count; s++) {
        tokens[s * (length + 1)] = model.bos;
        for (let j = 0; j < length; j++) {
          tokens[s * (length + 1) + 1 + j] = ids[place((from + s) * length + j)] as number;
        }
      }
      const run = await model.run(tensor("int32", [count, length + 1], tokens), { fetch: [name] });
      const { data } = run[name] as FloatTensor;
      for (let s = 0; s < count; s++) {
        for (let j = 0; j < length; j++) {
          const index = (from + s) * length + j;
          if (index >= ids.length) continue;
          const [to, source] = [place(index) * d, (s * (length + 1) + 1 + j) * d];
          for (let m = 0; m < d; m++)
            sums[to + m] = (sums[to + m] as number) + (data[source + m] as number);
        }
      }
      onProgress?.(context * perContext + from + count, contexts * perContext);
    }
  }
  const means = sums.map((sum) => sum / contexts);
  return castFloat(tensor("float64", [ids.length, d], means), model.dtype);
}
