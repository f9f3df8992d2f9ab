import type { FloatTensor, Program, Tensor, Value } from "../graph/index.js";
import type { Model } from "../model/index.js";

const programs = new WeakMap<Model, Map<string, Promise<Program>>>();

/**
 * Runs a small graph over a model's weights. Under its name it is built and compiled once per model,
 * so its sizes are symbolic and what varies are its inputs.
 */
export async function runGraph<Name extends string>(
  model: Model,
  name: string,
  build: () => Value[],
  fetch: readonly Name[],
  feed: Readonly<Record<string, Tensor>>,
): Promise<Record<Name, FloatTensor>> {
  let ofModel = programs.get(model);
  if (ofModel === undefined) programs.set(model, (ofModel = new Map()));
  let program = ofModel.get(name);
  if (program === undefined) ofModel.set(name, (program = model.programOf(build())));
  return (await (await program).run({ fetch, feed })) as Record<Name, FloatTensor>;
}

/** The same numbers, not copied, under another shape of the same size. */
export function reshaped(value: FloatTensor, shape: readonly number[]): FloatTensor {
  return { ...value, shape } as FloatTensor;
}
