import { z } from "zod";
import { LabError } from "../errors.js";

/** What a model's forward pass depends on, with TransformerLens's names of the sizes. */
export interface ModelConfig {
  readonly nLayers: number;
  readonly nHeads: number;
  readonly dModel: number;
  readonly dHead: number;
  /** The longest sequence, in tokens. */
  readonly nCtx: number;
  readonly dVocab: number;
  /** LN: with weight and bias; LNPre: centred and scaled only; `null`: no normalisation. */
  readonly normalization: "LN" | "LNPre" | null;
  /** Whether learned positions enter the residual stream, or the query and key inputs only. */
  readonly positions: "standard" | "shortformer";
  /** Added to the variance before the root. */
  readonly eps: number;
}

const size = z.int().positive();

/** NeelNanda's `config.json`: the fields that attention-only models use; others are ignored. */
const fileSchema = z.object({
  n_layers: size,
  n_heads: size,
  d_model: size,
  d_head: size,
  n_ctx: size,
  d_vocab: size,
  attn_only: z.literal(true, { error: "must be true: models with MLP layers are not read yet" }),
  normalization: z.enum(["LN", "LNPre"]).nullish(),
  normalization_type: z.enum(["LN", "LNPre"]).nullish(),
  shortformer_pos: z.boolean().default(false),
  final_rms: z
    .literal(false, { error: "must be false: RMS norms are not read yet" })
    .default(false),
  eps: z.number().positive().default(1e-5),
});

/**
 * Reads a `config.json` in the form of NeelNanda's models.
 *
 * @throws LabError that names the file, the field, and what was expected of it.
 */
export function parseConfig(text: string, where: string): ModelConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LabError(`${where}: expected JSON, got something else`, {
      hint: "the file is damaged: fetch it again",
      cause,
    });
  }
  const parsed = fileSchema.safeParse(json, { reportInput: true });
  if (!parsed.success) {
    const issue = parsed.error.issues[0] as z.core.$ZodIssue;
    const field = issue.path.length > 0 ? `field "${issue.path.join(".")}": ` : "";
    const missing = issue.code === "invalid_type" && issue.input === undefined;
    const problem = missing ? `expected ${issue.expected}, got none` : lowerFirst(issue.message);
    throw new LabError(`${where}: ${field}${problem}`, {
      hint: "expected the config.json of an attention-only model, as in NeelNanda's repositories",
    });
  }
  const c = parsed.data;
  return {
    nLayers: c.n_layers,
    nHeads: c.n_heads,
    dModel: c.d_model,
    dHead: c.d_head,
    nCtx: c.n_ctx,
    dVocab: c.d_vocab,
    normalization: c.normalization ?? c.normalization_type ?? null,
    positions: c.shortformer_pos ? "shortformer" : "standard",
    eps: c.eps,
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
