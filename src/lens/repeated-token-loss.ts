import type { Model } from "../model/index.js";
import { type Interval, meanInterval, momentsOf } from "../stats/index.js";
import { type SequenceEstimate, sequenceEstimate } from "./head-estimates.js";
import type { ScoreOptions } from "./head-scores.js";
import { repeatedSequences } from "./repeated-tokens.js";
import { tokenLoss } from "./token-loss.js";

/** A mean loss over sequences, nats. */
export interface RepeatedTokenLoss extends SequenceEstimate {
  /** Student's 95 % interval; `null` below two sequences. */
  readonly interval: Interval | null;
}

/**
 * Mean cross-entropy, nats, of the second copy of random tokens: of the predictions made at positions
 * length + 1 and later, so that its first two tokens do not count. Left out: 4 sequences, 384 ids of
 * 100 to 19999, and the model's BOS in the place of the first token of the first copy only. Definition:
 * `evals.induction_loss` of TransformerLens, here with a seed, and with the values of single sequences.
 *
 * @throws LabError for ids outside the vocabulary and sequences longer than the context.
 */
export async function repeatedTokenLoss(
  model: Model,
  options: ScoreOptions & { readonly bos?: number },
): Promise<RepeatedTokenLoss> {
  const { sequences = 4, length = 384, batch, bos = model.bos } = options;
  const name = "repeated-token-loss";
  const range = { lowestId: 100, highestId: 19_999, ...options };
  const drawn = { ...range, name, length, times: 2, bos: null };
  const rows = repeatedSequences(drawn, sequences).map((row) => row.with(0, bos));
  const places = Array.from({ length: length - 2 }, (_, i) => length + 2 + i);
  const losses = await tokenLoss(model, rows, places, { where: "repeatedTokenLoss", batch });
  const values = Float64Array.from(losses, (row) => row.reduce((a, b) => a + b, 0) / row.length);
  return { ...sequenceEstimate(values), interval: meanInterval(momentsOf(values)) };
}
