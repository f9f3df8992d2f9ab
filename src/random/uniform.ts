import { philox4x32 } from "./philox.js";

const WORDS = 2 ** 32;
const LARGEST_BOUND = 2 ** 21;
const LONGEST_SEARCH = 4096;

function checkBound(where: string, bound: number): void {
  if (!Number.isInteger(bound) || bound < 1 || bound > LARGEST_BOUND) {
    throw new RangeError(`${where}: expected a bound from 1 to 2^21, got ${bound}`);
  }
}

function checkWord(where: string, word: number): void {
  if (word >>> 0 !== word) {
    throw new RangeError(`${where}: expected an integer from 0 to 2^32 - 1, got ${word}`);
  }
}

/**
 * Uniform integer in [0, bound) from one random 32-bit word, or `null` for the few words
 * (2^32 mod bound of them) that must be rejected to keep it unbiased.
 *
 * Multiply-shift of Lemire, "Fast random integer generation in an interval" (2019). Throws a
 * `RangeError` when `bound` is no integer from 1 to 2^21 or `word` no 32-bit word.
 */
export function boundedWord(word: number, bound: number): number | null {
  checkBound("boundedWord", bound);
  checkWord("boundedWord", word);
  // Below 2^53, so the product is exact and its halves can be read from the double.
  const product = word * bound;
  const low = product >>> 0;
  if (low < bound && low < WORDS % bound) return null;
  return Math.floor(product / WORDS);
}

/**
 * A source of independent random items addressed by number: what is drawn, rejected or refused for
 * one item never shifts another.
 *
 * The words of item `i` are the Philox blocks with counter `[block, i, tail[0], tail[1]]` for
 * block = 0, 1, 2, … A stream has no position: the same call gives the same answer at any time.
 */
export class ItemStream {
  readonly #key: readonly [number, number];
  readonly #tail: readonly [number, number];
  readonly #words = new Uint32Array(4);

  /** Throws a `RangeError` when a word of `key` or `tail` is no 32-bit word. */
  constructor(key: readonly [number, number], tail: readonly [number, number]) {
    for (const word of key) checkWord("ItemStream key", word);
    for (const word of tail) checkWord("ItemStream tail", word);
    this.#key = [key[0], key[1]];
    this.#tail = [tail[0], tail[1]];
  }

  /**
   * Uniform integer in [0, bound) among those that `accept` takes: the first word of the item that
   * {@link boundedWord} does not reject and `accept` does not refuse.
   *
   * Throws a `RangeError` when `item` is no 32-bit word, when `bound` is not from 1 to 2^21, and
   * when 4096 words gave nothing acceptable.
   */
  draw(item: number, bound: number, accept?: (value: number) => boolean): number {
    checkWord("ItemStream item", item);
    checkBound("ItemStream", bound);
    // accept may itself draw from this stream, so it must not share the words with us.
    const words = accept === undefined ? this.#words : new Uint32Array(4);
    for (let block = 0; block < LONGEST_SEARCH / 4; block++) {
      philox4x32([block, item, this.#tail[0], this.#tail[1]], this.#key, words);
      for (const word of words) {
        const value = boundedWord(word, bound);
        if (value !== null && (accept === undefined || accept(value))) return value;
      }
    }
    throw new RangeError(
      `ItemStream item ${item}: expected an acceptable value in [0, ${bound}), ` +
        `got none in ${LONGEST_SEARCH} words: nothing is acceptable`,
    );
  }
}

/**
 * Uniform permutation of 0 … length − 1 by Fisher–Yates (Durstenfeld 1964); step j swaps place j
 * with a place at or after it, drawn as item `firstItem + j` of the stream.
 *
 * Throws a `RangeError` when `length` is no integer from 0 to 2^21 or an item is no 32-bit word.
 */
export function shuffle(length: number, stream: ItemStream, firstItem: number): Int32Array {
  if (!Number.isInteger(length) || length < 0 || length > LARGEST_BOUND) {
    throw new RangeError(`shuffle: expected a length from 0 to 2^21, got ${length}`);
  }
  const order = Int32Array.from({ length }, (_, index) => index);
  for (let j = 0; j < length - 1; j++) {
    const other = j + stream.draw(firstItem + j, length - j);
    const value = order[j]!;
    order[j] = order[other]!;
    order[other] = value;
  }
  return order;
}
