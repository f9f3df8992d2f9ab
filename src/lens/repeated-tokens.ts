import { usageError } from "../errors.js";
import type { Model } from "../model/index.js";
import { ItemStream } from "../random/index.js";

/** Ids that random tokens are drawn from, uniformly, both ends included. */
export interface IdRange {
  readonly lowestId: number;
  readonly highestId: number;
}

/** Random tokens that are repeated: BOS r r …. */
export interface RepeatedTokens extends IdRange {
  /** 0 to 2³² − 1. */
  readonly seed: number;
  /** What the sequences are for: two names give independent sequences. */
  readonly name: string;
  /** Tokens of r. */
  readonly length: number;
  /** How often r stands in the sequence. */
  readonly times: number;
  /** The id in front, or `null` for none. */
  readonly bos: number | null;
  /** Whether the tokens of r all differ; left out: a token may stand in r more than once. */
  readonly distinct?: boolean;
}

/**
 * One sequence of repeated random tokens, a pure function of seed, name and `item`: the same on every
 * machine and in any order.
 *
 * @throws LabError of wrong usage for an empty range of ids, or one too small for distinct tokens.
 */
export function repeatedTokens(options: RepeatedTokens, item: number): Int32Array {
  const { seed, name, length, times, bos, lowestId, highestId, distinct = false } = options;
  const ids = highestId - lowestId + 1;
  const least = distinct ? length : 1;
  if (!Number.isInteger(lowestId) || !Number.isInteger(highestId) || ids < least) {
    throw usageError(
      `${name}: expected at least ${least} ids to draw from, got ids ${lowestId} to ${highestId}`,
      "give lowestId and highestId",
    );
  }
  if (!Number.isInteger(length) || length < 1) {
    throw usageError(`${name}: expected at least one random token, got ${length}`);
  }
  const stream = new ItemStream([seed, wordOf(name)], [0, item]);
  const drawn = new Set<number>();
  const tokens = Array.from({ length }, (_, i) => {
    const accept = distinct ? (offset: number) => !drawn.has(offset) : undefined;
    const offset = stream.draw(i, ids, accept);
    drawn.add(offset);
    return lowestId + offset;
  });
  const repeated = Array.from({ length: times }, () => tokens).flat();
  return Int32Array.from(bos === null ? repeated : [bos, ...repeated]);
}

/**
 * The first `count` sequences of {@link repeatedTokens}.
 *
 * @throws LabError of wrong usage if that is none.
 */
export function repeatedSequences(options: RepeatedTokens, count: number): Int32Array[] {
  if (!Number.isInteger(count) || count < 1) {
    throw usageError(`${options.name}: expected at least one sequence, got ${count}`);
  }
  return Array.from({ length: count }, (_, item) => repeatedTokens(options, item));
}

/** All ids of a model. */
export function wholeVocabulary({ config: { dVocab } }: Pick<Model, "config">): IdRange {
  return { lowestId: 0, highestId: dVocab - 1 };
}

/**
 * A word of the random key from a name: FNV-1a of its UTF-16 code units. The top bit keeps it apart
 * from the small numbers that the experiments use.
 */
function wordOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash | 0x80000000) >>> 0;
}
