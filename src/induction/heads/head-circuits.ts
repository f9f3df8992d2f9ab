import {
  allCompositionScores,
  allHeads,
  diagonalRanks,
  embeddings,
  fullOvEigenvalues,
  ovCircuit,
} from "../../lens/index.js";
import { eigenvalueScore } from "../../linalg/index.js";
import type { Model } from "../../model/index.js";

/** Composition of a head with previous-token heads before it, the largest of each kind. */
export interface HeadComposition {
  readonly q: number;
  readonly k: number;
  readonly v: number;
}

/** What the weights alone say of every head, layer by layer. */
export interface HeadCircuits {
  /** Eigenvalue copying score Σ Re λ / Σ |λ| of W_E W_V W_O W_U. */
  readonly copying: readonly number[];
  /** How often a sampled token is the first of its own row of that circuit. */
  readonly copyingTop1: readonly number[];
  /** `null` where no previous-token head stands before the head. */
  readonly compositions: readonly (HeadComposition | null)[];
  readonly baseline: { readonly mean: number; readonly sd: number; readonly n: number } | null;
}

/** Tokens whose rows of the OV circuit are multiplied out. */
const sampledTokens = 512;

/**
 * What the weights say of every head: OV copying, and composition with the previous-token heads that
 * were found.
 *
 * @param previousTokenHeads Indices of heads, layer by layer.
 */
export async function headCircuits(
  model: Model,
  previousTokenHeads: readonly number[],
  { seed, lowestId, highestId }: { seed: number; lowestId: number; highestId: number },
): Promise<HeadCircuits> {
  const { nLayers, nHeads } = model.config;
  const heads = allHeads(model.config);
  const eigenvalues = await fullOvEigenvalues(
    model,
    heads.map((head) => [head]),
  );
  const count = Math.min(sampledTokens, highestId - lowestId + 1);
  // Evenly over the vocabulary: the same tokens for all heads and models of one tokenizer.
  const step = (highestId - lowestId + 1) / count;
  const ids = Array.from({ length: count }, (_, i) => lowestId + Math.floor(i * step));
  const rows = embeddings(model, ids);
  const copyingTop1: number[] = [];
  for (const head of heads) {
    const core = ovCircuit(model, head);
    copyingTop1.push((await diagonalRanks(model, { rows, ids, core, columns: "W_U" })).top1);
  }
  const compose = nLayers > 1 && previousTokenHeads.length > 0;
  const tables = compose
    ? (["Q", "K", "V"] as const).map((mode) =>
        allCompositionScores(model, mode, { seed, samples: 100 }),
      )
    : null;
  const largest = (table: number, index: number): number => {
    const { data } = (tables as NonNullable<typeof tables>)[table]!.scores;
    const before = previousTokenHeads.filter(
      (early) => Math.floor(early / nHeads) < Math.floor(index / nHeads),
    );
    return Math.max(...before.map((early) => data[early * heads.length + index] as number));
  };
  const compositions = heads.map((_, index): HeadComposition | null => {
    const first = previousTokenHeads.some(
      (early) => Math.floor(early / nHeads) < Math.floor(index / nHeads),
    );
    if (tables === null || !first) return null;
    return { q: largest(0, index), k: largest(1, index), v: largest(2, index) };
  });
  return {
    copying: eigenvalues.map((values) => eigenvalueScore(values)),
    copyingTop1,
    compositions,
    baseline: tables?.[1]?.baseline ?? null,
  };
}
