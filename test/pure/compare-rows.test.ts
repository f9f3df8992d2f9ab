import { describe, expect, it } from "vitest";
import { compareNeighbours } from "../../src/induction/compare-neighbours.js";
import {
  differenceOf,
  joinMatched,
  type MatchedRows,
  matchRows,
} from "../../src/induction/compare-rows.js";
import {
  columnOf,
  neighbourRanks,
  neighbours,
  type PairRows,
  sliceRows,
  strengthsOf,
} from "../../src/induction/index.js";
import { ItemStream } from "../../src/random/index.js";
import { momentsOf, normalQuantile, standardDeviation } from "../../src/stats/index.js";

const dVocab = 20;
const ranks = neighbourRanks({ dVocab });
const width = ranks.length + 2;

/**
 * Rows of one unit whose strengths fall from B over its neighbours to random tokens; `shared` seeds what
 * all runs on these sequences have in common, `own` the noise of one run.
 */
function rowsOf(count: number, { shared = 1, own = 1, noise = 0.2, b = 4 } = {}): PairRows {
  const normals = (seed: number) => {
    const stream = new ItemStream([seed, 91], [0, 0]);
    return (item: number) => normalQuantile((stream.draw(item, 2 ** 20) + 0.5) / 2 ** 20);
  };
  const [common, single] = [normals(shared), normals(10_000 + own)];
  const ids = (start: number) => Int32Array.from({ length: count }, (_, i) => (start + i) % dVocab);
  const strength = (cell: number) => {
    const column = cell % width;
    const mean = column === 0 ? b : column === width - 1 ? 0 : b / 2;
    return mean + common(cell) + noise * single(cell);
  };
  const control = Float64Array.from({ length: count * width }, () => -3);
  const induction = control.map((value, cell) => value + strength(cell));
  return {
    unit: new Int32Array(count),
    k: Int32Array.from({ length: count }, (_, i) => i),
    a: ids(shared),
    b: ids(2 * shared),
    controlAB: new Uint8Array(count),
    width,
    targets: new Int32Array(count * width),
    induction,
    control,
    inductionLogits: induction.map((value) => value / 2),
    controlLogits: control.map((value) => value / 2),
  };
}

async function* cut(rows: PairRows, size: number): AsyncGenerator<PairRows> {
  for (let from = 0; from < rows.unit.length; from += size) {
    yield sliceRows(rows, from, Math.min(from + size, rows.unit.length));
  }
}

async function matched(
  first: AsyncIterable<PairRows>,
  second: AsyncIterable<PairRows>,
  most = 1e9,
) {
  const pieces: MatchedRows[] = [];
  for await (const piece of matchRows(first, second, (_, k) => k < most)) pieces.push(piece);
  return joinMatched(pieces);
}

describe("matched rows", () => {
  const [x, y] = [rowsOf(50, { own: 1 }), rowsOf(50, { own: 2 })];

  it("are the same however the runs were cut", async () => {
    expect(await matched(cut(x, 50), cut(y, 50))).toEqual({ first: x, second: y });
    expect(await matched(cut(x, 7), cut(y, 16))).toEqual({ first: x, second: y });
  });

  it("are those that both should have", async () => {
    const longer = rowsOf(80, { own: 2 });
    const expected = { first: sliceRows(x, 0, 33), second: sliceRows(longer, 0, 33) };
    expect(await matched(cut(x, 7), cut(longer, 30), 33)).toEqual(expected);
    await expect(matched(cut(x, 7), cut(longer, 30))).rejects.toThrow("same sequence pairs");
  });

  it.each(["unit", "k", "a", "b"] as const)("must agree in %s", async (name) => {
    const changed = { ...y, [name]: y[name].with(31, 19) };
    await expect(matched(cut(x, 10), cut(changed, 10))).rejects.toThrow("same sequence pairs");
  });

  it("have the differences of strengths as their strength", () => {
    const difference = differenceOf({ first: x, second: y });
    for (const column of [0, 3]) {
      const [of, first, second] = [difference, x, y].map((rows) => strengthsOf(rows, column));
      expect(of).toEqual(first?.map((value, i) => value - (second?.[i] as number)));
    }
  });
});

describe("neighbours", () => {
  const summarise = (rows: PairRows) =>
    neighbours.summarise({ sequences: rows.unit.length, dVocab }, cut(rows, 64));
  async function compare(first: PairRows, second: PairRows, pairs: boolean) {
    const summaries = { first: await summarise(first), second: await summarise(second) };
    return compareNeighbours(
      { ...summaries, matched: pairs ? { first, second } : null },
      { dVocab },
    );
  }

  it("have every place, in pairs with the error of the differences", async () => {
    const [x, y] = [rowsOf(400, { own: 1 }), rowsOf(400, { own: 2, b: 5 })];
    const { places } = await compare(x, y, true);
    expect(places.map(({ place }) => place)).toEqual(["b", ...ranks, "random"]);
    const direct = momentsOf(
      columnOf(differenceOf({ first: x, second: y }).induction, width, 0).map(
        (value, i) => value - (strengthsOf(y)[i] as number),
      ),
    );
    const [b] = places;
    expect(b?.strength.difference).toBeCloseTo(direct.mean, 10);
    expect(b?.strength.se).toBeCloseTo((standardDeviation(direct) as number) / 20, 10);
    expect(b?.logitStrength.difference).toBeCloseTo(direct.mean / 2, 10);
    // Noise of 0.2 twice, not the sd of 1 that the sequences share.
    expect((b?.strength.se as number) * 20).toBeCloseTo(0.2 * Math.SQRT2, 1);
    const alone = await compare(x, y, false);
    expect(alone.places[0]?.strength.se).toBeGreaterThan(0.06);
  });

  it("of the same rows are identical", async () => {
    const rows = rowsOf(64);
    const { places, halfWay } = await compare(rows, rows, true);
    expect(places.every(({ strength }) => strength.identical)).toBe(true);
    expect(halfWay.map(({ rank }) => rank)).toEqual([1, 5, 15]);
    for (const { logOdds } of halfWay) {
      expect(logOdds).toMatchObject({ difference: 0, se: 0, z: null, p: 1, identical: true });
    }
  });

  it.each([true, false])("have calibrated differences of ratios (pairs: %s)", async (pairs) => {
    const repeats = 150;
    const zs: number[] = [];
    for (let i = 0; i < repeats; i++) {
      const first = rowsOf(60, { shared: i, own: 2 * i });
      const second = rowsOf(60, { shared: pairs ? i : 5000 + i, own: 2 * i + 1 });
      const { halfWay } = await compare(first, second, pairs);
      zs.push(halfWay[1]?.logOdds?.z as number);
    }
    const moments = momentsOf(zs);
    expect(Math.abs(moments.mean)).toBeLessThan(4 / Math.sqrt(repeats));
    expect(standardDeviation(moments)).toBeGreaterThan(1 - 4 / Math.sqrt(2 * repeats));
    expect(standardDeviation(moments)).toBeLessThan(1 + 4 / Math.sqrt(2 * repeats));
  });

  it("without a way to share have no ratio", async () => {
    const flat = rowsOf(100, { b: 0 });
    expect((await compare(flat, rowsOf(100), false)).halfWay[0]?.logOdds).toBeNull();
  });
});
