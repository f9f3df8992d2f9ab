import { z } from "zod";
import { LabError } from "../errors.js";
import { activations } from "./activations.js";
import type { ModelConfig } from "./config.js";
import { checkFields, checkRotary, only, size } from "./config-schema.js";

/**
 * The fields of NeelNanda's `config.json` and of TransformerLens's HookedTransformerConfig that
 * matter to a forward pass; others are ignored.
 */
const schema = z.object({
  n_layers: size,
  n_heads: size,
  d_model: size,
  d_head: size,
  n_ctx: size,
  d_vocab: size,
  d_vocab_out: size.nullish(),
  attn_only: z.boolean().default(false),
  d_mlp: size.nullish(),
  act_fn: z.string().nullish(),
  normalization: z.enum(["LN", "LNPre"]).nullish(),
  normalization_type: z.enum(["LN", "LNPre"]).nullish(),
  shortformer_pos: z.boolean().default(false),
  positional_embedding_type: z.enum(["standard", "shortformer", "rotary"]).nullish(),
  rotary_dim: size.nullish(),
  rotary_base: z.number().positive().default(10_000),
  parallel_attn_mlp: z.boolean().default(false),
  eps: z.number().positive().default(1e-5),
  final_rms: only(false, "RMS norms are not read"),
  architecture: z
    .string()
    .nullish()
    .refine((name) => name !== "neel-solu-old", {
      error: "must not be neel-solu-old: its weights are transposed and have other norms",
    }),
  rotary_adjacent_pairs: only(false, "rotations pair j with j + rotary_dim / 2"),
  attention_dir: only("causal", "attention is causal"),
  use_attn_scale: only(true, "scores are divided by √d_head"),
  scale_attn_by_inverse_layer_idx: only(false, "scores are divided by √d_head alone"),
  use_local_attn: only(false, "every key before a query is seen"),
  gated_mlp: only(false, "gated MLP layers are not read"),
});

/**
 * The config of a model in TransformerLens's own terms.
 *
 * @throws LabError that names the file, the field, and what was expected of it.
 */
export function readLensConfig(json: unknown, where: string): ModelConfig {
  const c = checkFields(
    schema,
    json,
    where,
    "a model in the form of NeelNanda's repositories or of TransformerLens",
  );
  if ((c.d_vocab_out ?? c.d_vocab) !== c.d_vocab) {
    throw new LabError(
      `${where}: field "d_vocab_out": expected d_vocab, ${c.d_vocab}, got ${c.d_vocab_out}`,
      { hint: "the lab reads models that predict the tokens that they read" },
    );
  }
  const positions = c.positional_embedding_type ?? (c.shortformer_pos ? "shortformer" : "standard");
  const rotary =
    positions === "rotary" ? { dim: c.rotary_dim ?? c.d_head, base: c.rotary_base } : null;
  const config = {
    nLayers: c.n_layers,
    nHeads: c.n_heads,
    dModel: c.d_model,
    dHead: c.d_head,
    nCtx: c.n_ctx,
    dVocab: c.d_vocab,
    mlp: c.attn_only ? null : mlpOf(c.d_mlp ?? 4 * c.d_model, c.act_fn, where),
    parallel: !c.attn_only && c.parallel_attn_mlp,
    normalization: c.normalization ?? c.normalization_type ?? null,
    positions,
    rotary,
    eps: c.eps,
  } as const;
  return checkRotary(config, where);
}

function mlpOf(dMlp: number, name: string | null | undefined, where: string): ModelConfig["mlp"] {
  const activation = activations.find((known) => known === name);
  if (activation !== undefined) return { dMlp, activation };
  const got = typeof name === "string" ? JSON.stringify(name.slice(0, 60)) : "none";
  throw new LabError(
    `${where}: field "act_fn": expected one of ${activations.join(", ")}, got ${got}`,
    { hint: "for a model of attention only set attn_only to true" },
  );
}
