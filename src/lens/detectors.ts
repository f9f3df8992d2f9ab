import { usageError } from "../errors.js";
import { type Tensor, tensor } from "../graph/index.js";
import type { Model, TokenInput } from "../model/index.js";
import { type DetectedKind, detectionMasks } from "./detection-masks.js";
import { type DetectionOptions, detectionScores } from "./detection-scores.js";
import { type HeadEstimate, headEstimates } from "./head-estimates.js";
import { allHeads, checkHead, type Head } from "./heads.js";
import { tokenBatches, tokenRows } from "./token-batches.js";

/**
 * How much the attention patterns of heads look like a mask: [layer, head], the mean over the sequences
 * of a batch. Definition: TransformerLens's `detect_head`, corrected: `abs` is not rounded, and the
 * patterns that come in are never written to.
 *
 * @param patterns One layer's pattern [batch, head, query, key] or [head, query, key], or a list of
 *   them, one per layer.
 * @param mask [query, key] for all sequences, or [batch, query, key]: see {@link detectionMasks}.
 * @throws LabError for shapes that do not fit and if nothing is left after the exclusions.
 */
export function detectHead(
  patterns: Tensor | readonly Tensor[],
  mask: Tensor,
  options: DetectionOptions = {},
): Tensor<"float64"> {
  const layers: readonly Tensor[] = "data" in patterns ? [patterns] : patterns;
  const means = layers.map((pattern) => {
    const scores = detectionScores(pattern, mask, options); // [b, h]
    const h = pattern.shape.at(-3) as number;
    const b = scores.length / h;
    return Array.from({ length: h }, (_, head) => {
      let sum = 0;
      for (let item = 0; item < b; item++) sum += scores[item * h + head] as number;
      return sum / b;
    });
  });
  const h = means[0]?.length ?? 0;
  if (h === 0 || means.some((layer) => layer.length !== h)) {
    throw usageError("detectHead: expected patterns of the same heads in every layer");
  }
  return tensor("float64", [layers.length, h], means.flat());
}

/** What {@link detectHeads} looks for, and where. */
export interface DetectHeadsOptions extends DetectionOptions {
  /** A kind of head by TransformerLens's name, or a mask [query, key] of one's own. */
  readonly head: DetectedKind | Tensor;
  /** Left out: all heads. A head that is not asked for is absent from the result. */
  readonly heads?: readonly Head[];
  /** The most sequences of one run. */
  readonly batch?: number;
}

/**
 * Scores of a model's heads on sequences of tokens, up to the whole context long: the mean of the
 * scores of the single sequences, with the same options for all of them. Only the patterns of the
 * layers in question are fetched, batch by batch; sequences of unequal length run one by one.
 *
 * @example
 * const heads = await detectHeads(model, [tokens], { head: "induction_head" });
 * heads.toSorted((a, b) => b.mean - a.mean)[0]; // { layer: 1, head: 6, mean: 0.8, … }
 * @throws LabError for kinds, heads and tokens that do not exist, and all that {@link detectHead} refuses.
 */
export async function detectHeads(
  model: Model,
  sequences: TokenInput,
  { head: kind, heads: wanted, batch, ...options }: DetectHeadsOptions,
): Promise<HeadEstimate[]> {
  const heads = (wanted ?? allHeads(model.config)).map((head) => checkHead(head, model.config));
  const layers = [...new Set(heads.map(({ layer }) => layer))];
  const rows = tokenRows(sequences, "detectHeads");
  const scores: Float64Array[] = [];
  for (const { rows: part, tokens } of tokenBatches(model, rows, { size: batch })) {
    const mask = typeof kind === "string" ? masksOf(kind, part) : kind;
    const names = layers.map((layer) => `blocks.${layer}.attn.hook_pattern`);
    const values = await model.run(tokens, { fetch: names });
    const byLayer = new Map(
      layers.map((layer) => {
        const own = heads.filter((head) => head.layer === layer).map(({ head }) => head);
        const pattern = values[`blocks.${layer}.attn.hook_pattern`] as Tensor;
        const where = `detectHeads: layer ${layer}`;
        const found = detectionScores(pattern, mask, { ...options, heads: own, where });
        return [layer, { own, found }] as const; // found: [b, own]
      }),
    );
    part.forEach((_, item) => {
      const row = heads.map(({ layer, head }) => {
        const { own, found } = byLayer.get(layer) as { own: number[]; found: Float64Array };
        return found[item * own.length + own.indexOf(head)] as number;
      });
      scores.push(Float64Array.from(row));
    });
  }
  return headEstimates(heads, scores);
}

function masksOf(kind: DetectedKind, rows: readonly Int32Array[]): Tensor<"bool"> {
  const maskOf = detectionMasks[kind] as (typeof detectionMasks)[DetectedKind] | undefined;
  if (maskOf === undefined) {
    throw usageError(
      `detectHeads: expected a kind of head, got "${kind}"`,
      `one of ${Object.keys(detectionMasks).join(", ")}, or a mask [query, key]`,
    );
  }
  const p = (rows[0] as Int32Array).length;
  const data = new Uint8Array(rows.length * p * p);
  rows.forEach((row, i) => data.set(maskOf(row).data, i * p * p));
  return tensor("bool", [rows.length, p, p], data);
}
