import {
  type Engine,
  type FloatDType,
  keepValues,
  type Named,
  Program,
  type TensorStore,
  type Value,
} from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { Weights } from "../parameters.js";

/** What the programs of the last-token path are made of. */
export interface PathParts {
  readonly config: ModelConfig;
  readonly dtype: FloatDType;
  readonly engine: Engine;
  readonly weights: Weights;
  /** The model's weights in the engine, and what is computed from them once. */
  readonly store: TensorStore;
}

/** A program over the weights and what is kept beside them. */
export function programOf({ engine, store, weights }: PathParts, roots: readonly Value[]): Program {
  return new Program(roots, engine, store, weights);
}

/** Keeps values one by one, so that what each needs on the way is gone before the next. */
export async function keepEach(
  { engine, store }: PathParts,
  values: readonly Named[],
): Promise<void> {
  for (const value of values) await keepValues(engine, store, [value]);
}
