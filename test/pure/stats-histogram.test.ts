import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ItemStream } from "../../src/random/index.js";
import { addHistograms, histogram, histogram2D } from "../../src/stats/index.js";

interface Golden {
  readonly histograms: readonly {
    readonly values: readonly number[];
    readonly bins: number;
    readonly lo: number;
    readonly hi: number;
    readonly counts: readonly number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../fixtures/stats/histogram.json", import.meta.url), "utf8"),
) as Golden;

const stream = new ItemStream([13, 3], [0, 0]);
/** Multiples of 1/8 from −5 to 5: many lie on edges. */
const draw = (item: number): number => stream.draw(item, 81) / 8 - 5;
const xs = Array.from({ length: 400 }, (_, i) => draw(i));
const ys = Array.from({ length: 400 }, (_, i) => draw(1000 + i));

const sum = (counts: readonly number[]): number =>
  counts.reduce((total, count) => total + count, 0);

describe("histogram", () => {
  it.each(golden.histograms)("counts as numpy does: $bins bins from $lo to $hi", (row) => {
    const result = histogram(row.values, row);
    expect(result.counts).toEqual(row.counts);
    expect(result.below).toBe(row.values.filter((value) => value < row.lo).length);
    expect(result.above).toBe(row.values.filter((value) => value > row.hi).length);
    expect(sum(result.counts) + result.below + result.above).toBe(row.values.length);
  });

  it("holds hi in the last bin and inner edges in the bin above them", () => {
    expect(histogram([0, 1, 2, 3], { bins: 3, lo: 0, hi: 3 })).toEqual({
      lo: 0,
      hi: 3,
      counts: [1, 1, 2],
      below: 0,
      above: 0,
    });
  });

  it("counts what lies outside, infinities too", () => {
    const result = histogram([-Infinity, -1, 0.5, 1.5, 2, Infinity], { bins: 1, lo: 0, hi: 1 });
    expect(result).toEqual({ lo: 0, hi: 1, counts: [1], below: 2, above: 3 });
  });

  it("refuses NaN and axes without bins", () => {
    expect(() => histogram([0, Number.NaN], { bins: 2, lo: 0, hi: 1 })).toThrow(
      new RangeError("histogram: expected a number, got NaN"),
    );
    for (const bins of [0, -1, 1.5, Number.NaN]) {
      expect(() => histogram([], { bins, lo: 0, hi: 1 })).toThrow(/positive whole number of bins/);
    }
    for (const [lo, hi] of [
      [1, 1],
      [2, 1],
      [Number.NaN, 1],
      [0, Infinity],
      [-1e308, 1e308],
    ] as const) {
      expect(() => histogram([], { bins: 2, lo, hi })).toThrow(RangeError);
    }
  });
});

describe("addHistograms", () => {
  it("gives the histogram of all values", () => {
    const axis = { bins: 7, lo: -3, hi: 4 };
    const added = addHistograms(histogram(xs, axis), histogram(ys, axis));
    expect(added).toEqual(histogram([...xs, ...ys], axis));
    expect(added.below).toBeGreaterThan(0);
    expect(added.above).toBeGreaterThan(0);
  });

  it("refuses other edges", () => {
    const first = histogram([], { bins: 2, lo: 0, hi: 1 });
    for (const axis of [
      { bins: 3, lo: 0, hi: 1 },
      { bins: 2, lo: -1, hi: 1 },
      { bins: 2, lo: 0, hi: 2 },
    ]) {
      expect(() => addHistograms(first, histogram([], axis))).toThrow(
        new RangeError(
          `addHistograms: expected 2 bins from 0 to 1, got ${axis.bins} bins from ${axis.lo} to ${axis.hi}`,
        ),
      );
    }
  });
});

describe("histogram2D", () => {
  it("counts row-major, x fastest, and hi in the last bin", () => {
    const axes = { x: { lo: 0, hi: 3, bins: 3 }, y: { lo: 0, hi: 2, bins: 2 } };
    expect(histogram2D([0.5, 2.5, 3, 1, 4, 1], [0.5, 0.5, 2, 1, 1, -0.1], axes)).toEqual({
      ...axes,
      counts: [1, 0, 1, 0, 1, 1],
      outside: 2,
    });
  });

  it("has the histograms of x and of y as its margins", () => {
    const x = { lo: -5, hi: 5, bins: 7 };
    const y = { lo: -5, hi: 5, bins: 10 };
    const { counts, outside } = histogram2D(xs, ys, { x, y });
    expect(outside).toBe(0);
    const columns = Array.from({ length: 7 }, (_, ix) =>
      sum(counts.filter((_, i) => i % 7 === ix)),
    );
    const rows = Array.from({ length: 10 }, (_, iy) => sum(counts.slice(iy * 7, iy * 7 + 7)));
    expect(columns).toEqual(histogram(xs, x).counts);
    expect(rows).toEqual(histogram(ys, y).counts);
  });

  it("loses no pair", () => {
    const axis = { lo: -2, hi: 2, bins: 5 };
    const { counts, outside } = histogram2D(xs, ys, { x: axis, y: axis });
    const inside = xs.filter((x, i) => Math.abs(x) <= 2 && Math.abs(ys[i]!) <= 2).length;
    expect(sum(counts)).toBe(inside);
    expect(outside).toBe(400 - inside);
  });

  it("refuses NaN in either column, even beside a value outside, and unequal columns", () => {
    const axis = { lo: 0, hi: 1, bins: 2 };
    const axes = { x: axis, y: axis };
    expect(() => histogram2D([Number.NaN], [0], axes)).toThrow(/histogram2D x: .* NaN/);
    expect(() => histogram2D([9], [Number.NaN], axes)).toThrow(/histogram2D y: .* NaN/);
    expect(() => histogram2D([0, 1], [0], axes)).toThrow(/expected 2 values of y, got 1/);
    expect(() => histogram2D([0], [0], { x: axis, y: { ...axis, bins: 0 } })).toThrow(
      /histogram2D y: expected a positive/,
    );
  });
});
