import type { Model, TokenInput } from "../model/index.js";
import { type SequenceEstimate, sequenceEstimate } from "./head-estimates.js";
import { tokenRows } from "./token-batches.js";
import { tokenLoss } from "./token-loss.js";

/** Which tokens' losses are compared. */
export interface InContextLearningOptions {
  /** Position of the later token, counted from 0 (BOS); left out: 500. */
  readonly late?: number;
  /** Position of the earlier token; left out: 50. */
  readonly early?: number;
  /** The most sequences of one run. */
  readonly batch?: number;
}

/**
 * In-context-learning score, nats: the loss of the token at position 500 minus that of the token at
 * position 50, averaged over sequences, which should be of the kind that the model was trained on.
 * Negative where a longer context helps. Definition: Olsson et al., "In-context Learning and Induction
 * Heads", 2022, over 10,000 sequences of 512 tokens.
 *
 * @throws LabError for sequences that are too short or too long.
 */
export async function inContextLearningScore(
  model: Model,
  sequences: TokenInput,
  { late = 500, early = 50, batch }: InContextLearningOptions = {},
): Promise<SequenceEstimate> {
  const where = "inContextLearningScore";
  const rows = tokenRows(sequences, where);
  const losses = await tokenLoss(model, rows, [early, late], { where, batch });
  return sequenceEstimate(
    Float64Array.from(losses, ([before, after]) => (after as number) - (before as number)),
  );
}
