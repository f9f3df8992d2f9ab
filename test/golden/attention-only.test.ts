import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, Tensor } from "../../src/graph/index.js";
import type { Model } from "../../src/model/index.js";
import type { SafetensorsFile } from "../../src/weights/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel, fixtureTensors } from "../support/fixtures.js";
import { relativeError } from "../support/relative-error.js";

const fixtures = ["a-attn-only-ln", "b-attn-only-shortformer", "g-attn-only-1l"];

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

      it("hook values and logits of the stored weights", async () => {
        await compare(models.raw as Model, "cache/", /./);
        await compare(models.raw as Model, "", /^logits$/);
      });

      it("hook values and logits after the default processing", async () => {
        await compare(models.processed as Model, "proc/cache/", /./);
        await compare(models.processed as Model, "proc/", /^logits$/);
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
        if (fixture !== "a-attn-only-ln") {
          expect(optional).toEqual([]);
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
