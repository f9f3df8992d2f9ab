/** A model that TransformerLens loads and the lab does not. */
export interface RefusedModel {
  /** TransformerLens's names of it, and its repository. */
  readonly names: readonly string[];
  readonly reason: string;
  /** What to take instead. */
  readonly instead: string;
}

const reason =
  "trained on the Pile with another tokenizer, RMS final norms and, in part, transposed weights";

/** Layers, training run, and the model of like size that the lab loads. */
const pile = [
  [1, 9],
  [2, 10],
  [4, 11],
  [6, 13],
  [8, 21],
  [10, 22],
  [12, 23],
] as const;

/** The first SoLU models, `original_architecture` "neel-solu-old" in TransformerLens. */
export const refusedModels: readonly RefusedModel[] = pile.map(([layers, version]) => ({
  names: [
    `solu-${layers}l-pile`,
    `solu-${layers}l-old`,
    `NeelNanda/SoLU_${layers}L_v${version}_old`,
  ],
  reason,
  instead: `solu-${layers}l`,
}));

/** Why a model of that name is not loaded; `null` if nothing is known against it. */
export function findRefusedModel(name: string): RefusedModel | null {
  return refusedModels.find(({ names }) => names.includes(name)) ?? null;
}
