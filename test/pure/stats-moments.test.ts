import { describe, expect, it } from "vitest";
import { ItemStream } from "../../src/random/index.js";
import {
  addValue,
  emptyMoments,
  mergeMoments,
  type Moments,
  momentsOf,
  standardDeviation,
  standardError,
  variance,
} from "../../src/stats/index.js";

const stream = new ItemStream([11, 3], [0, 0]);
/** Multiples of 1/1024 between −1000 and 1000. */
const values = Array.from({ length: 1003 }, (_, i) => stream.draw(i, 2_048_001) / 1024 - 1000);

const bytes = ({ n, mean, m2 }: Moments): string =>
  Buffer.from(new Float64Array([n, mean, m2]).buffer).toString("hex");

const blocksOf = (size: number): Moments[] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, block) =>
    momentsOf(values.slice(block * size, (block + 1) * size)),
  );

const fold = (blocks: readonly Moments[]): Moments => blocks.reduce(mergeMoments, emptyMoments);

function twoPass(data: readonly number[]): { mean: number; variance: number } {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  const squares = data.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (data.length - 1) };
}

describe("moments", () => {
  it("agree with the two-pass formulas", () => {
    const moments = momentsOf(values);
    const expected = twoPass(values);
    expect(moments.n).toBe(1003);
    expect(Math.abs(moments.mean / expected.mean - 1)).toBeLessThan(1e-12);
    expect(Math.abs(variance(moments)! / expected.variance - 1)).toBeLessThan(1e-12);
    expect(standardDeviation(moments)).toBe(Math.sqrt(variance(moments)!));
    expect(standardError(moments)).toBe(standardDeviation(moments)! / Math.sqrt(1003));
  });

  it.each([1, 2, 37, 128, 1003])(
    "are the same bytes for blocks of %i, whoever computed which block in which order",
    (size) => {
      const expected = bytes(fold(blocksOf(size)));
      const count = Math.ceil(values.length / size);
      for (const shards of [1, 2, 7]) {
        const written = new Map<number, string>();
        for (let shard = shards - 1; shard >= 0; shard--) {
          for (let block = count - 1; block >= 0; block--) {
            if (block % shards !== shard) continue;
            const moments = momentsOf(values.slice(block * size, (block + 1) * size));
            written.set(block, JSON.stringify(moments));
          }
        }
        const read = Array.from(
          { length: count },
          (_, block) => JSON.parse(written.get(block)!) as Moments,
        );
        expect(bytes(fold(read))).toBe(expected);
      }
    },
  );

  it("agree between block sizes, to rounding", () => {
    const whole = momentsOf(values);
    for (const size of [1, 2, 37, 128, 1002]) {
      const merged = fold(blocksOf(size));
      expect(merged.n).toBe(whole.n);
      expect(Math.abs(merged.mean / whole.mean - 1)).toBeLessThan(1e-12);
      expect(Math.abs(merged.m2 / whole.m2 - 1)).toBeLessThan(1e-12);
    }
  });

  it("are the same bytes added one by one or at once, with empty blocks anywhere", () => {
    const whole = momentsOf(values);
    expect(bytes(values.reduce(addValue, emptyMoments))).toBe(bytes(whole));
    expect(bytes(mergeMoments(emptyMoments, whole))).toBe(bytes(whole));
    expect(bytes(mergeMoments(whole, emptyMoments))).toBe(bytes(whole));
    expect(bytes(momentsOf(Float64Array.from(values)))).toBe(bytes(whole));
  });

  it("keep the variance under a shift by 1e8", () => {
    // Multiples of 1/1024 stay exact after the shift, so all that could be lost is lost here.
    const shifted = values.map((value) => value + 1e8);
    const direct = variance(momentsOf(shifted))!;
    const merged = variance(
      mergeMoments(momentsOf(shifted.slice(0, 400)), momentsOf(shifted.slice(400))),
    )!;
    const expected = variance(momentsOf(values))!;
    expect(Math.abs(direct / expected - 1)).toBeLessThan(1e-9);
    expect(Math.abs(merged / expected - 1)).toBeLessThan(1e-9);
  });

  it("have a variance of exactly 0 for equal values, in any cut", () => {
    const same = momentsOf([0.1, 0.1, 0.1]);
    expect(mergeMoments(same, momentsOf([0.1, 0.1]))).toEqual({ n: 5, mean: 0.1, m2: 0 });
  });

  it("have no spread below two values", () => {
    for (const moments of [emptyMoments, momentsOf([4])]) {
      expect(variance(moments)).toBeNull();
      expect(standardDeviation(moments)).toBeNull();
      expect(standardError(moments)).toBeNull();
    }
    expect(variance(momentsOf([4, 6]))).toBe(2);
  });

  it("refuse a value that is not finite, and name it", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const refusal = new RangeError(`moments: expected a finite number, got ${value}`);
      expect(() => addValue(emptyMoments, value)).toThrow(refusal);
      expect(() => momentsOf([1, value])).toThrow(refusal);
    }
  });
});
