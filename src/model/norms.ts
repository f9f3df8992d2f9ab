import type { ModelConfig } from "./config.js";
import type { WeightOf } from "./hook.js";
import type { Norm } from "./layer-norm.js";

/** A model's normalisation of that name, such as `blocks.0.ln1`. */
export function normOf(name: string, config: ModelConfig, weights: WeightOf): Norm {
  const { normalization: kind, eps } = config;
  if (kind !== "LN") return { kind, eps };
  return { kind, eps, w: weights(`${name}.w`), b: weights(`${name}.b`) };
}

/** SoLU's LayerNorm, which a model has also where it normalises nothing else. */
export function soluNorm(name: string, config: ModelConfig, weights: WeightOf): Norm {
  const norm = normOf(name, config, weights);
  return norm.kind === null ? { kind: "LNPre", eps: norm.eps } : norm;
}
