import { constant, type FloatDType, named, ops, parameter, tensor } from "../../graph/index.js";
import type { Named, Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";

const { add, concat, equal, exp, gatherElements, greater, log, logSoftmax, matMul, max, mul } = ops;
const { reshape, scatterElements, slice, sub, sumLast, where } = ops;

/** Most tokens of a chunk: its logits of a few hundred sequences stay in the processor's cache. */
const largestChunk = 4096;

/** A part of the vocabulary: ids `from` to `to` − 1. */
interface Chunk {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** The vocabulary in chunks of about the same size. */
function chunksOf(dVocab: number): Chunk[] {
  const count = Math.ceil(dVocab / largestChunk);
  const size = Math.ceil(dVocab / count);
  return Array.from({ length: count }, (_, i) => ({
    name: `tables.unembed_${i}`,
    from: i * size,
    to: Math.min((i + 1) * size, dVocab),
  }));
}

/** The unembedding by chunks of the vocabulary, each with its bias as one more row: [d + 1, chunk]. */
export function unembedTables({ dVocab }: ModelConfig, weights: WeightOf): Named[] {
  const bias = reshape(weights("unembed.b_U"), [1, dVocab]);
  return chunksOf(dVocab).map(({ name, from, to }) => {
    const rows = [slice(weights("unembed.W_U"), 1, from, to), slice(bias, 1, from, to)];
    return named(name, concat(rows, 0));
  });
}

/** Logits by chunks of the vocabulary from the kept tables: [b, d] → [b, chunk] each. */
export function chunkLogits(
  x: Value,
  { dModel, dVocab }: ModelConfig,
  dtype: FloatDType,
): readonly Value[] {
  const one = add(mul(slice(x, 1, 0, 1), 0), 1); // [b, 1]
  const withOne = concat([x, one], 1); // [b, d + 1]
  return chunksOf(dVocab).map(({ name, from, to }) =>
    matMul(withOne, parameter(name, dtype, [dModel + 1, to - from], { held: true })),
  );
}

/**
 * Log-odds of one target per sequence, nats, from logits by chunks: its logit minus the log-sum-exp of
 * all the others, exact however likely it is. [b, chunk] each, [b, 1] → [b, 1].
 *
 * The log-sum-exp of a chunk comes from one of its tokens, as its logit minus its log-probability within
 * the chunk: of the second token where the target is the first.
 */
export function chunkedLogOdds(chunks: readonly Value[], targets: Value, dVocab: number): Value {
  const parts = chunksOf(dVocab);
  const [n, dtype] = [parts.length, (chunks[0] as Value).dtype as FloatDType];
  const row = (values: readonly number[]) => constant(tensor("int32", [1, n], [...values]));
  const place = sub(targets, row(parts.map(({ from }) => from))); // [b, n], of the target in each chunk
  const last = row(parts.map(({ from, to }) => to - from - 1));
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
  const none = constant(tensor(dtype, [], [0]));
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
    ["batch", n, 2],
  );
  const first = reshape(equal(place, zero), ["batch", n, 1]);
  const pick = (i: number) => slice(differences, 2, i, i + 1); // [b, n, 1]
  const sums = reshape(where(first, pick(1), pick(0)), ["batch", n]); // log-sum-exp of each chunk
  const top = max(sums); // [b, 1]
  return sub(logit, add(top, log(sumLast(exp(sub(sums, top))))));
}
