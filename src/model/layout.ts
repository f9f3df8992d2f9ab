import type { WeightSource } from "../weights/index.js";
import type { ModelConfig, WeightLayout } from "./config.js";
import { gpt2Layout } from "./layout-gpt2.js";
import { neoxLayout } from "./layout-neox.js";

/** The weights of a model under TransformerLens's keys and in its shapes. */
export interface LensWeights extends WeightSource {
  /** What the file calls the tensor that a weight is made of, for messages. */
  keyOf(name: string): string;
}

/** The weights of a file as TransformerLens names and shapes them, whatever the file's layout. */
export function lensWeights(
  source: WeightSource,
  layout: WeightLayout,
  config: ModelConfig,
): LensWeights {
  switch (layout) {
    case "transformer-lens":
      return { ...source, keyOf: (name) => name };
    case "gpt2":
      return gpt2Layout(source, config);
    case "gpt-neox":
      return neoxLayout(source, config);
  }
}
