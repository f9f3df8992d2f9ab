import { type KnownModel, powersFrom } from "./known-model.js";

function gpt2(
  name: string,
  aliases: readonly string[],
  repo: string,
  [layers, heads, dModel]: readonly [number, number, number],
): KnownModel {
  return {
    name,
    aliases,
    description: name === "distilgpt2" ? "GPT-2 small, distilled" : "GPT-2",
    repo,
    tokenizerRepo: null,
    bos: {
      id: 50_256,
      prepend: true,
      note: "<|endoftext|>, which stands between texts in training",
    },
    lowestId: 0,
    highestId: 50_255,
    powersRange: powersFrom(0),
    architecture: {
      layers,
      heads,
      dModel,
      dHead: 64,
      dMlp: 4 * dModel,
      nCtx: 1024,
      dVocab: 50_257,
      actFn: "gelu_new",
      normalization: "LN",
      positions: "standard",
      parallel: false,
      unembedding: "tied",
    },
    checkpoints: null,
  };
}

/** OpenAI's GPT-2, and its distilled form. */
export const gpt2Models: readonly KnownModel[] = [
  gpt2("gpt2", ["gpt2-small"], "openai-community/gpt2", [12, 12, 768]),
  gpt2("gpt2-medium", [], "openai-community/gpt2-medium", [24, 16, 1024]),
  gpt2("gpt2-large", [], "openai-community/gpt2-large", [36, 20, 1280]),
  gpt2("gpt2-xl", [], "openai-community/gpt2-xl", [48, 25, 1600]),
  gpt2("distilgpt2", ["distillgpt2", "distill-gpt2"], "distilbert/distilgpt2", [6, 12, 768]),
];
