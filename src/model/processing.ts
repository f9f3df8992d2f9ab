/**
 * TransformerLens's weight processing: changes of the weights that leave all log-probabilities as
 * they are and make the circuits readable. Sums run in float64; the weights given are changed only where
 * the caller allows it.
 */
import { usageError } from "../errors.js";
import type { ModelConfig } from "./config.js";
import { type NormWeights, OwnedWeights } from "./owned-weights.js";
import type { Weights } from "./parameters.js";

/** The steps of the default processing, in the order in which they are applied. */
export const processingSteps = [
  "fold_ln",
  "center_writing_weights",
  "center_unembed",
  "fold_value_biases",
] as const;

/** One step of weight processing, under TransformerLens's name. */
export type ProcessingStep = (typeof processingSteps)[number];

/** A model after processing. */
export interface ProcessedModel {
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** The steps that were applied, for provenance. */
  readonly steps: readonly ProcessingStep[];
}

/** How {@link processWeights} treats the weights that it is given. */
export interface ProcessingOptions {
  /** Nobody else needs the given numbers: change them, instead of a copy. */
  readonly inPlace?: boolean;
}

/**
 * Applies the given steps (all by default), as TransformerLens 2.x does. Steps that are not neutral
 * for the architecture are left out: shortformer models keep their LayerNorm and are not centred,
 * models without normalisation have no norm to fold and their writing weights are not centred.
 *
 * After `fold_value_biases` a head's own bias is in b_O: zero-ablating `v` or `z` then removes less.
 */
export function processWeights(
  config: ModelConfig,
  weights: Weights,
  wanted: readonly ProcessingStep[] = processingSteps,
  options: ProcessingOptions = {},
): ProcessedModel {
  const stranger = wanted.find((step) => !processingSteps.includes(step));
  if (stranger !== undefined) {
    throw usageError(
      `processing: expected steps among ${processingSteps.join(", ")}, got "${String(stranger)}"`,
    );
  }
  const neutral = (step: ProcessingStep): boolean => {
    if (step === "fold_value_biases") return true;
    if (config.positions === "shortformer") return false;
    return step === "center_unembed" || config.normalization !== null;
  };
  const steps = processingSteps.filter((step) => wanted.includes(step) && neutral(step));
  const w = new OwnedWeights(weights, options.inPlace === true);
  let processed = config;
  for (const step of steps) {
    switch (step) {
      case "fold_ln":
        foldLayerNorms(processed, w);
        processed = { ...processed, normalization: "LNPre" };
        break;
      case "center_writing_weights":
        centerWritingWeights(processed, w);
        break;
      case "center_unembed":
        centerUnembed(processed, w);
        break;
      case "fold_value_biases":
        foldValueBiases(processed, w);
        break;
    }
  }
  return { config: processed, weights: w.weights, steps };
}

/** LN's weight and bias move into what reads the norm, whose columns then lose their mean over its width. */
function foldLayerNorms(config: ModelConfig, w: OwnedWeights): void {
  const { nLayers, nHeads, dModel, dHead, dVocab, mlp } = config;
  for (let layer = 0; layer < nLayers; layer++) {
    const block = `blocks.${layer}`;
    const ln1 = w.takeNorm(`${block}.ln1`);
    for (const x of ["Q", "K", "V"]) {
      const [W, b] = [`${block}.attn.W_${x}`, `${block}.attn.b_${x}`];
      foldInto(w, W, b, ln1, { matrices: nHeads, rows: dModel, columns: dHead });
    }
    if (mlp === null) continue;
    const ln2 = w.takeNorm(`${block}.ln2`);
    const [rows, columns] = [dModel, mlp.dMlp];
    foldInto(w, `${block}.mlp.W_in`, `${block}.mlp.b_in`, ln2, { matrices: 1, rows, columns });
    if (mlp.activation !== "solu_ln") continue;
    const ln = w.takeNorm(`${block}.mlp.ln`);
    const out = { matrices: 1, rows: mlp.dMlp, columns: dModel };
    foldInto(w, `${block}.mlp.W_out`, `${block}.mlp.b_out`, ln, out);
  }
  const ln = w.takeNorm("ln_final");
  foldInto(w, "unembed.W_U", "unembed.b_U", ln, { matrices: 1, rows: dModel, columns: dVocab });
}

interface MatrixStack {
  readonly matrices: number;
  readonly rows: number;
  readonly columns: number;
}

/** b += ln.b W; W[m, ·] *= ln.w[m]; W -= its mean over m, for each matrix [rows m, columns]. */
function foldInto(
  weights: OwnedWeights,
  nameW: string,
  nameB: string,
  ln: NormWeights,
  { matrices, rows, columns }: MatrixStack,
): void {
  const W = weights.own(nameW);
  const bias = weights.own(nameB);
  for (let i = 0; i < matrices; i++) {
    const added = new Float64Array(columns);
    const means = new Float64Array(columns);
    const base = i * rows * columns;
    for (let m = 0; m < rows; m++) {
      const [scale, shift] = [ln.w?.[m] ?? 1, ln.b?.[m] ?? 0];
      for (let c = 0; c < columns; c++) {
        const value = W[base + m * columns + c] as number;
        added[c] = (added[c] as number) + shift * value;
        means[c] = (means[c] as number) + (scale * value) / rows;
      }
    }
    for (let m = 0; m < rows; m++) {
      const scale = ln.w?.[m] ?? 1;
      for (let c = 0; c < columns; c++) {
        const at = base + m * columns + c;
        W[at] = scale * (W[at] as number) - (means[c] as number);
      }
    }
    for (let c = 0; c < columns; c++) {
      const at = i * columns + c;
      bias[at] = (bias[at] as number) + (added[c] as number);
    }
  }
}

/** Each row of what writes to the residual stream loses its mean over d_model. */
function centerWritingWeights(config: ModelConfig, w: OwnedWeights): void {
  const names = ["embed.W_E", "pos_embed.W_pos"];
  for (let layer = 0; layer < config.nLayers; layer++) {
    const block = `blocks.${layer}`;
    names.push(`${block}.attn.W_O`, `${block}.attn.b_O`);
    names.push(`${block}.mlp.W_out`, `${block}.mlp.b_out`);
  }
  for (const name of names.filter((key) => w.has(key))) centerRows(w.own(name), config.dModel);
}

/** The unembedding loses its mean over the vocabulary: logits change by one constant per position. */
function centerUnembed(config: ModelConfig, w: OwnedWeights): void {
  centerRows(w.own("unembed.W_U"), config.dVocab);
  centerRows(w.own("unembed.b_U"), config.dVocab);
}

/** b_O += Σ_h b_V[h] W_O[h]; b_V = 0. Exact, because each row of a pattern sums to 1. */
function foldValueBiases(config: ModelConfig, w: OwnedWeights): void {
  const { nLayers, nHeads, dHead, dModel } = config;
  for (let layer = 0; layer < nLayers; layer++) {
    const at = (name: string) => `blocks.${layer}.attn.${name}`;
    const bV = w.own(at("b_V"));
    const bO = w.own(at("b_O"));
    const wO = w.read(at("W_O")); // [h, e, d]
    const sum = Float64Array.from(bO);
    for (let i = 0; i < nHeads * dHead; i++) {
      const bias = bV[i] as number;
      for (let m = 0; m < dModel; m++) {
        sum[m] = (sum[m] as number) + bias * (wO[i * dModel + m] as number);
      }
    }
    bO.set(sum);
    bV.fill(0);
  }
}

function centerRows(data: Float32Array | Float64Array, columns: number): void {
  for (let start = 0; start < data.length; start += columns) {
    let sum = 0;
    for (let c = start; c < start + columns; c++) sum += data[c] as number;
    const mean = sum / columns;
    for (let c = start; c < start + columns; c++) data[c] = (data[c] as number) - mean;
  }
}
