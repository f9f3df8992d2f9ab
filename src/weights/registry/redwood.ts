import { type KnownModel, powersFrom } from "./known-model.js";

/** Redwood Research's two-layer model, from `ArthurConmy/redwood_attn_2l`. */
export const redwood: KnownModel = {
  name: "redwood_attn_2l",
  aliases: ["redwood-attn-2l"],
  description: "attention only, positions in queries and keys alone (shortformer)",
  repo: "ArthurConmy/redwood_attn_2l",
  tokenizerRepo: "ArthurConmy/redwood_tokenizer",
  bos: {
    id: null,
    prepend: true,
    note: "TransformerLens reports a merge of its tokenizer to a token that is not in the vocabulary",
  },
  // GPT-2's 50,257 tokens and two more; from 50256 on none of them is text.
  lowestId: 0,
  highestId: 50_255,
  powersRange: powersFrom(0),
  architecture: {
    layers: 2,
    heads: 8,
    dModel: 256,
    dHead: 32,
    dMlp: null,
    nCtx: 2048,
    dVocab: 50_259,
    actFn: null,
    normalization: "LN",
    positions: "shortformer",
    parallel: false,
    unembedding: "biased",
  },
  checkpoints: null,
};
