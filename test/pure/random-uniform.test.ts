import { describe, expect, it } from "vitest";
import { boundedWord, ItemStream, philox4x32, shuffle } from "../../src/random/index.js";

/**
 * Chi-square against equal counts as a normal deviate (Wilson and Hilferty 1931). Both signs are
 * bad: too large is uneven, too small is more even than chance.
 */
function unevenness(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const freedom = counts.length - 1;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  const width = 2 / (9 * freedom);
  return (Math.cbrt(chiSquare / freedom) - (1 - width)) / Math.sqrt(width);
}

function tally(cells: number, draws: number, cellOf: (draw: number) => number): number[] {
  const counts = new Array<number>(cells).fill(0);
  for (let draw = 0; draw < draws; draw++) counts[cellOf(draw)]!++;
  return counts;
}

const stream = new ItemStream([2023, 1], [7, 0]);

describe("boundedWord", () => {
  // The words of a value are consecutive, and only the first of them can be one to reject; so the
  // first, second and last word of every value decide all 2^32 words.
  it.each([1, 2, 3, 22, 1000, 8189, 48258, 65536, 2 ** 21 - 1, 2 ** 21])(
    "gives every value below %i the same number of words",
    (bound) => {
      const firstWord = (value: number): number =>
        Number((BigInt(value) * 2n ** 32n + BigInt(bound) - 1n) / BigInt(bound));
      const share = Math.floor(2 ** 32 / bound);
      let rejected = 0;
      const wrong: number[] = [];
      for (let value = 0; value < bound; value++) {
        const first = firstWord(value);
        const end = firstWord(value + 1);
        const ofFirst = boundedWord(first, bound);
        if (ofFirst === null) rejected++;
        const accepted = end - first - (ofFirst === null ? 1 : 0);
        const right =
          accepted === share &&
          (ofFirst === null || ofFirst === value) &&
          boundedWord(first + 1, bound) === value &&
          boundedWord(end - 1, bound) === value;
        if (!right) wrong.push(value);
      }
      expect(wrong).toEqual([]);
      expect(rejected).toBe(2 ** 32 % bound);
    },
  );

  it("refuses a bound or a word out of range", () => {
    for (const bound of [0, -1, 1.5, 2 ** 21 + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => boundedWord(1, bound)).toThrow(
        new RangeError(`boundedWord: expected a bound from 1 to 2^21, got ${bound}`),
      );
    }
    for (const word of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => boundedWord(word, 3)).toThrow(RangeError);
    }
  });
});

describe("ItemStream", () => {
  it.each([3, 22, 8189, 48258])("draws uniformly below %i", (bound) => {
    const counts = tally(bound, Math.max(30_000, 12 * bound), (item) => stream.draw(item, bound));
    expect(Math.abs(unevenness(counts))).toBeLessThan(4);
  });

  it("draws uniformly over streams, for one item", () => {
    const counts = tally(22, 30_000, (k) => new ItemStream([2023, 1], [7, k]).draw(5, 22));
    expect(Math.abs(unevenness(counts))).toBeLessThan(4);
  });

  it("draws uniformly among the accepted values only", () => {
    const counts = tally(22, 40_000, (item) => stream.draw(item, 22, (value) => value % 3 !== 1));
    const accepted = counts.filter((_, value) => value % 3 !== 1);
    expect(accepted.reduce((sum, count) => sum + count, 0)).toBe(40_000);
    expect(Math.abs(unevenness(accepted))).toBeLessThan(4);
  });

  it("draws neighbouring items, keys and streams independently of each other", () => {
    const others = [
      (item: number) => stream.draw(item + 1, 22),
      (item: number) => new ItemStream([2023, 2], [7, 0]).draw(item, 22),
      (item: number) => new ItemStream([2024, 1], [7, 0]).draw(item, 22),
      (item: number) => new ItemStream([2023, 1], [8, 0]).draw(item, 22),
      (item: number) => new ItemStream([2023, 1], [7, 1]).draw(item, 22),
    ];
    for (const other of others) {
      const pairs = tally(484, 20_000, (item) => 22 * stream.draw(item, 22) + other(item));
      expect(Math.abs(unevenness(pairs))).toBeLessThan(4);
    }
  });

  it("takes an item's words from its Philox blocks in order", () => {
    const words = [0, 1, 2, 3].flatMap((block) =>
      Array.from(philox4x32([block, 40, 7, 0], [2023, 1])),
    );
    const values = words.map((word) => boundedWord(word, 1000));
    for (let refusals = 0; refusals < values.length; refusals++) {
      let seen = 0;
      expect(stream.draw(40, 1000, () => seen++ === refusals)).toBe(values[refusals]);
    }
  });

  it("skips the words that boundedWord rejects", () => {
    // One word in 2049 of this bound is rejected, about as many as can be below 2^21.
    const bound = Math.ceil(2 ** 32 / 2049);
    const items = Array.from({ length: 20_000 }, (_, item) => item);
    const rejecting = items.filter(
      (item) => boundedWord(philox4x32([0, item, 7, 0], [2023, 1])[0]!, bound) === null,
    );
    expect(rejecting.length).toBeGreaterThan(0);
    for (const item of rejecting) {
      const second = philox4x32([0, item, 7, 0], [2023, 1])[1]!;
      expect(stream.draw(item, bound)).toBe(boundedWord(second, bound));
    }
  });

  it("leaves all other items as they were when one item is refused", () => {
    const plain = Array.from({ length: 12 }, (_, item) => stream.draw(item, 48258));
    const refused = Array.from({ length: 12 }, (_, item) =>
      item === 3
        ? stream.draw(item, 48258, (value) => value !== plain[3])
        : stream.draw(item, 48258),
    );
    expect(refused[3]).not.toBe(plain[3]);
    expect(refused.filter((_, item) => item !== 3)).toEqual(plain.filter((_, item) => item !== 3));
  });

  it("lets accept draw from the same stream", () => {
    for (let item = 0; item < 20; item++) {
      const expected = stream.draw(item, 22, (value) => value > 18);
      const nested = stream.draw(item, 22, (value) => {
        stream.draw(item + 1, 22);
        stream.draw(item + 2, 22, (other) => other > 3);
        return value > 18;
      });
      expect(nested).toBe(expected);
    }
  });

  it("says so when nothing is acceptable, after 4096 words", () => {
    let asked = 0;
    const refuse = (): boolean => {
      asked++;
      return false;
    };
    expect(() => stream.draw(5, 4, refuse)).toThrow(
      new RangeError(
        "ItemStream item 5: expected an acceptable value in [0, 4), " +
          "got none in 4096 words: nothing is acceptable",
      ),
    );
    expect(asked).toBe(4096);
  });

  it("refuses words, items and bounds out of range", () => {
    expect(() => new ItemStream([-1, 0], [0, 0])).toThrow(/ItemStream key: expected an integer/);
    expect(() => new ItemStream([0, 0], [0, 2 ** 32])).toThrow(/ItemStream tail: .* 4294967296$/);
    expect(() => stream.draw(0.5, 3)).toThrow(/ItemStream item: .* 0\.5$/);
    expect(() => stream.draw(0, 0)).toThrow(/ItemStream: expected a bound .* 0$/);
  });
});

describe("shuffle", () => {
  it("reaches every order of four, all equally often", () => {
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 12_000; draw++) {
      const order = shuffle(4, stream, 4 * draw).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(Math.abs(unevenness([...counts.values()]))).toBeLessThan(4);
  });

  it("gives a permutation whose step j is item firstItem + j", () => {
    const order = shuffle(300, stream, 1000);
    expect(Array.from(order).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 300 }, (_, i) => i),
    );
    const left = Array.from({ length: 300 }, (_, i) => i);
    for (let j = 0; j < 300; j++) {
      const other = j + stream.draw(1000 + j, 300 - j);
      [left[j], left[other]] = [left[other]!, left[j]!];
    }
    expect(Array.from(order)).toEqual(left);
  });

  it("leaves nothing to shuffle below two places, and refuses a bad length", () => {
    expect(shuffle(0, stream, 0)).toEqual(new Int32Array(0));
    expect(shuffle(1, stream, 0)).toEqual(new Int32Array(1));
    for (const length of [-1, 1.5, 2 ** 21 + 1]) {
      expect(() => shuffle(length, stream, 0)).toThrow(RangeError);
    }
    expect(() => shuffle(3, stream, 2 ** 32 - 1)).toThrow(/ItemStream item/);
  });
});
