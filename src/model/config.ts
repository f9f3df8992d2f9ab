import { LabError } from "../errors.js";
import type { Activation } from "./activations.js";
import { readGpt2Config, readNeoxConfig } from "./config-hub.js";
import { readLensConfig } from "./config-lens.js";
import type { Rotary } from "./rotary.js";

/** What a model's forward pass depends on, with TransformerLens's names of the sizes. */
export interface ModelConfig {
  readonly nLayers: number;
  readonly nHeads: number;
  readonly dModel: number;
  readonly dHead: number;
  /** The longest sequence, in tokens. */
  readonly nCtx: number;
  readonly dVocab: number;
  /** The MLP layers, or `null` for a model of attention only. */
  readonly mlp: { readonly dMlp: number; readonly activation: Activation } | null;
  /** Whether the MLP reads what the attention reads, instead of what the attention wrote to. */
  readonly parallel: boolean;
  /** LN: with weight and bias; LNPre: centred and scaled only; `null`: no normalisation. */
  readonly normalization: "LN" | "LNPre" | null;
  /**
   * Learned positions that enter the residual stream, or (`shortformer`) the query and key inputs
   * only; or (`rotary`) a rotation of queries and keys.
   */
  readonly positions: "standard" | "shortformer" | "rotary";
  /** The rotation, if positions are rotary. */
  readonly rotary: Rotary | null;
  /** Added to the variance before the root. */
  readonly eps: number;
}

/** How a model's files name and lay out its weights. */
export type WeightLayout = "transformer-lens" | "gpt2" | "gpt-neox";

/** What a `config.json` says. */
export interface ParsedConfig {
  readonly config: ModelConfig;
  readonly layout: WeightLayout;
  /** Id of the token that starts a sequence, where the config says it. */
  readonly bos: number | null;
}

/** The configs that the lab reads, as errors list them. */
const families = "GPT-2, GPT-NeoX, or a model in the form of NeelNanda's or TransformerLens's";

/**
 * Reads a `config.json`: of NeelNanda's repositories, of TransformerLens (the names of its
 * HookedTransformerConfig), or of Hugging Face's GPT-2 and GPT-NeoX.
 *
 * @throws LabError that names the file, the field, and what was expected of it.
 */
export function parseConfig(text: string, where: string): ParsedConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LabError(`${where}: expected JSON, got something else`, {
      hint: "the file is damaged: fetch it again",
      cause,
    });
  }
  const type = (json as { model_type?: unknown } | null)?.model_type;
  if (type === undefined) {
    return { config: readLensConfig(json, where), layout: "transformer-lens", bos: null };
  }
  const { bos_token_id: id } = json as { bos_token_id?: unknown };
  const inside = ({ dVocab }: ModelConfig) =>
    typeof id === "number" && Number.isInteger(id) && id >= 0 && id < dVocab ? id : null;
  if (type === "gpt2") {
    const config = readGpt2Config(json, where);
    return { config, layout: "gpt2", bos: inside(config) };
  }
  if (type === "gpt_neox") {
    const config = readNeoxConfig(json, where);
    return { config, layout: "gpt-neox", bos: inside(config) };
  }
  const got = JSON.stringify(type).slice(0, 60);
  throw new LabError(`${where}: field "model_type": expected "gpt2" or "gpt_neox", got ${got}`, {
    hint: `the lab reads ${families}`,
  });
}
