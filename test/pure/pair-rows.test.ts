import { describe, expect, it } from "vitest";
import {
  joinRows,
  type PairRows,
  rowCount,
  sliceRows,
  strengthsOf,
  tokenClass,
} from "../../src/induction/index.js";
import { byUnit } from "../../src/induction/units.js";
import { ratioOfMeans } from "../../src/stats/index.js";

function rows(count: number, width: number): PairRows {
  const ints = (scale: number, length = count) => Int32Array.from({ length }, (_, i) => i * scale);
  const odds = (scale: number) => Float64Array.from({ length: count * width }, (_, i) => i * scale);
  return {
    unit: ints(1),
    k: ints(2),
    a: ints(3),
    b: ints(4),
    controlAB: Uint8Array.from({ length: count }, (_, i) => i % 2),
    width,
    targets: ints(5, count * width),
    induction: odds(1),
    control: odds(0.25),
  };
}

async function* pieces(all: PairRows, cuts: readonly number[]) {
  for (let i = 0; i + 1 < cuts.length; i++) {
    yield sliceRows(all, cuts[i] as number, cuts[i + 1] as number);
  }
}

describe("rows of sequence pairs", () => {
  it.each([1, 3])("are cut and joined without change, width %i", (width) => {
    const all = rows(11, width);
    expect(joinRows([sliceRows(all, 0, 4), sliceRows(all, 4, 5), sliceRows(all, 5, 11)])).toEqual(
      all,
    );
    expect(rowCount(sliceRows(all, 2, 7))).toBe(5);
  });

  it("come unit by unit, however the pieces were cut", async () => {
    const all = rows(12, 2);
    const expected = [sliceRows(all, 0, 4), sliceRows(all, 4, 8), sliceRows(all, 8, 12)];
    for (const cuts of [
      [0, 12],
      [0, 4, 8, 12],
      [0, 1, 2, 3, 9, 10, 12],
      [0, 5, 12],
    ]) {
      const units: PairRows[] = [];
      for await (const unit of byUnit(pieces(all, cuts), 4)) units.push(unit);
      expect(units).toEqual(expected);
    }
  });

  it("give the strength of each token read", () => {
    const all = rows(3, 2);
    expect(Array.from(strengthsOf(all))).toEqual([0, 1.5, 3]);
    expect(Array.from(strengthsOf(all, 1))).toEqual([0.75, 2.25, 3.75]);
  });
});

describe("token classes", () => {
  it.each([
    [" Mar", "leading-space"],
    [" .", "leading-space"],
    ["ius", "word-part"],
    ["3", "word-part"],
    ["é", "word-part"],
    ["});", "punctuation"],
    ["\n", "punctuation"],
    ["  ", "punctuation"],
    ["\\xd0", "bytes"],
    [" \\xe2\\x80", "bytes"],
    ["\\x", "word-part"],
    [null, "no-text"],
  ] as const)("%j is %s", (text, expected) => {
    expect(tokenClass(text)).toBe(expected);
  });
});

describe("a ratio of means", () => {
  it("has the interval of its residuals", () => {
    const ys = [1, 2, 3, 4];
    expect(
      ratioOfMeans(
        ys.map((y) => y / 2),
        ys,
      ),
    ).toMatchObject({ ratio: 0.5, low: 0.5, high: 0.5 });
    const noisy = ratioOfMeans([1, 0, 2, 1], ys);
    // residuals x − 0.4 y = 0.6, −0.8, 0.8, −0.6; se = √(2/3/4)/2.5.
    const half = (1.959963984540054 * Math.sqrt(2 / 3 / 4)) / 2.5;
    expect(noisy?.ratio).toBeCloseTo(0.4, 12);
    expect(noisy?.high).toBeCloseTo(0.4 + half, 12);
    expect(noisy?.low).toBeCloseTo(0.4 - half, 12);
  });

  it("is refused or null where it has no meaning", () => {
    expect(ratioOfMeans([1], [1])).toBeNull();
    expect(ratioOfMeans([1, 2], [1, -1])).toBeNull();
    expect(() => ratioOfMeans([1, 2], [1])).toThrow("expected 2 pairs");
  });
});
