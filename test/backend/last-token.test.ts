import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, type Tensor, tensor } from "../../src/graph/index.js";
import { type Model, processingSteps } from "../../src/model/index.js";
import { loadModel } from "../../src/node.js";
import { philox4x32 } from "../../src/random/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel } from "../support/fixtures.js";

/** All that the two paths may differ by, nats. */
const tolerance = { float32: 5e-5, float64: 1e-6 };

/** Uniform ids [rows, columns], the same at each call. */
function ids(rows: number, columns: number, bound: number, seed: number): Tensor<"int32"> {
  const words = Int32Array.from(
    { length: rows * columns },
    (_, i) => (philox4x32([i, 0, 0, 0], [seed, 0])[0] as number) % bound,
  );
  return tensor("int32", [rows, columns], words);
}

const models: readonly [
  string,
  (engine: Engine, dtype: "float32" | "float64") => Promise<Model>,
][] = [
  ...["a-attn-only-ln", "b-attn-only-shortformer", "c-gelu-ln", "d-solu-ln", "e-gpt2", "f-pythia"]
    .concat("g-attn-only-1l")
    .flatMap((name) =>
      [[], processingSteps].map((steps): (typeof models)[number] => [
        `${name}, ${steps.length > 0 ? "processed" : "raw"}`,
        (engine, dtype) => fixtureModel(name, engine, dtype, steps),
      ]),
    ),
  ["the embedded model", (engine, dtype) => loadModel("attn-only-2l-mini", { engine, dtype })],
];

describe.each(backends)("the last-token path, $name", ({ dtype, engine: start }) => {
  let engine: Engine;
  beforeAll(() => {
    engine = start();
  });
  afterAll(() => engine.close());

  it.each(models)("gives what the plain graph gives: %s", async (_, load) => {
    const model = await load(engine, dtype);
    const { dVocab, nCtx } = model.config;
    for (const length of [1, 2, Math.min(24, nCtx)]) {
      const tokens = ids(48, length, dVocab, length);
      for (const width of [1, 3]) {
        const targets = ids(48, width, dVocab, 100 + width);
        // The ends of the vocabulary are masked by another way than the tokens between.
        targets.data.set([0, 1, dVocab - 1].slice(0, width));
        const plain = await model.run(tokens, {
          fetch: ["logOdds", "targetLogits"],
          feed: { targets },
        });
        const fast = await model.runLastToken(tokens, targets, { logits: true });
        const oddsAlone = await model.runLastToken(tokens, targets);
        expect(oddsAlone.targetLogits).toBeUndefined();
        for (const [got, expected] of [
          [fast.logOdds, plain.logOdds],
          [oddsAlone.logOdds, plain.logOdds],
          [fast.targetLogits, plain.targetLogits],
        ] as const) {
          expect(got?.shape).toEqual([48, width]);
          expect(largestDifference(got as Tensor, expected)).toBeLessThan(tolerance[dtype]);
        }
      }
    }
  });

  it("reads one target, several and their logits at the same time", async () => {
    const model = await fixtureModel("a-attn-only-ln", engine, dtype);
    const tokens = ids(8, 12, model.config.dVocab, 1);
    const [one, three] = [ids(8, 1, model.config.dVocab, 2), ids(8, 3, model.config.dVocab, 3)];
    const alone = [
      await model.runLastToken(tokens, one),
      await model.runLastToken(tokens, three),
      await model.runLastToken(tokens, three, { logits: true }),
    ];
    const together = await Promise.all([
      model.runLastToken(tokens, one),
      model.runLastToken(tokens, three),
      model.runLastToken(tokens, three, { logits: true }),
      model.runLastToken(tokens, one),
    ]);
    expect(together.slice(0, 3)).toEqual(alone);
    expect(together[3]).toEqual(alone[0]);
  });

  it("tries again what failed on the way", async () => {
    // The table of the head comes first where there is one, then those of the first layer.
    for (let failing = 0; failing < 8; failing++) {
      let calls = 0;
      const flaky: Engine = Object.assign(Object.create(engine) as Engine, {
        keep: (...args: Parameters<Engine["keep"]>) =>
          calls++ === failing ? Promise.reject(new Error("no room")) : engine.keep(...args),
      });
      const model = await fixtureModel("a-attn-only-ln", flaky, dtype);
      const tokens = ids(8, 12, model.config.dVocab, 1);
      const targets = ids(8, 1, model.config.dVocab, 2);
      const first = await model.runLastToken(tokens, targets).catch((error: Error) => error);
      if (first instanceof Error) expect(first.message).toBe("no room");
      const again = await model.runLastToken(tokens, targets);
      const plain = await model.run(tokens, { fetch: ["logOdds"], feed: { targets } });
      expect(largestDifference(again.logOdds, plain.logOdds)).toBeLessThan(tolerance[dtype]);
    }
  });
});

function largestDifference(a: Tensor, b: Tensor): number {
  let largest = 0;
  for (const [i, value] of (a.data as Float64Array).entries()) {
    const difference = Math.abs(value - (b.data[i] as number));
    // NaN must not pass.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
