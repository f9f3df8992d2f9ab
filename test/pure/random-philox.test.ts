import { describe, expect, it } from "vitest";
import { philox4x32 } from "../../src/random/index.js";

const MASK = 0xffff_ffffn;

/** Philox4x32-10 in BigInt, straight from the paper's definition of a round. */
function philoxInBigInt(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const left = 0xd2511f53n * c0;
    const right = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [
      (right >> 32n) ^ c1 ^ k0,
      right & MASK,
      (left >> 32n) ^ c3 ^ k1,
      left & MASK,
    ];
    k0 = (k0 + 0x9e3779b9n) & MASK;
    k1 = (k1 + 0xbb67ae85n) & MASK;
  }
  return [c0, c1, c2, c3].map(Number);
}

describe("philox4x32", () => {
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)("gives Random123's known answer for counter %j", (counter, key, answer) => {
    expect(Array.from(philox4x32(counter, key))).toEqual(answer);
  });

  it("equals exact integer arithmetic, also at words with all bits on either side of a half", () => {
    const edges = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xffffffff];
    for (const first of edges) {
      for (const third of edges) {
        const counter = [first, 0x80000001, third, 7] as const;
        const key = [third, first] as const;
        expect(Array.from(philox4x32(counter, key))).toEqual(philoxInBigInt(counter, key));
      }
    }
    let words = [1, 2, 3, 4] as [number, number, number, number];
    for (let step = 0; step < 500; step++) {
      const next = philoxInBigInt(words, [step, 0xffffffff - step]);
      expect(Array.from(philox4x32(words, [step, 0xffffffff - step]))).toEqual(next);
      words = next as typeof words;
    }
  });

  it("writes to the array it is given and refuses one that is too short", () => {
    const out = new Uint32Array(6).fill(9);
    expect(philox4x32([0, 0, 0, 0], [0, 0], out)).toBe(out);
    expect(Array.from(out)).toEqual([0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8, 9, 9]);
    expect(() => philox4x32([0, 0, 0, 0], [0, 0], new Uint32Array(3))).toThrow(
      new RangeError("philox4x32: expected an out of at least 4 words, got 3"),
    );
  });
});
