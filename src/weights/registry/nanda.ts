/**
 * Neel Nanda's small models, as TransformerLens 2.18 names and loads them
 * (`loading_from_pretrained.py`; its table of model properties).
 */
import { type Architecture, type KnownModel, powersFrom } from "./known-model.js";

/** The vocabulary that the 2023 post used: ids 0–2 are special, BOS is 1, and the post draws from 4. */
const digits = {
  tokenizerRepo: "NeelNanda/gpt-neox-tokenizer-digits",
  bos: { id: 1, prepend: true, note: "trained with BOS: without it the model is off its data" },
  lowestId: 4,
  highestId: 48_261,
  powersRange: powersFrom(4),
} as const;

const small: Architecture = {
  layers: 1,
  heads: 8,
  dModel: 512,
  dHead: 64,
  dMlp: 2048,
  nCtx: 1024,
  dVocab: 48_262,
  actFn: "gelu",
  normalization: "LN",
  positions: "standard",
  parallel: false,
  unembedding: "biased",
};

function ofDigits(
  name: string,
  repo: string,
  aliases: readonly string[],
  description: string,
  form: Partial<Architecture>,
): KnownModel {
  return {
    name,
    aliases,
    description,
    repo: `NeelNanda/${repo}`,
    ...digits,
    architecture: { ...small, ...form },
    checkpoints: "nanda",
  };
}

const c4Aliases = (name: string) => [`${name}-new`, `${name}-c4-code`];
const c4 = "trained on 80 % C4 and 20 % Python code";

const attentionOnly = [1, 2, 3, 4].map((layers) => {
  const name = `attn-only-${layers}l`;
  const model = layers === 2 ? "; the model of the 2023 post" : "";
  const form = { layers, dMlp: null, actFn: null };
  const repo = `Attn_Only_${layers}L512W_C4_Code`;
  return ofDigits(name, repo, c4Aliases(name), `attention only, ${c4}${model}`, form);
});

const gelu = [1, 2, 3, 4].map((layers) => {
  const name = `gelu-${layers}l`;
  const form = { layers, actFn: "gelu" } as const;
  return ofDigits(name, `GELU_${layers}L512W_C4_Code`, c4Aliases(name), `GELU MLPs, ${c4}`, form);
});

const soluWidths = [
  [1, 512],
  [2, 512],
  [3, 512],
  [4, 512],
  [6, 768],
  [8, 1024],
  [10, 1280],
  [12, 1536],
] as const;

const soluOf = (layers: number, dModel: number) =>
  ({ layers, heads: dModel / 64, dModel, dMlp: 4 * dModel, actFn: "solu_ln" }) as const;

const solu = soluWidths.map(([layers, width]) => {
  const name = `solu-${layers}l`;
  const repo = `SoLU_${layers}L${width}W_C4_Code`;
  return ofDigits(name, repo, c4Aliases(name), `SoLU MLPs, ${c4}`, soluOf(layers, width));
});

const soluWiki = [1, 4].map((layers) => {
  const name = `solu-${layers}l`;
  const aliases = [`${name}-wiki-finetune`, `${name}-finetune`];
  const repo = `SoLU_${layers}L512W_Wiki_Finetune`;
  const description = `${name}, trained further on Wikipedia`;
  return ofDigits(`${name}-wiki`, repo, aliases, description, soluOf(layers, 512));
});

const demo: KnownModel = {
  name: "attn-only-2l-demo",
  aliases: ["attn-only-demo", "attn-only-2l-induction-demo", "attn-only-2l-shortformer-6b-big-lr"],
  description: "attention only, positions in queries and keys alone (shortformer), no norms",
  repo: "NeelNanda/Attn-Only-2L512W-Shortformer-6B-big-lr",
  tokenizerRepo: "EleutherAI/gpt-neox-20b",
  bos: { id: 0, prepend: true },
  lowestId: 2,
  highestId: 50_276,
  powersRange: powersFrom(2),
  architecture: {
    ...small,
    layers: 2,
    dMlp: null,
    actFn: null,
    dVocab: 50_277,
    normalization: null,
    positions: "shortformer",
  },
  checkpoints: "nanda",
};

/** Neel Nanda's models that the lab loads. */
export const nandaModels: readonly KnownModel[] = [
  ...attentionOnly,
  demo,
  ...gelu,
  ...solu,
  ...soluWiki,
];
