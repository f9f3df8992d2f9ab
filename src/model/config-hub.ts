import { z } from "zod";
import { LabError } from "../errors.js";
import type { ModelConfig } from "./config.js";
import { checkFields, checkRotary, only, size } from "./config-schema.js";

/** Fields of Hugging Face's GPT2Config. */
const gpt2 = z.object({
  n_layer: size,
  n_head: size,
  n_embd: size,
  n_positions: size.optional(),
  n_ctx: size.optional(),
  n_inner: size.nullish(),
  vocab_size: size,
  layer_norm_epsilon: z.number().positive().default(1e-5),
  activation_function: only("gelu_new", "GPT-2's own activation"),
  scale_attn_weights: only(true, "scores are divided by √d_head"),
  scale_attn_by_inverse_layer_idx: only(false, "scores are divided by √d_head alone"),
  add_cross_attention: only(false, "cross-attention is not read"),
});

/**
 * The config of a GPT-2 model.
 *
 * @throws LabError that names the file, the field, and what was expected of it.
 */
export function readGpt2Config(json: unknown, where: string): ModelConfig {
  const c = checkFields(gpt2, json, where, "a GPT-2 model");
  const nCtx = c.n_positions ?? c.n_ctx;
  if (nCtx === undefined) {
    throw new LabError(`${where}: field "n_positions": expected number, got none`);
  }
  return {
    nLayers: c.n_layer,
    nHeads: c.n_head,
    dModel: c.n_embd,
    dHead: headSize(c.n_embd, c.n_head, where),
    nCtx,
    dVocab: c.vocab_size,
    mlp: { dMlp: c.n_inner ?? 4 * c.n_embd, activation: "gelu_new" },
    parallel: false,
    normalization: "LN",
    positions: "standard",
    rotary: null,
    eps: c.layer_norm_epsilon,
  };
}

/** Fields of Hugging Face's GPTNeoXConfig. */
const neox = z.object({
  num_hidden_layers: size,
  num_attention_heads: size,
  hidden_size: size,
  intermediate_size: size,
  max_position_embeddings: size,
  vocab_size: size,
  layer_norm_eps: z.number().positive().default(1e-5),
  hidden_act: only("gelu", "Pythia's own activation"),
  rotary_pct: z.number().positive().max(1).default(0.25),
  rotary_emb_base: z.number().positive().default(10_000),
  use_parallel_residual: z.boolean().default(true),
  attention_bias: only(true, "queries, keys and values have biases"),
  rope_scaling: only(null, "scaled rotations are not read"),
});

/**
 * The config of a GPT-NeoX model, such as a Pythia.
 *
 * @throws LabError that names the file, the field, and what was expected of it.
 */
export function readNeoxConfig(json: unknown, where: string): ModelConfig {
  const c = checkFields(neox, json, where, "a GPT-NeoX model");
  const dHead = headSize(c.hidden_size, c.num_attention_heads, where);
  const config = {
    nLayers: c.num_hidden_layers,
    nHeads: c.num_attention_heads,
    dModel: c.hidden_size,
    dHead,
    nCtx: c.max_position_embeddings,
    dVocab: c.vocab_size,
    mlp: { dMlp: c.intermediate_size, activation: "gelu" },
    parallel: c.use_parallel_residual,
    normalization: "LN",
    positions: "rotary",
    // Fractions are dropped, as transformers drops them.
    rotary: { dim: Math.floor(c.rotary_pct * dHead), base: c.rotary_emb_base },
    eps: c.layer_norm_eps,
  } as const;
  return checkRotary(config, where);
}

function headSize(dModel: number, heads: number, where: string): number {
  if (dModel % heads === 0) return dModel / heads;
  throw new LabError(
    `${where}: expected a width that its heads share evenly, got ${dModel} for ${heads} heads`,
  );
}
