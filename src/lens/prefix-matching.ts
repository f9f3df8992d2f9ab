import type { Model } from "../model/index.js";
import type { HeadEstimate } from "./head-estimates.js";
import type { ScoreOptions } from "./head-scores.js";
import { meanAttention } from "./mean-attention.js";
import { repeatedSequences, wholeVocabulary } from "./repeated-tokens.js";

/**
 * The text of the head evaluators of Olsson et al. 2022 (appendix), which they share, so that the same
 * options give them the same sequences.
 */
export interface EvaluatorOptions extends ScoreOptions {
  /** How often the random tokens stand in a sequence; left out: 4. */
  readonly times?: number;
  /** The start token; left out: the model's BOS. */
  readonly bos?: number;
}

/**
 * Sequences of distinct random tokens behind a start token: 10 of 25 tokens, 4 times over. The paper
 * leaves the most and the least common tokens out; our vocabularies carry no counts, so a range of ids
 * stands for that (by default all ids), as tokenizers number tokens roughly from common to rare.
 */
export function evaluatorSequences(model: Model, options: EvaluatorOptions): Int32Array[] {
  const { sequences = 10, length = 25, times = 4, bos = model.bos } = options;
  const range = { ...wholeVocabulary(model), ...options };
  const drawn = { ...range, name: "head-evaluators", length, times, bos, distinct: true };
  return repeatedSequences(drawn, sequences);
}

/**
 * Prefix-matching score of every head: mean attention from each token back to the positions that follow
 * earlier occurrences of it. Definition: Olsson et al., "In-context Learning and Induction Heads", 2022,
 * appendix; see {@link evaluatorSequences} for the text.
 *
 * @param over `entry`, the default, is the definition to the letter: the mean of the single entries of
 *   the pattern, whose largest value is 2 / times, ½ at 4 times. `query` adds up a token's entries before
 *   the mean over tokens, so that it reaches 1.
 * @throws LabError for a range with too few ids or outside the vocabulary, and sequences longer than
 *   the context.
 */
export async function prefixMatchingScore(
  model: Model,
  { over = "entry", ...options }: EvaluatorOptions & { readonly over?: "entry" | "query" },
): Promise<HeadEstimate[]> {
  const rows = evaluatorSequences(model, options);
  const followers = (tokens: Int32Array, query: number): number[] => {
    const keys: number[] = [];
    // From position 1 on: the start token is no occurrence.
    for (let i = 1; i < query; i++) if (tokens[i] === tokens[query]) keys.push(i + 1);
    return keys;
  };
  const [scores = []] = await meanAttention(
    model,
    rows,
    [{ keys: (tokens, query) => (query === 0 ? [] : followers(tokens, query)), over }],
    options.batch,
  );
  return scores;
}
