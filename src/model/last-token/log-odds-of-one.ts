import { constant, type FloatDType, ops, tensor, type Value } from "../../graph/index.js";

const { add, concat, equal, exp, gatherElements, greater, log, logSoftmax, max, reshape } = ops;
const { scatterElements, slice, sub, sumLast, where } = ops;

/**
 * Log-odds of one target per sequence, nats, from logits by chunks of the vocabulary: its logit minus
 * the log-sum-exp of all the others, exact however likely it is. [b, chunk] each, [b, 1] → [b, 1].
 *
 * The log-sum-exp of a chunk comes from one of its tokens, as its logit minus its log-probability within
 * the chunk: of the second token where the target is the first. That is one pass for the log-softmax,
 * where a maximum and a sum would take two more.
 */
export function logOddsOfOne(chunks: readonly Value[], targets: Value): Value {
  const [b, n] = [targets.shape[0] as string, chunks.length];
  const sizes = chunks.map(({ shape }) => shape[1] as number);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + size, 0));
  const row = (values: readonly number[]) => constant(tensor("int32", [1, n], values));
  const place = sub(targets, row(starts)); // [b, n], of the target in each chunk
  const last = row(sizes.map((size) => size - 1));
  const zero = constant(tensor("int32", [], [0]));
  const fromZero = where(greater(zero, place), zero, place);
  const inside = where(greater(fromZero, last), last, fromZero); // [b, n], a place in any case
  const isThere = equal(inside, place); // [b, n]

  const masked = chunks.map((logits, i) => {
    const at = slice(inside, 1, i, i + 1); // [b, 1]
    const logit = gatherElements(logits, at); // [b, 1]
    const hidden = where(slice(isThere, 1, i, i + 1), add(logit, -Infinity), logit);
    // Computed from the logit, so that it comes after it: then ONNX Runtime masks in place.
    const others = scatterElements(logits, at, hidden); // [b, chunk]
    const difference = sub(slice(others, 1, 0, 2), slice(logSoftmax(others), 1, 0, 2)); // [b, 2]
    return { logit, difference };
  });
  const none = constant(tensor((chunks[0] as Value).dtype as FloatDType, [], [0]));
  const logits = concat(
    masked.map(({ logit }) => logit),
    1,
  );
  const logit = sumLast(where(isThere, logits, none)); // [b, 1]
  const differences = reshape(
    concat(
      masked.map(({ difference }) => difference),
      1,
    ),
    [b, n, 2],
  );
  const first = reshape(equal(place, zero), [b, n, 1]);
  const pick = (i: number) => slice(differences, 2, i, i + 1); // [b, n, 1]
  const sums = reshape(where(first, pick(1), pick(0)), [b, n]); // log-sum-exp of each chunk
  const top = max(sums); // [b, 1]
  return sub(logit, add(top, log(sumLast(exp(sub(sums, top))))));
}
