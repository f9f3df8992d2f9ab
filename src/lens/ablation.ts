import { usageError } from "../errors.js";
import {
  castFloat,
  type FloatTensor,
  type GraphFeed,
  type Tensor,
  tensor,
} from "../graph/index.js";
import type { Model } from "../model/index.js";
import { replace, zero } from "./feeds.js";
import { checkHead, type Head } from "./heads.js";

/** What stands in the place of an ablated head's output `hook_z`. */
export type AblationKind = "zero" | "mean" | "resample";

/** Mean of `hook_z` of every layer by position, [1, p, h, d_head]: what mean ablation puts in. */
export type HeadMeans = readonly Tensor[];

const hookZ = (layer: number) => `blocks.${layer}.attn.hook_z`;

/**
 * Means of every head's output over sequences, by position, summed in float64. The sequences should
 * be those that the ablated runs are compared on, or others drawn alike.
 *
 * @param batches Batches of sequences of one length.
 * @throws LabError of wrong usage if there is none.
 */
export async function headMeans(
  model: Model,
  batches: Iterable<Tensor<"int32">> | AsyncIterable<Tensor<"int32">>,
): Promise<HeadMeans> {
  const { nLayers, nHeads, dHead } = model.config;
  const names = Array.from({ length: nLayers }, (_, layer) => hookZ(layer));
  const sums: Float64Array[] = [];
  let positions = 0;
  let count = 0;
  for await (const tokens of batches) {
    const [b, p] = tokens.shape as [number, number];
    const values = await model.run(tokens, { fetch: names });
    for (const [layer, name] of names.entries()) {
      const { data } = values[name] as FloatTensor;
      const size = data.length / b;
      const sum = (sums[layer] ??= new Float64Array(size));
      for (let i = 0; i < data.length; i++) sum[i % size] = (sum[i % size] as number) + data[i]!;
    }
    positions = p;
    count += b;
  }
  if (count === 0) throw usageError("headMeans: expected sequences, got none");
  return sums.map((sum) => {
    const means = sum.map((x) => x / count);
    return castFloat(tensor("float64", [1, positions, nHeads, dHead], means), model.dtype);
  });
}

/**
 * Feeds that ablate heads, for {@link Model.run}: zero, the given means, or what other sequences of
 * the batch have there.
 *
 * Zero ablation of `hook_z` gives other numbers on processed weights, whose value biases lie in b_O,
 * than on stored ones; mean ablation does not.
 *
 * @param by For `mean` the means of {@link headMeans}; for `resample` `hook_z` of every layer of the
 *   sequences to take, [b, p, h, d_head].
 * @throws LabError of wrong usage for heads that the model does not have, and if `by` is missing.
 */
export function ablate(
  model: Model,
  heads: readonly Head[],
  kind: AblationKind,
  by?: HeadMeans,
): Record<string, GraphFeed> {
  if (kind !== "zero" && kind !== "mean" && kind !== "resample") {
    throw usageError(`ablate: expected zero, mean or resample, got "${String(kind)}"`);
  }
  const byLayer = new Map<number, number[]>();
  for (const { layer, head } of heads.map((head) => checkHead(head, model.config))) {
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), head]);
  }
  const feeds: Record<string, GraphFeed> = {};
  for (const [layer, chosen] of byLayer) {
    const where = { heads: chosen };
    if (kind === "zero") {
      feeds[hookZ(layer)] = zero(where);
      continue;
    }
    const source = by?.[layer];
    if (source === undefined) {
      throw usageError(
        `ablate: expected values for ${kind} ablation, got none`,
        kind === "mean" ? "headMeans() gives them" : "hook_z of every layer of the other sequences",
      );
    }
    feeds[hookZ(layer)] = replace(source, where);
  }
  return feeds;
}

/** The words that a result of an ablation must carry: which weights it ran on. */
export function ablatedWeights({ processing }: Pick<Model, "processing">): string {
  return processing.length === 0
    ? "stored weights, without processing"
    : `processed weights (${processing.join(", ")})`;
}
