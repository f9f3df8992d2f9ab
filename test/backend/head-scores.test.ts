import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, type FloatTensor, type Tensor, tensor } from "../../src/graph/index.js";
import {
  copyingScore,
  demoInductionScore,
  detectHeads,
  type DetectHeadsOptions,
  evaluatorSequences,
  type HeadEstimate,
  headScores,
  inContextLearningScore,
  inductionMask,
  meanAttention,
  prefixMatchingScore,
  previousTokenMask,
  previousTokenScore,
  repeatedTokenLoss,
  repeatedTokens,
} from "../../src/lens/index.js";
import type { Model } from "../../src/model/index.js";
import { meanInterval, momentsOf, standardError } from "../../src/stats/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel } from "../support/fixtures.js";

const fixtures = ["a-attn-only-ln", "b-attn-only-shortformer", "c-gelu-ln", "f-pythia"];

/** Ids that leave out BOS, which is 1. */
const ids = { lowestId: 2, highestId: 55 };

describe.each(backends)("scores of heads, $name", ({ dtype, tolerance, engine: start }) => {
  let engine: Engine;
  beforeAll(() => {
    engine = start();
  });
  afterAll(() => engine.close());

  describe.each(fixtures)("%s", (fixture) => {
    let model: Model;
    beforeAll(async () => {
      model = await fixtureModel(fixture, engine, dtype);
    });

    /** Scores of every head, worked out from patterns that left the session: [layer × head][sequence]. */
    async function byHand(
      rows: readonly Int32Array[],
      score: (attention: (query: number, key: number) => number, tokens: Int32Array) => number,
    ): Promise<number[][]> {
      const { nLayers, nHeads } = model.config;
      const all = Array.from({ length: nLayers * nHeads }, (): number[] => []);
      for (const row of rows) {
        for (let layer = 0; layer < nLayers; layer++) {
          const name = `blocks.${layer}.attn.hook_pattern`;
          const { [name]: pattern } = await model.run([[...row]], { fetch: [name] });
          const [, , p] = pattern!.shape as [number, number, number];
          for (let head = 0; head < nHeads; head++) {
            const at = (query: number, key: number) =>
              Number(pattern!.data[(head * p + query) * p + key]);
            all[layer * nHeads + head]!.push(score(at, row));
          }
        }
      }
      return all;
    }

    function expectScores(found: readonly HeadEstimate[], expected: readonly number[][]): void {
      const { nHeads } = model.config;
      expect(found.length).toBe(expected.length);
      found.forEach(({ layer, head, n, mean, se, values }, i) => {
        expect(layer * nHeads + head).toBe(i);
        expect(n).toBe(expected[i]!.length);
        const errors = expected[i]!.map((x, item) => Math.abs(x - values[item]!));
        expect(Math.max(...errors)).toBeLessThan(tolerance);
        expect([mean, se]).toEqual([momentsOf(values).mean, standardError(momentsOf(values))]);
      });
    }

    const meanOver = (queries: readonly number[], score: (query: number) => number) =>
      queries.reduce((sum, query) => sum + score(query), 0) / queries.length;
    const range = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => from + i);

    it("the three detectors on BOS r r, whatever the batch", async () => {
      const options = { seed: 11, sequences: 5, length: 8, lowestId: 2, highestId: 30 };
      const drawn = { ...options, name: "head-scores", times: 2, bos: model.bos };
      const rows = range(0, 5).map((item) => repeatedTokens(drawn, item));
      // Some token stands in r more than once, so that the first occurrence is not 8 back.
      expect(rows.some((row) => new Set(row).size < 9)).toBe(true);
      const first = (tokens: Int32Array, query: number) => tokens.indexOf(tokens[query]!);
      const second = range(9, 17);
      const expected = {
        previousToken: await byHand(rows, (at) => meanOver(second, (i) => at(i, i - 1))),
        duplicateToken: await byHand(rows, (at, tokens) =>
          meanOver(second, (i) => at(i, first(tokens, i))),
        ),
        induction: await byHand(rows, (at, tokens) =>
          meanOver(second, (i) => at(i, first(tokens, i) + 1)),
        ),
      };
      for (const batch of [1, 2, 64]) {
        const found = await headScores(model, { ...options, batch });
        for (const name of ["previousToken", "duplicateToken", "induction"] as const) {
          const scores = found.map((head) => ({
            ...head[name],
            layer: head.layer,
            head: head.head,
          }));
          expectScores(scores, expected[name]);
        }
      }
    });

    it("find the heads that the fixture was built with", async () => {
      const { nHeads } = model.config;
      const found = await headScores(model, { seed: 1, length: 10, ...ids });
      expect(found.length).toBe(2 * nHeads);
      expect(found[0]!.induction.n).toBe(100);
      const best = (name: "previousToken" | "duplicateToken" | "induction") =>
        found.toSorted((a, b) => b[name].mean - a[name].mean)[0]!;
      expect(best("previousToken")).toMatchObject({ layer: 0, head: 0 });
      expect(best("induction")).toMatchObject({ layer: 1, head: 1 });
      if (nHeads > 2) expect(best("duplicateToken")).toMatchObject({ layer: 0, head: 2 });
      const copying = await copyingScore(model, { seed: 1, length: 5, ...ids });
      expect(copying.toSorted((a, b) => b.mean - a.mean)[0]).toMatchObject({ layer: 1, head: 1 });
    });

    it("prefix matching, over entries and over queries", async () => {
      const options = { seed: 2, sequences: 3, length: 5, ...ids };
      const rows = evaluatorSequences(model, options);
      expect(rows.map((row) => row.length)).toEqual([21, 21, 21]);
      expect(rows.every((row) => new Set(row).size === 6)).toBe(true);
      const sum = (at: (query: number, key: number) => number, tokens: Int32Array) => {
        const { data } = inductionMask(tokens);
        return data.reduce((s, inside, i) => s + inside * at(Math.floor(i / 21), i % 21), 0);
      };
      // 5 tokens with 1, 2 and 3 earlier occurrences; 15 tokens that have any.
      const entries = await byHand(rows, (at, tokens) => sum(at, tokens) / 30);
      expectScores(await prefixMatchingScore(model, options), entries);
      const queries = await byHand(rows, (at, tokens) => sum(at, tokens) / 15);
      expectScores(await prefixMatchingScore(model, { ...options, over: "query" }), queries);
    });

    it("the main demo's diagonal at offset 1 − length, without BOS", async () => {
      const options = { seed: 5, sequences: 2, length: 10, ...ids };
      const drawn = { ...options, name: "demo-induction", times: 2, bos: null };
      const rows = range(0, 2).map((item) => repeatedTokens(drawn, item));
      const diagonal = range(9, 20);
      const expected = await byHand(rows, (at) => meanOver(diagonal, (i) => at(i, i - 9)));
      expectScores(await demoInductionScore(model, options), expected);
    });

    it("attention to the previous token, of sequences of unequal length too", async () => {
      const rows = [
        [1, 5, 9, 4, 7, 7, 3],
        [1, 8, 2],
        [1, 30, 31, 32, 33],
      ];
      const expected = await byHand(
        rows.map((row) => Int32Array.from(row)),
        (at, tokens) => meanOver(range(1, tokens.length), (i) => at(i, i - 1)),
      );
      expectScores(await previousTokenScore(model, rows), expected);
    });

    it("copying, against logits over the whole vocabulary", async () => {
      for (const times of [1, 3]) {
        const options = { seed: 8, sequences: 2, length: 6, times, ...ids };
        const rows = evaluatorSequences(model, options);
        expectScores(await copyingScore(model, options), await copyingByHand(rows, 6));
      }
    });

    /** The definition, one head and one position at a time, in float64. */
    async function copyingByHand(rows: readonly Int32Array[], n: number): Promise<number[][]> {
      const { nLayers, nHeads, dHead, dModel, dVocab } = model.config;
      const { data: wU } = model.weights.get("unembed.W_U") as FloatTensor;
      const all = Array.from({ length: nLayers * nHeads }, (): number[] => []);
      for (const row of rows) {
        for (let layer = 0; layer < nLayers; layer++) {
          const { data: wO } = model.weights.get(`blocks.${layer}.attn.W_O`) as FloatTensor;
          const names = [`blocks.${layer}.attn.hook_z`, `blocks.${layer}.attn.hook_pattern`];
          const values = await model.run([[...row]], { fetch: names });
          const [z, pattern] = names.map((name) => values[name] as FloatTensor);
          for (let head = 0; head < nHeads; head++) {
            let [attended, sample] = [0, 0];
            for (let q = 1; q < row.length; q++) {
              const out = new Float64Array(dModel);
              for (let e = 0; e < dHead; e++) {
                const value = z!.data[(q * nHeads + head) * dHead + e]!;
                for (let i = 0; i < dModel; i++) {
                  out[i]! += value * wO[(head * dHead + e) * dModel + i]!;
                }
              }
              const logits = new Float64Array(dVocab);
              for (let i = 0; i < dModel; i++) {
                for (let v = 0; v < dVocab; v++) logits[v]! += out[i]! * wU[i * dVocab + v]!;
              }
              const mean = logits.reduce((a, b) => a + b, 0) / dVocab;
              const raise = (id: number) => Math.max(0, logits[id]! - mean);
              const attention = range(1, q + 1).map(
                (key) => pattern!.data[(head * row.length + q) * row.length + key]!,
              );
              attended += raise(row[1 + attention.indexOf(Math.max(...attention))]!);
              for (const id of row.subarray(1, n + 1)) sample += raise(id);
            }
            all[layer * nHeads + head]!.push((4 * attended) / (attended + sample) - 1);
          }
        }
      }
      return all;
    }

    it("the loss late in the context minus that early in it", async () => {
      const rows = range(0, 3).map((item) => [
        ...repeatedTokens({ seed: 4, name: "text", length: 9, times: 2, bos: 1, ...ids }, item),
      ]);
      const { loss_per_token: loss } = await model.run(rows, { fetch: ["loss_per_token"] });
      const expected = rows.map(
        (_, i) => Number(loss.data[i * 18 + 15]) - Number(loss.data[i * 18 + 3]),
      );
      const found = await inContextLearningScore(model, rows, { late: 16, early: 4 });
      expect(found.n).toBe(3);
      found.values.forEach((x, i) =>
        expect(Math.abs(x - expected[i]!)).toBeLessThan(10 * tolerance),
      );
      expect(found.mean).toBeCloseTo(expected.reduce((a, b) => a + b) / 3, 3);
    });

    it("the loss of repeated random tokens, from length + 1 on", async () => {
      const options = { seed: 6, length: 11, ...ids };
      const drawn = { ...options, name: "repeated-token-loss", times: 2, bos: null };
      const rows = range(0, 4).map((item) => repeatedTokens(drawn, item).with(0, 1));
      expect(rows[0]![11]).not.toBe(1);
      const { loss_per_token: loss } = await model.run(
        rows.map((row) => [...row]),
        { fetch: ["loss_per_token"] },
      );
      const expected = rows.map((_, i) =>
        meanOver(range(12, 21), (at) => Number(loss.data[i * 21 + at])),
      );
      const found = await repeatedTokenLoss(model, options);
      expect(found.n).toBe(4);
      found.values.forEach((x, i) =>
        expect(Math.abs(x - expected[i]!)).toBeLessThan(10 * tolerance),
      );
      expect(found.interval).toEqual(meanInterval(momentsOf(found.values)));
    });
  });
});

describe("head detectors on a model", () => {
  const { dtype, tolerance, engine: start } = backends[0]!;
  let engine: Engine;
  let model: Model;
  beforeAll(async () => {
    engine = start();
    model = await fixtureModel("a-attn-only-ln", engine, dtype);
  });
  afterAll(() => engine.close());

  const draw = (length: number, item: number) => [
    ...repeatedTokens({ seed: 1, name: "text", length, times: 2, bos: 1, ...ids }, item),
  ];

  it("a list of unequal sequences gives the mean of its items, whatever the batch (D1)", async () => {
    const rows = [draw(7, 0), draw(7, 1), draw(4, 2), draw(9, 3), draw(9, 4), draw(9, 5)];
    const options: DetectHeadsOptions = {
      head: "induction_head",
      measure: "abs",
      excludeBos: true,
      excludeCurrentToken: true,
    };
    const singles: HeadEstimate[][] = [];
    for (const row of rows) singles.push(await detectHeads(model, [row], options));
    for (const batch of [undefined, 1, 2]) {
      const found = await detectHeads(model, rows, { ...options, ...(batch && { batch }) });
      found.forEach(({ n, mean, values }, i) => {
        expect(n).toBe(6);
        const expected = singles.map((one) => one[i]!.mean);
        expect(Math.abs(mean - expected.reduce((a, b) => a + b) / 6)).toBeLessThan(tolerance);
        values.forEach((x, item) => expect(Math.abs(x - expected[item]!)).toBeLessThan(tolerance));
      });
    }
    const tokens = tensor("int32", [2, 15], rows.slice(0, 2).flat());
    const [first] = await detectHeads(model, tokens, options);
    expect([...first!.values]).toEqual([
      ...(await detectHeads(model, rows, options))[0]!.values.slice(0, 2),
    ]);
  });

  it("takes sequences as long as the context (D4)", async () => {
    const { nCtx } = model.config;
    const row = Array.from({ length: nCtx }, (_, i) => 2 + ((7 * i) % 60));
    const found = await detectHeads(model, [row], { head: "previous_token_head" });
    expect(found.toSorted((a, b) => b.mean - a.mean)[0]).toMatchObject({ layer: 0, head: 0 });
    await expect(
      detectHeads(model, [[...row, 2]], { head: "previous_token_head" }),
    ).rejects.toThrow(/expected sequences of 1 to 32 tokens, got 33/);
  });

  it("gives the heads that were asked for, and no other", async () => {
    const rows = [draw(8, 0)];
    const all = await detectHeads(model, rows, { head: "previous_token_head" });
    const heads = [
      { layer: 1, head: 2 },
      { layer: 0, head: 0 },
      { layer: 1, head: 0 },
    ];
    const some = await detectHeads(model, rows, { head: "previous_token_head", heads });
    expect(some).toEqual(
      heads.map(({ layer, head }) => all.find((one) => one.layer === layer && one.head === head)),
    );
    await expect(
      detectHeads(model, rows, { head: "previous_token_head", heads: [{ layer: 2, head: 0 }] }),
    ).rejects.toThrow(/L2H0/);
  });

  it("takes a mask of one's own", async () => {
    const rows = [draw(8, 0), draw(8, 1)];
    const own = await detectHeads(model, rows, { head: previousTokenMask(rows[0]!) as Tensor });
    expect(own).toEqual(await detectHeads(model, rows, { head: "previous_token_head" }));
    await expect(
      detectHeads(model, [draw(7, 0)], { head: previousTokenMask(rows[0]!) }),
    ).rejects.toThrow(/expected a mask \[15, 15\] or \[1, 15, 15\], got bool \[17, 17\]/);
  });

  it("refuses bad input in one line", async () => {
    const rows = [draw(8, 0)];
    const head = "induction_heads" as "induction_head";
    await expect(detectHeads(model, rows, { head })).rejects.toThrow(
      'detectHeads: expected a kind of head, got "induction_heads"',
    );
    await expect(detectHeads(model, [], { head: "induction_head" })).rejects.toThrow(/got none/);
    await expect(
      detectHeads(model, [[1, 2]], {
        ...{ head: "induction_head", excludeBos: true, excludeCurrentToken: true },
      }),
    ).rejects.toThrow(/expected attention that is not excluded, got none/);
    await expect(headScores(model, { seed: 1, length: 8, highestId: 101 })).rejects.toThrow(
      /expected token ids 0 to 100, got 101/,
    );
    await expect(headScores(model, { seed: 1, ...ids })).rejects.toThrow(
      /expected sequences of 1 to 32 tokens, got 101/,
    );
    await expect(headScores(model, { seed: 1, length: 8, sequences: 0 })).rejects.toThrow(
      /expected at least one sequence, got 0/,
    );
    await expect(headScores(model, { seed: 1, length: 8, batch: 0 })).rejects.toThrow(/got 0/);
    // An int32 array would read it as 1.
    await expect(previousTokenScore(model, [[1, 2 ** 32 + 1]])).rejects.toThrow(
      /expected token ids, which are whole numbers below 2\^31, got 4294967297/,
    );
    await expect(inContextLearningScore(model, rows)).rejects.toThrow(
      /expected tokens at positions 1 to 16, got 50/,
    );
    await expect(previousTokenScore(model, [[1]])).rejects.toThrow(/got none in sequence 0/);
    await expect(meanAttention(model, [Int32Array.of(1, 2)], [{ keys: () => [] }])).rejects.toThrow(
      /got none in sequence 0/,
    );
  });
});
