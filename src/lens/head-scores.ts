import type { Model, TokenInput } from "../model/index.js";
import type { HeadEstimate, SequenceEstimate } from "./head-estimates.js";
import type { Head } from "./heads.js";
import { type AttendedPlaces, meanAttention } from "./mean-attention.js";
import { type IdRange, repeatedSequences, wholeVocabulary } from "./repeated-tokens.js";
import { tokenRows } from "./token-batches.js";

/** Random sequences to score heads on, and how many run at once. */
export interface ScoreOptions extends Partial<IdRange> {
  /** 0 to 2³² − 1. */
  readonly seed: number;
  readonly sequences?: number;
  /** Random tokens before they are repeated. */
  readonly length?: number;
  /** The most sequences of one run. */
  readonly batch?: number;
}

/** Scores of one head, 0 to 1, each a mean over sequences that keeps their single values. */
export interface HeadScores extends Head {
  /** Attention to the position before. */
  readonly previousToken: SequenceEstimate;
  /** Attention to the first occurrence of the token. */
  readonly duplicateToken: SequenceEstimate;
  /** Attention to what followed the first occurrence of the token. */
  readonly induction: SequenceEstimate;
}

/**
 * What the three detectors look at on sequences [BOS r r], r of `length` tokens, over the second half: the
 * position before, the first occurrence of the token, and what followed that occurrence.
 */
export function detectorPlaces(
  length: number,
): Readonly<Record<"previousToken" | "duplicateToken" | "induction", AttendedPlaces>> {
  const second = (keyOf: (tokens: Int32Array, query: number) => number): AttendedPlaces => ({
    keys: (tokens, query) => (query > length ? [keyOf(tokens, query)] : []),
  });
  // From position 1 on: BOS is no random token, even where the ids drawn from hold it.
  const first = (tokens: Int32Array, query: number) => tokens.indexOf(tokens[query] as number, 1);
  return {
    previousToken: second((_, query) => query - 1),
    duplicateToken: second(first),
    induction: second((tokens, query) => first(tokens, query) + 1),
  };
}

/**
 * Three detector scores of every head, layer by layer, on sequences [BOS r r]: mean attention over the
 * second half. Left out: 100 sequences, r of 50 random ids of the whole vocabulary, the model's BOS. A
 * token may stand in r more than once.
 *
 * @throws LabError for ids outside the vocabulary and sequences longer than the context.
 */
export async function headScores(
  model: Model,
  options: ScoreOptions & { readonly bos?: number },
): Promise<HeadScores[]> {
  const { sequences = 100, length = 50, batch, bos = model.bos } = options;
  const drawn = {
    ...wholeVocabulary(model),
    ...options,
    name: "head-scores",
    length,
    times: 2,
    bos,
  };
  const rows = repeatedSequences(drawn, sequences);
  const places = detectorPlaces(length);
  const [previous = [], duplicate = [], induction = []] = await meanAttention(
    model,
    rows,
    [places.previousToken, places.duplicateToken, places.induction],
    batch,
  );
  return previous.map(({ layer, head, ...previousToken }, i) => ({
    layer,
    head,
    previousToken,
    duplicateToken: estimateOf(duplicate[i] as HeadEstimate),
    induction: estimateOf(induction[i] as HeadEstimate),
  }));
}

/**
 * Previous-token score of every head: mean attention from each token but the first to the one before
 * it, on the given sequences, which should be of the kind that the model was trained on. Definition:
 * Olsson et al., "In-context Learning and Induction Heads", 2022, appendix.
 */
export async function previousTokenScore(
  model: Model,
  sequences: TokenInput,
  { batch }: { readonly batch?: number } = {},
): Promise<HeadEstimate[]> {
  const rows = tokenRows(sequences, "previousTokenScore");
  const before = { keys: (_: Int32Array, query: number) => (query > 0 ? [query - 1] : []) };
  const [scores = []] = await meanAttention(model, rows, [before], batch);
  return scores;
}

/**
 * Induction score of TransformerLens's main demo: mean of a pattern's diagonal at offset 1 − length, on
 * sequences [r, r] without BOS. Left out: 10 sequences, r of 50 random ids of 1000 to 9999. As there,
 * the diagonal has length + 1 entries: the first is the attention of the last token of the first copy
 * to the first, which is no induction.
 *
 * @throws LabError for ids outside the vocabulary and sequences longer than the context.
 */
export async function demoInductionScore(
  model: Model,
  options: ScoreOptions,
): Promise<HeadEstimate[]> {
  const { sequences = 10, length = 50, batch } = options;
  const range = { lowestId: 1000, highestId: 9999 };
  const drawn = { ...range, ...options, name: "demo-induction", length, times: 2, bos: null };
  const rows = repeatedSequences(drawn, sequences);
  const diagonal = {
    keys: (_: Int32Array, query: number) => (query >= length - 1 ? [query - (length - 1)] : []),
  };
  const [scores = []] = await meanAttention(model, rows, [diagonal], batch);
  return scores;
}

function estimateOf({ n, mean, se, values }: HeadEstimate): SequenceEstimate {
  return { n, mean, se, values };
}
