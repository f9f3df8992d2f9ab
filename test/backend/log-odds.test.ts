import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Engine,
  input,
  named,
  ops,
  Program,
  type Tensor,
  tensor,
} from "../../src/graph/index.js";
import { logOdds } from "../../src/model/index.js";
import { logOddsOfOne } from "../../src/model/last-token/log-odds-of-one.js";
import { backends } from "../support/engines.js";

const vocabulary = 4096;

/** Log-odds in float64, from the other tokens' probability itself. */
function reference(logits: Float64Array, target: number): number {
  const others = logits.filter((_, i) => i !== target);
  const top = others.reduce((a, b) => Math.max(a, b));
  const sum = others.reduce((total, x) => total + Math.exp(x - top), 0);
  return (logits[target] as number) - top - Math.log(sum);
}

describe.each(backends)("log-odds, $name", ({ dtype, engine: start }) => {
  let engine: Engine;
  let program: Program;
  beforeAll(async () => {
    engine = start();
    const logits = input("logits", dtype, ["batch", vocabulary]);
    const targets = input("targets", "int32", ["batch", "targets"]);
    const parameters = new Map<string, Tensor>();
    const root = named("logOdds", logOdds(logits, targets));
    program = new Program([root], engine, await engine.store(parameters), parameters);
  });
  afterAll(() => engine.close());

  /** Log-odds of some targets, and the same in float64 from the same (rounded) logits. */
  async function measure(rows: Float64Array[], targets: number[][]) {
    const logits = tensor(
      dtype,
      [rows.length, vocabulary],
      rows.flatMap((row) => [...row]),
    );
    const width = targets[0]?.length ?? 0;
    const { logOdds: got } = await program.run({
      fetch: ["logOdds"],
      feed: { logits, targets: tensor("int32", [rows.length, width], targets.flat()) },
    });
    const rounded = rows.map((_, i) =>
      Float64Array.from(logits.data.subarray(i * vocabulary, (i + 1) * vocabulary)),
    );
    const expected = targets.flatMap((row, i) =>
      row.map((target) => reference(rounded[i] as Float64Array, target)),
    );
    return { got: Array.from(got.data as Float64Array), expected };
  }

  /** Logits of a bounded spread, the same at each call. */
  const wavy = (scale: number) =>
    Float64Array.from({ length: vocabulary }, (_, i) => scale * Math.sin(i * i * 0.37 + i));

  it("keeps its digits where p comes near 1", async () => {
    for (let exponent = 2; exponent <= 12; exponent++) {
      const row = wavy(3);
      // 1 − p = 10^−exponent by construction.
      const others = reference(row.with(7, 0), 7);
      row[7] = Math.log(10 ** exponent - 1) - others;
      const { got, expected } = await measure([row], [[7, 8, 9]]);
      expect(expected[0]).toBeCloseTo(Math.log(10 ** exponent - 1), 4);
      for (const [i, value] of expected.entries()) {
        expect(Math.abs((got[i] as number) - value), `1 − p = 1e-${exponent}`).toBeLessThan(5e-5);
      }
    }
  });

  it("is exact for likely, unlikely and equally likely tokens", async () => {
    const flat = new Float64Array(vocabulary);
    const two = new Float64Array(vocabulary).fill(-60).with(3, 10).with(5, 10);
    const rows = [wavy(1), wavy(8), flat, two];
    const targets = [
      [0, 1, 2],
      [11, 12, 13],
      [0, 1, 4095],
      [3, 5, 6],
    ];
    const { got, expected } = await measure(rows, targets);
    for (const [i, value] of expected.entries()) {
      expect(Math.abs((got[i] as number) - value)).toBeLessThan(5e-5);
    }
    expect(got[9]).toBeCloseTo(0, 5);
    expect(got[10]).toBeCloseTo(0, 5);
  });

  it.each([[[4096]], [[1500, 1500, 1096]]])(
    "of one target, by chunks of %j, at their ends too",
    async (sizes) => {
      const logits = input("logits", dtype, ["batch", vocabulary]);
      const targets = input("targets", "int32", ["batch", 1]);
      const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
      const chunks = starts.map((from, i) => ops.slice(logits, 1, from, from + sizes[i]!));
      const parameters = new Map<string, Tensor>();
      const root = named("logOdds", logOddsOfOne(chunks, targets));
      const ofOne = new Program([root], engine, await engine.store(parameters), parameters);
      const ends = starts.flatMap((from, i) => [from, from + 1, from + sizes[i]! - 1]);
      for (const scale of [0, 3, 12]) {
        // Once as the others are, and once so likely that hardly anything is left for the others.
        for (const raise of [0, 20]) {
          const rows = ends.map((end) => wavy(scale).map((x, i) => (i === end ? x + raise : x)));
          const given = tensor(
            dtype,
            [ends.length, vocabulary],
            rows.flatMap((row) => [...row]),
          );
          const { logOdds: got } = await ofOne.run({
            fetch: ["logOdds"],
            feed: { logits: given, targets: tensor("int32", [ends.length, 1], ends) },
          });
          for (const [i, end] of ends.entries()) {
            const row = given.data.subarray(i * vocabulary, (i + 1) * vocabulary);
            const expected = reference(Float64Array.from(row), end);
            expect(Math.abs((got.data[i] as number) - expected)).toBeLessThan(5e-5);
          }
        }
      }
    },
  );
});
