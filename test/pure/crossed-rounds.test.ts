import { describe, expect, it } from "vitest";
import { crossedPowers, crossedRounds } from "../../src/induction/crossed-powers.js";
import {
  type CrossedParams,
  type Lab,
  pairCount,
  type PairRows,
  postProtocol,
  sliceRows,
} from "../../src/induction/index.js";

/** Sequences per run of the model. */
const runs: number[] = [];

/** Log-odds that depend on the sequence alone: the sum of its ids, place by place, from 0 to 1. */
const model = {
  run(
    { shape: [rows = 0, length = 0], data }: { shape: number[]; data: Int32Array },
    { feed }: { feed: { targets: { shape: number[] } } },
  ) {
    runs.push(rows);
    const odds = Float32Array.from({ length: rows }, (_, row) =>
      data
        .subarray(row * length, (row + 1) * length)
        .reduce((sum, id, place) => (sum + id * (place + 1) * 0.37) % 1, 0),
    );
    return Promise.resolve({ logOdds: { shape: feed.targets.shape, data: odds } });
  },
};

const lab = {
  ...{ model, protocol: postProtocol(64), seed: 3, batch: 8, path: "plain" },
} as unknown as Lab;

const tokens = Array.from({ length: 60 }, (_, i) => ({ id: 4 + i, text: null }));
const params = (rounds: number, controls?: number): CrossedParams => ({
  ...{ tokens, rounds, partners: "all", ...(controls !== undefined && { controls }) },
});

async function measure(of: CrossedParams): Promise<PairRows> {
  return crossedPowers.measure(lab, of, { from: 0, to: pairCount(crossedPowers, of) });
}

async function* inPieces(rows: PairRows, size: number) {
  for (let from = 0; from < rows.k.length; from += size) {
    yield sliceRows(rows, from, Math.min(rows.k.length, from + size));
  }
}

describe("a crossed design with unequal numbers", () => {
  it("has as many rounds as the member with more", () => {
    expect(crossedRounds(params(3))).toMatchObject({ all: 3, shared: 3 });
    expect(crossedRounds(params(3, 5))).toEqual({ all: 5, shared: 3, further: "control" });
    expect(crossedRounds(params(5, 3))).toEqual({ all: 5, shared: 3, further: "induction" });
    expect(crossedPowers.units(params(3, 5))).toEqual({ count: 5, sequences: 60 });
  });

  it("measures the same sequences, and one member alone in the further rounds", async () => {
    const all = await measure(params(5));
    runs.length = 0;
    const fewer = await measure(params(5, 3));
    // 3 rounds of 60 pairs, then 2 of 60 sequences, 16 sequences per run.
    expect(runs).toEqual(Array(23 + 8).fill(16));
    expect(fewer.induction).toEqual(all.induction);
    expect(fewer.control.subarray(0, 180)).toEqual(all.control.subarray(0, 180));
    expect(fewer.control.subarray(180).every(Number.isNaN)).toBe(true);
    expect(fewer.controlAB).toEqual(all.controlAB);
    expect(fewer.unit).toEqual(all.unit);
    const more = await measure(params(3, 5));
    expect(more.control).toEqual(all.control);
    expect(more.induction.subarray(180).every(Number.isNaN)).toBe(true);
  });

  it("measures any range of it", async () => {
    const of = params(5, 3);
    const whole = await measure(of);
    for (const [from, to] of [
      [0, 180],
      [100, 260],
      [180, 300],
      [200, 210],
      [150, 150],
    ] as const) {
      const rows = await crossedPowers.measure(lab, of, { from, to });
      expect(rows).toEqual(sliceRows(whole, from, to));
    }
  });

  it("sums up the same from any pieces", async () => {
    const of = params(5, 3);
    const rows = await measure(of);
    const whole = await crossedPowers.summarise(of, inPieces(rows, 300));
    expect(await crossedPowers.summarise(of, inPieces(rows, 37))).toEqual(whole);
    const [row] = whole.rows;
    expect(row?.a.n).toBe(3);
    const mean = (column: Float64Array, count: number) =>
      Array.from({ length: count }, (_, r) => column[r * 60] ?? NaN).reduce((x, y) => x + y) /
      count;
    expect(row?.plain?.a.mean).toBeCloseTo(mean(rows.induction, 5) - mean(rows.control, 3), 12);
  });
});
