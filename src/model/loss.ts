import { ops, type Value } from "../graph/index.js";

const { gatherElements, logSoftmax, mean, mul, reshape, slice, transpose } = ops;

/**
 * Cross-entropy of the next token, −log p, in nats: the prediction at each position but the last.
 *
 * @param logits [b, p, d_vocab]
 * @param tokens [b, p]
 * @returns [b, p − 1]
 */
export function lossPerToken(logits: Value, tokens: Value): Value {
  const [b, p] = tokens.shape as [string, number];
  const logProbs = logSoftmax(slice(logits, 1, 0, p - 1)); // [b, p - 1, V]
  const next = reshape(slice(tokens, 1, 1, p), [b, p - 1, 1]);
  return mul(reshape(gatherElements(logProbs, next), [b, p - 1]), -1);
}

/** The mean of [b, n] as a scalar []. */
export function meanOf(values: Value): Value {
  return reshape(mean(transpose(mean(values), [1, 0])), []);
}
