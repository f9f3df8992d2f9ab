import type { Positions } from "../model/index.js";
import type { ActivationCache } from "./cache.js";
import { stackHeadResults } from "./head-results.js";
import { applyLnToStack } from "./normalize.js";
import { embeddings, sumOfWeights } from "./residual.js";
import { blocksBefore, type Component, joinStacks, type ResidualStack, stackOf } from "./stack.js";

/** What {@link fullResidDecomposition} takes apart. */
export interface FullDecompositionOptions {
  /** The stream that this block reads; left out: the end of the stream. */
  readonly layer?: number;
  /** Normalise as {@link applyLnToStack} does. */
  readonly applyLn?: boolean;
  readonly positions?: Positions;
}

/**
 * The residual stream as heads, MLP layers, embeddings and attention biases, which sum to it: labels
 * `L0H0`, …, `0_mlp_out`, …, `embed`, `pos_embed`, `bias`. As TransformerLens's
 * `get_full_resid_decomposition(expand_neurons=False)`, but of models of attention only too, and
 * without shortformer positions, which are not in the stream.
 */
export async function fullResidDecomposition(
  cache: ActivationCache,
  { layer, applyLn = false, positions }: FullDecompositionOptions = {},
): Promise<ResidualStack> {
  const end = blocksBefore(cache, layer);
  const layers = [...Array(end).keys()];
  const parts: Component[] = cache.model.config.mlp
    ? layers.map((l) => ({ label: `${l}_mlp_out`, value: cache.mlpOut(l) }))
    : [];
  const biases = layers.map((l) => `blocks.${l}.attn.b_O`);
  parts.push(...embeddings(cache), { label: "bias", value: sumOfWeights(cache, biases) });
  const rest = stackOf(cache, parts, positions);
  const at = positions === undefined ? {} : { positions };
  const heads = end === 0 ? [] : [await stackHeadResults(cache, { layer: end, ...at })];
  const all = joinStacks([...heads, rest], "fullResidDecomposition");
  return applyLn ? applyLnToStack(cache, all, { layer: end }) : all;
}
