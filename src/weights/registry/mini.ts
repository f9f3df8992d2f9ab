import type { KnownModel } from "./known-model.js";

/** The model that ships inside the package; the facts are those of its README. */
export const mini: KnownModel = {
  name: "attn-only-2l-mini",
  aliases: [],
  description: "2 layers, 8 heads of 32, attention only, vocabulary 8,192; ships with the lab",
  repo: null,
  tokenizerRepo: null,
  bos: { id: 1, prepend: true },
  lowestId: 3,
  highestId: 8191,
  powersRange: { from: 3, to: 8191 },
  substitutes: { a: { id: 1850, text: " Mar" }, b: { id: 1829, text: "ius" } },
  architecture: {
    layers: 2,
    heads: 8,
    dModel: 256,
    dHead: 32,
    dMlp: null,
    nCtx: 256,
    dVocab: 8192,
    actFn: null,
    normalization: "LN",
    positions: "standard",
    parallel: false,
    unembedding: "unbiased",
  },
  checkpoints: null,
};
