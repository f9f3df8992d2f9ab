import {
  type FloatDType,
  type Named,
  named,
  ops,
  parameter,
  type Value,
} from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { WeightOf } from "../hook.js";

const { add, concat, matMul, mul, reshape, slice } = ops;

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
