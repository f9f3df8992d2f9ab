import { usageError } from "../errors.js";
import { type FloatTensor, zeros } from "../graph/index.js";
import type { Positions } from "../model/index.js";
import type { ActivationCache } from "./cache.js";
import { applyLnToStack, normalizeStack } from "./normalize.js";
import {
  blocksBefore,
  type Component,
  type ResidualStack,
  stackOf,
  streamBefore,
} from "./stack.js";

/** What {@link accumulatedResid} stacks, and how it normalises it. */
export interface AccumulatedOptions {
  /** Up to the stream that this block reads; left out: to the end. */
  readonly layer?: number;
  /** Also the stream between attention and MLP, where a model has it. */
  readonly inclMid?: boolean;
  /** Apply the norm that reads the stream at `layer`, LN's weight and bias included. */
  readonly applyLn?: boolean;
  /** Divide by the cached scale of that norm, instead of by each component's own statistics. */
  readonly frozenScale?: boolean;
  readonly positions?: Positions;
}

/** What {@link decomposeResid} takes apart, and how. */
export interface DecomposeOptions {
  /** The stream that this block reads; left out: the end of the stream. */
  readonly layer?: number;
  /** Of which layers: `all` (the default), `attn` or `mlp`. */
  readonly mode?: "all" | "attn" | "mlp";
  /** Also the embeddings, which is the default. */
  readonly inclEmbeds?: boolean;
  /** Biases (b_O, b_out) apart from the layers, as a last component `bias`. */
  readonly biases?: boolean;
  /** Normalise as {@link applyLnToStack} does. */
  readonly applyLn?: boolean;
  readonly positions?: Positions;
}

/**
 * The residual stream as each block reads it, and at last at `layer`: labels `0_pre`, `0_mid`,
 * `1_pre`, …, `final_post`. With `applyLn` the statistics are each component's own, as in
 * TransformerLens since its pull request 1077 (October 2025); `frozenScale` is what it did before.
 */
export async function accumulatedResid(
  cache: ActivationCache,
  options: AccumulatedOptions = {},
): Promise<ResidualStack> {
  const { layer, inclMid = false, applyLn = false, frozenScale = false, positions } = options;
  if (frozenScale && !applyLn) {
    throw usageError(
      "accumulatedResid: expected applyLn with frozenScale, got frozenScale alone",
      "applyLn: true",
    );
  }
  const { nLayers, mlp, parallel } = cache.model.config;
  const end = blocksBefore(cache, layer);
  const parts: Component[] = [];
  for (let l = 0; l <= end; l++) {
    const label = l === nLayers ? "final_post" : `${l}_pre`;
    parts.push({ label, value: streamBefore(cache, l) });
    if (inclMid && l < end && mlp !== null && !parallel) {
      parts.push({ label: `${l}_mid`, value: cache.residMid(l) });
    }
  }
  const stack = stackOf(cache, parts, positions);
  if (!applyLn) return stack;
  const scale = frozenScale ? "cached" : "own";
  return normalizeStack(cache, stack, { layer: end, scale, affine: true });
}

/**
 * What the embeddings and each layer write to the residual stream: labels `embed`, `pos_embed`,
 * `0_attn_out`, `0_mlp_out`, …. The components sum to the stream that block `layer` reads, or, left
 * out, to its end. Shortformer positions are no component, since they are not in the stream; in
 * TransformerLens's `decompose_resid` they are one, and the sum is wrong.
 */
export async function decomposeResid(
  cache: ActivationCache,
  options: DecomposeOptions = {},
): Promise<ResidualStack> {
  const { layer, mode = "all", inclEmbeds = true, biases = false, positions } = options;
  const { mlp } = cache.model.config;
  const end = blocksBefore(cache, layer);
  const parts = inclEmbeds ? embeddings(cache) : [];
  const names: string[] = [];
  const part = (label: string, value: FloatTensor, bias: string) => {
    names.push(bias);
    parts.push({ label, value: biases ? without(value, weight(cache, bias)) : value });
  };
  for (let l = 0; l < end; l++) {
    if (mode !== "mlp") part(`${l}_attn_out`, cache.attnOut(l), `blocks.${l}.attn.b_O`);
    if (mode !== "attn" && mlp !== null) {
      part(`${l}_mlp_out`, cache.mlpOut(l), `blocks.${l}.mlp.b_out`);
    }
  }
  if (biases) parts.push({ label: "bias", value: sumOfWeights(cache, names) });
  const stack = stackOf(cache, parts, positions);
  return options.applyLn === true ? applyLnToStack(cache, stack, { layer: end }) : stack;
}

/** The embeddings that are in the residual stream. */
export function embeddings(cache: ActivationCache): Component[] {
  const embed = { label: "embed", value: cache.embed() };
  return cache.model.config.positions === "standard"
    ? [embed, { label: "pos_embed", value: cache.posEmbed() }]
    : [embed];
}

/** The sum of weights of the shape [d_model], such as the biases of several layers. */
export function sumOfWeights(cache: ActivationCache, names: readonly string[]): FloatTensor {
  const { config, dtype } = cache.model;
  const total = new Float64Array(config.dModel);
  for (const name of names) {
    const { data } = weight(cache, name);
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (data[i] as number);
  }
  const sum = zeros(dtype, [config.dModel]) as FloatTensor;
  sum.data.set(total);
  return sum;
}

/**
 * A value of every layer as one tensor [layer, …], by its short name: `stackActivation(cache,
 * "pattern")` is [layer, batch, head, query, key]. The labels are full names.
 */
export function stackActivation(
  cache: ActivationCache,
  name: string,
): { readonly labels: readonly string[]; readonly values: FloatTensor } {
  const layers = [...Array(cache.model.config.nLayers).keys()];
  const tensors = layers.map((layer) => cache.float(name, layer));
  const [first] = tensors as [FloatTensor, ...FloatTensor[]];
  const values = zeros(first.dtype, [layers.length, ...first.shape]) as FloatTensor;
  for (const [i, { data }] of tensors.entries()) values.data.set(data, i * data.length);
  return { labels: layers.map((layer) => cache.fullName(name, layer)), values };
}

function weight(cache: ActivationCache, name: string): FloatTensor {
  return cache.model.weights.get(name) as FloatTensor;
}

/** [batch, position, d_model] minus a vector [d_model]. */
function without(value: FloatTensor, bias: FloatTensor): FloatTensor {
  const data = value.data.slice();
  const d = bias.data.length;
  for (let i = 0; i < data.length; i++)
    data[i] = (data[i] as number) - (bias.data[i % d] as number);
  return { ...value, data } as FloatTensor;
}
