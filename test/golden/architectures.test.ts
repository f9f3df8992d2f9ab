import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, type FloatTensor, type Tensor, tensor } from "../../src/graph/index.js";
import { type Model, processingSteps } from "../../src/model/index.js";
import type { SafetensorsFile } from "../../src/weights/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel, fixtureTensors, fixtures } from "../support/fixtures.js";
import { relativeError } from "../support/relative-error.js";

describe.each(backends)(
  "TransformerLens's values, $name",
  ({ dtype, tolerance, engine: start }) => {
    let engine: Engine;
    beforeAll(() => {
      engine = start();
    });
    afterAll(() => engine.close());

    describe.each(fixtures)("%s", (fixture) => {
      let golden: SafetensorsFile;
      let tokens: Tensor<"int32">;
      const models: Record<string, Model> = {};
      beforeAll(async () => {
        golden = await fixtureTensors(`${fixture}/golden.safetensors`);
        tokens = golden.tensor("tokens") as Tensor<"int32">;
        models.raw = await fixtureModel(fixture, engine, dtype, []);
        models.processed = await fixtureModel(fixture, engine, dtype);
      });

      /** Compares every golden under a prefix with what fetching its name gives. */
      async function compare(model: Model, prefix: string, wanted: RegExp): Promise<void> {
        const names = [...golden.entries.keys()]
          .filter((key) => key.startsWith(prefix))
          .map((key) => key.slice(prefix.length))
          .filter((name) => wanted.test(name));
        expect(names.length).toBeGreaterThan(0);
        const values = await model.run(tokens, { fetch: names });
        const errors = names.map((name) => [
          name,
          relativeError(values[name] as Tensor, golden.float(prefix + name)),
        ]);
        expect(errors.filter(([, error]) => !((error as number) <= tolerance))).toEqual([]);
      }

      it("hook values, logits and losses of the stored weights", async () => {
        await compare(models.raw as Model, "cache/", /./);
        await compare(models.raw as Model, "", /^(logits|loss|loss_per_token)$/);
      });

      it("hook values, logits and losses after the default processing", async () => {
        await compare(models.processed as Model, "proc/cache/", /./);
        await compare(models.processed as Model, "proc/", /^(logits|loss_per_token)$/);
      });

      it("the logits of the last position alone", async () => {
        const { last_logits: alone } = await (models.raw as Model).run(tokens, {
          fetch: ["last_logits"],
        });
        const { shape, data } = golden.float("logits");
        const [b, p, v] = shape as [number, number, number];
        const last = Array.from({ length: b }, (_, i) =>
          data.subarray((i * p + p - 1) * v, (i + 1) * p * v),
        );
        const expected = tensor(
          "float64",
          [b, v],
          last.flatMap((row) => [...row]),
        );
        expect(relativeError(alone as Tensor, expected)).toBeLessThan(tolerance);
      });

      it("log-probabilities that no step of processing changes", async () => {
        const logProbs = async (model: Model) =>
          (await model.run(tokens, { fetch: ["loss_per_token"] })).loss_per_token;
        const raw = await logProbs(models.raw as Model);
        for (const step of processingSteps) {
          const model = await fixtureModel(fixture, engine, dtype, [step]);
          const error = relativeError(await logProbs(model), raw as FloatTensor);
          expect(error, step).toBeLessThan(tolerance);
        }
      });

      it("values fetched one by one equal those fetched together", async () => {
        const names = [...golden.entries.keys()]
          .filter((key) => key.startsWith("cache/"))
          .map((key) => key.slice("cache/".length));
        for (const name of names) {
          const { [name]: value } = await (models.raw as Model).run(tokens, { fetch: [name] });
          expect(relativeError(value as Tensor, golden.float(`cache/${name}`)), name).toBeLessThan(
            tolerance,
          );
        }
      });

      it("the optional per-head results", async () => {
        const optional = [...golden.entries.keys()].filter((key) => key.startsWith("cache_opt/"));
        if (optional.length === 0) {
          expect(fixture).not.toBe("a-attn-only-ln");
          return;
        }
        await compare(models.raw as Model, "cache_opt/", /./);
      });

      it("processed weights", async () => {
        const processed = await fixtureTensors(`${fixture}/processed.safetensors`);
        const { weights } = models.processed as Model;
        expect([...weights.keys()].sort()).toEqual([...processed.entries.keys()].sort());
        for (const [name, value] of weights) {
          expect(relativeError(value, processed.float(name)), name).toBeLessThan(tolerance);
        }
      });
    });
  },
);
