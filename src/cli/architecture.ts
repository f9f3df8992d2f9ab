import type { ModelConfig, WeightLayout } from "../model/index.js";
import type { Architecture } from "../weights/index.js";

/** The form of a model whose config.json was read, in the terms of the registry. */
export function architectureOf(config: ModelConfig, layout: WeightLayout): Architecture {
  const unembeddings = {
    "transformer-lens": "biased",
    gpt2: "tied",
    "gpt-neox": "unbiased",
  } as const;
  return {
    layers: config.nLayers,
    heads: config.nHeads,
    dModel: config.dModel,
    dHead: config.dHead,
    dMlp: config.mlp?.dMlp ?? null,
    nCtx: config.nCtx,
    dVocab: config.dVocab,
    actFn: config.mlp?.activation ?? null,
    normalization: config.normalization,
    positions: config.positions,
    parallel: config.parallel,
    unembedding: unembeddings[layout],
  };
}
