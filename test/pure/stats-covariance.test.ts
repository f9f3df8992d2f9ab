import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ItemStream } from "../../src/random/index.js";
import {
  addPair,
  type CoMoments,
  coMomentsOf,
  covariance,
  emptyCoMoments,
  mergeCoMoments,
  momentsOf,
  pearson,
  pearsonInterval,
} from "../../src/stats/index.js";

interface Golden {
  readonly correlations: readonly {
    readonly x: readonly number[];
    readonly y: readonly number[];
    readonly level: number;
    readonly covariance: number;
    readonly r: number;
    readonly low: number;
    readonly high: number;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../fixtures/stats/student-t.json", import.meta.url), "utf8"),
) as Golden;

const stream = new ItemStream([12, 3], [0, 0]);
const xs = Array.from({ length: 600 }, (_, i) => stream.draw(i, 2048) / 1024);
const ys = xs.map((x, i) => stream.draw(1000 + i, 2048) / 1024 - x / 2);

const bytes = (moments: CoMoments): string =>
  Buffer.from(new Float64Array(Object.values(moments)).buffer).toString("hex");

const blocksOf = (size: number): CoMoments[] =>
  Array.from({ length: Math.ceil(xs.length / size) }, (_, block) => {
    const range = [block * size, (block + 1) * size] as const;
    return coMomentsOf(xs.slice(...range), ys.slice(...range));
  });

const fold = (blocks: readonly CoMoments[]): CoMoments =>
  blocks.reduce(mergeCoMoments, emptyCoMoments);

describe("co-moments", () => {
  it("agree with the two-pass formula and with the moments of x and of y", () => {
    const moments = coMomentsOf(xs, ys);
    const meanX = xs.reduce((sum, x) => sum + x, 0) / xs.length;
    const meanY = ys.reduce((sum, y) => sum + y, 0) / ys.length;
    const crossed = xs.reduce((sum, x, i) => sum + (x - meanX) * (ys[i]! - meanY), 0);
    expect(Math.abs(covariance(moments)! / (crossed / 599) - 1)).toBeLessThan(1e-12);
    expect({ n: moments.n, mean: moments.meanX, m2: moments.m2x }).toEqual(momentsOf(xs));
    expect({ n: moments.n, mean: moments.meanY, m2: moments.m2y }).toEqual(momentsOf(ys));
  });

  it("are the same bytes for fixed blocks in whatever order they were computed", () => {
    const inOrder = blocksOf(64);
    const backwards = Array.from(inOrder, () => emptyCoMoments);
    for (let block = inOrder.length - 1; block >= 0; block--) {
      const range = [block * 64, (block + 1) * 64] as const;
      const moments = coMomentsOf(xs.slice(...range), ys.slice(...range));
      backwards[block] = JSON.parse(JSON.stringify(moments)) as CoMoments;
    }
    expect(bytes(fold(backwards))).toBe(bytes(fold(inOrder)));
    const oneByOne = xs.reduce((moments, x, i) => addPair(moments, x, ys[i]!), emptyCoMoments);
    expect(bytes(oneByOne)).toBe(bytes(coMomentsOf(xs, ys)));
    expect(bytes(mergeCoMoments(oneByOne, emptyCoMoments))).toBe(bytes(oneByOne));
    expect(bytes(mergeCoMoments(emptyCoMoments, oneByOne))).toBe(bytes(oneByOne));
  });

  it("agree between block sizes, to rounding", () => {
    const whole = coMomentsOf(xs, ys);
    for (const size of [1, 2, 37, 599]) {
      const merged = fold(blocksOf(size));
      for (const name of ["n", "meanX", "meanY", "m2x", "m2y", "cxy"] as const) {
        expect(Math.abs(merged[name] / whole[name] - 1)).toBeLessThan(1e-11);
      }
    }
  });

  it("keep the correlation under a shift by 1e8", () => {
    const shifted = coMomentsOf(
      xs.map((x) => x + 1e8),
      ys.map((y) => y - 1e8),
    );
    // Values near 1e8 have a spacing of 1.5e-8, so six digits of a correlation must survive.
    expect(Math.abs(pearson(shifted)! - pearson(coMomentsOf(xs, ys))!)).toBeLessThan(1e-6);
  });

  it("refuse values that are not finite and columns of different lengths", () => {
    expect(() => addPair(emptyCoMoments, Number.NaN, 1)).toThrow(
      new RangeError("co-moments x: expected a finite number, got NaN"),
    );
    expect(() => addPair(emptyCoMoments, 1, -Infinity)).toThrow(
      new RangeError("co-moments y: expected a finite number, got -Infinity"),
    );
    expect(() => coMomentsOf([1, 2], [1])).toThrow(
      new RangeError("coMomentsOf: expected 2 values of y, got 1"),
    );
  });
});

describe("pearson", () => {
  it.each(golden.correlations)("agrees with SciPy at level $level, r $r", (row) => {
    const moments = coMomentsOf(row.x, row.y);
    const r = pearson(moments)!;
    const interval = pearsonInterval(r, row.x.length, row.level)!;
    expect(Math.abs(covariance(moments)! - row.covariance)).toBeLessThan(1e-12);
    expect(Math.abs(r - row.r)).toBeLessThan(1e-12);
    expect(Math.abs(interval.low - row.low)).toBeLessThan(1e-9);
    expect(Math.abs(interval.high - row.high)).toBeLessThan(1e-9);
  });

  it("is unknown below two pairs and where a column does not vary", () => {
    expect(covariance(coMomentsOf([1], [2]))).toBeNull();
    expect(pearson(coMomentsOf([1], [2]))).toBeNull();
    expect(pearson(emptyCoMoments)).toBeNull();
    expect(pearson(coMomentsOf([1, 2, 3], [0.1, 0.1, 0.1]))).toBeNull();
    expect(pearson(coMomentsOf([0.1, 0.1, 0.1], [1, 2, 3]))).toBeNull();
  });

  it("stays in [-1, 1] and in range for very large and very small values", () => {
    const column = [0.1, 0.2, 0.4, 0.7];
    for (const scale of [1e-150, 1, 1e150]) {
      const r = pearson(
        coMomentsOf(
          column,
          column.map((x) => -x * scale),
        ),
      )!;
      expect(r).toBeGreaterThanOrEqual(-1);
      expect(r).toBeLessThan(-1 + 1e-12);
    }
  });
});

describe("pearsonInterval", () => {
  it("is one point where the correlation is perfect", () => {
    expect(pearsonInterval(1, 10)).toEqual({ low: 1, high: 1 });
    expect(pearsonInterval(-1, 10)).toEqual({ low: -1, high: -1 });
  });

  it("is unknown below four pairs", () => {
    expect(pearsonInterval(0.5, 3)).toBeNull();
    expect(pearsonInterval(0.5, 4)).not.toBeNull();
  });

  it("mirrors with the sign of r and narrows with n", () => {
    const plus = pearsonInterval(0.6, 20)!;
    const minus = pearsonInterval(-0.6, 20)!;
    expect(minus).toEqual({ low: -plus.high, high: -plus.low });
    const more = pearsonInterval(0.6, 200)!;
    expect(more.low).toBeGreaterThan(plus.low);
    expect(more.high).toBeLessThan(plus.high);
  });

  it("refuses an r, an n or a level out of range", () => {
    for (const r of [1.01, -1.01, Number.NaN])
      expect(() => pearsonInterval(r, 9)).toThrow(RangeError);
    for (const n of [-1, 9.5, Number.NaN]) expect(() => pearsonInterval(0, n)).toThrow(RangeError);
    for (const level of [0, 1, 95]) expect(() => pearsonInterval(0, 9, level)).toThrow(RangeError);
  });
});
