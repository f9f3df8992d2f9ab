import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, FloatTensor } from "../../src/graph/index.js";
import {
  type Lab,
  NearestTokenFinder,
  neighbourRanks,
  neighbours,
  postProtocol,
} from "../../src/induction/index.js";
import type { Model } from "../../src/model/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel } from "../support/fixtures.js";

/** Cosines of all columns of W_U with one of them, in float64. */
function cosinesWith(model: Model, id: number): number[] {
  const { dModel: d, dVocab: v } = model.config;
  const w = (model.weights.get("unembed.W_U") as FloatTensor).data;
  const column = (j: number) => Array.from({ length: d }, (_, m) => w[m * v + j] as number);
  const dot = (x: number[], y: number[]) =>
    x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  const b = column(id);
  return Array.from({ length: v }, (_, j) => {
    const other = column(j);
    return dot(b, other) / Math.sqrt(dot(b, b) * dot(other, other));
  });
}

describe.each(backends)("neighbours, $name", ({ dtype, engine: start }) => {
  let engine: Engine;
  let model: Model;
  let lab: Lab;
  beforeAll(async () => {
    engine = start();
    model = await fixtureModel("a-attn-only-ln", engine, dtype);
    lab = { model, protocol: postProtocol(model.config.dVocab), seed: 0, batch: 8 };
  });
  afterAll(() => engine.close());

  it("are ranked by cosine in the unembedding, the token itself left out", async () => {
    const ranks = [1, 2, 5, 100];
    const found = await new NearestTokenFinder(model, ranks).find([7, 50, 7]);
    expect(found[0]).toEqual(found[2]);
    for (const [i, id] of [7, 50].entries()) {
      const cosines = cosinesWith(model, id);
      const order = [...cosines.keys()]
        .filter((j) => j !== id)
        .sort((x, y) => (cosines[y] as number) - (cosines[x] as number));
      expect(found[i]?.ids).toEqual(ranks.map((rank) => order[rank - 1]));
      for (const [r, rank] of ranks.entries()) {
        expect(found[i]?.cosines[r]).toBeCloseTo(cosines[order[rank - 1] as number] as number, 5);
      }
    }
  });

  it("are read beside B and a random token, in both members of the pair", async () => {
    const params = { sequences: 40, dVocab: model.config.dVocab };
    const ranks = neighbourRanks(params);
    expect(ranks.slice(0, 3)).toEqual([1, 2, 3]);
    expect(ranks.at(-1)).toBe(100);
    const rows = await neighbours.measure(lab, params, { from: 0, to: 40 });
    expect(rows.width).toBe(ranks.length + 2);
    for (let i = 0; i < 40; i++) expect(rows.targets[i * rows.width]).toBe(rows.b[i]);
    // Log-odds and logits of one row differ by what is common to the row, but for the denominator.
    const again = await neighbours.measure(lab, params, { from: 16, to: 32 });
    expect(again.targets).toEqual(rows.targets.slice(16 * rows.width, 32 * rows.width));

    async function* one() {
      yield await Promise.resolve(rows);
    }
    const summary = await neighbours.summarise(params, one());
    expect(summary.sequences).toBe(40);
    expect(summary.ranks.map(({ rank }) => rank)).toEqual(ranks);
    const mean = (values: number[]) => values.reduce((x, y) => x + y) / values.length;
    const b = Array.from({ length: 40 }, (_, i) => {
      const at = i * rows.width;
      return (rows.induction[at] as number) - (rows.control[at] as number);
    });
    expect(summary.b.strength.mean).toBeCloseTo(mean(b), 10);
    expect(summary.halfWay.map(({ rank }) => rank)).toEqual([1, 5, 15]);
  });
});
