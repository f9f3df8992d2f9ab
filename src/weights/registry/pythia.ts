import { type KnownModel, powersFrom } from "./known-model.js";

function pythia(
  size: string,
  [layers, heads, dModel, dHead]: readonly [number, number, number, number],
  aliases: readonly string[] = [],
): KnownModel {
  const name = `pythia-${size}`;
  return {
    name,
    aliases,
    description: "GPT-NeoX form, parallel blocks, rotary positions, trained on the Pile",
    repo: `EleutherAI/${name}`,
    tokenizerRepo: null,
    bos: {
      id: 0,
      prepend: true,
      note: "TransformerLens 2.x puts <|endoftext|> in front, 3.x does not: say which",
    },
    // The tokenizer ends at 50276; the vocabulary is padded beyond it.
    lowestId: 2,
    highestId: 50_276,
    powersRange: powersFrom(2),
    architecture: {
      layers,
      heads,
      dModel,
      dHead,
      dMlp: 4 * dModel,
      nCtx: 2048,
      dVocab: 50_304,
      actFn: "gelu",
      normalization: "LN",
      positions: "rotary",
      parallel: true,
      unembedding: "unbiased",
    },
    checkpoints: "pythia",
  };
}

/** EleutherAI's Pythia models up to 1.4 B parameters (Biderman et al. 2023, table 1). */
export const pythiaModels: readonly KnownModel[] = [
  pythia("14m", [6, 4, 128, 32]),
  pythia("31m", [6, 8, 256, 32]),
  pythia("70m", [6, 8, 512, 64], ["pythia", "pythia-19m"]),
  pythia("160m", [12, 12, 768, 64], ["pythia-125m"]),
  pythia("410m", [24, 16, 1024, 64], ["pythia-350m"]),
  pythia("1b", [16, 8, 2048, 256], ["pythia-800m"]),
  pythia("1.4b", [24, 16, 2048, 128], ["pythia-1.3b"]),
];
