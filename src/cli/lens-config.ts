import type { ModelConfig } from "../model/index.js";

/** The fields of TransformerLens's HookedTransformerConfig that say what a model is. */
export function lensConfig(name: string, config: ModelConfig): object {
  const { mlp, rotary } = config;
  return {
    model_name: name,
    n_layers: config.nLayers,
    n_heads: config.nHeads,
    d_model: config.dModel,
    d_head: config.dHead,
    n_ctx: config.nCtx,
    d_vocab: config.dVocab,
    attn_only: mlp === null,
    d_mlp: mlp?.dMlp ?? null,
    act_fn: mlp?.activation ?? null,
    normalization_type: config.normalization,
    positional_embedding_type: config.positions,
    parallel_attn_mlp: config.parallel,
    ...(rotary !== null && { rotary_dim: rotary.dim, rotary_base: rotary.base }),
    eps: config.eps,
  };
}
