import { nearestNames } from "../nearest.js";
import { gpt2Models } from "./registry/gpt2.js";
import type { KnownModel } from "./registry/known-model.js";
import { mini } from "./registry/mini.js";
import { nandaModels } from "./registry/nanda.js";
import { pythiaModels } from "./registry/pythia.js";
import { redwood } from "./registry/redwood.js";

export type {
  Architecture,
  CardToken,
  CheckpointLayout,
  KnownModel,
} from "./registry/known-model.js";
export { float32Bytes, parameterCount } from "./registry/parameter-count.js";
export { findRefusedModel, type RefusedModel, refusedModels } from "./registry/refused.js";

/** The models that can be loaded by name; the first one ships with the lab. */
export const knownModels: readonly KnownModel[] = [
  mini,
  ...nandaModels,
  redwood,
  ...gpt2Models,
  ...pythiaModels,
];

/** The card of a model, by its name, one of its other names, or its repository; `null` if none fits. */
export function findKnownModel(name: string): KnownModel | null {
  const fits = (model: KnownModel) =>
    model.name === name || model.repo === name || model.aliases.includes(name);
  return knownModels.find(fits) ?? null;
}

/** Names of known models that `name` may have meant, nearest first. */
export function nearestKnownModels(name: string): string[] {
  return nearestNames(
    name,
    knownModels.flatMap((model) => [model.name, ...model.aliases]),
  );
}
