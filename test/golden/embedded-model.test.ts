import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, type Tensor, tensor } from "../../src/graph/index.js";
import type { Model } from "../../src/model/index.js";
import { loadModel } from "../../src/node.js";
import { readSafetensors, type SafetensorsFile } from "../../src/weights/index.js";
import { backends } from "../support/engines.js";
import { relativeError } from "../support/relative-error.js";

const path = new URL("../../models/attn-only-2l-mini/golden.safetensors", import.meta.url);

describe.each(backends)(
  "attn-only-2l-mini against TransformerLens in float64, $name",
  (backend) => {
    const { dtype, tolerance } = backend;
    let engine: Engine;
    let golden: SafetensorsFile;
    let raw: Model;
    let processed: Model;
    beforeAll(async () => {
      engine = backend.engine();
      golden = readSafetensors(await readFile(path), "golden.safetensors");
      raw = await loadModel("attn-only-2l-mini", { engine, dtype, processing: [] });
      processed = await loadModel("attn-only-2l-mini", { engine, dtype });
    });
    afterAll(() => engine.close());

    it.each([
      ["stored weights", "", () => raw],
      ["after the default processing", "proc/", () => processed],
    ])("activations, %s", async (_, prefix, model) => {
      const tokens = golden.tensor("tokens") as Tensor<"int32">;
      const names = [...golden.entries.keys()]
        .filter((key) => key.startsWith(`${prefix}cache/`))
        .map((key) => key.slice(`${prefix}cache/`.length));
      expect(names.length).toBeGreaterThanOrEqual(3);
      const values = await model().run(tokens, { fetch: names });
      for (const name of names) {
        const expected = golden.float(`${prefix}cache/${name}`);
        expect(relativeError(values[name] as Tensor, expected), name).toBeLessThan(tolerance);
      }
    });

    it("logits", async () => {
      const { logits } = await raw.run(golden.tensor("tokens") as Tensor<"int32">, {
        fetch: ["logits"],
      });
      expect(relativeError(logits, golden.float("logits"))).toBeLessThan(tolerance);
    });

    it.each([
      ["induction", "pairs/induction", "pairs/logodds_induction"],
      ["shuffled", "pairs/shuffled", "pairs/logodds_shuffled"],
    ])("log-odds of the protocol pairs, %s", async (_, tokensKey, oddsKey) => {
      const targets = golden.tensor("pairs/target") as Tensor<"int32">;
      const n = targets.shape[0] as number;
      for (const model of [raw, processed]) {
        const { logOdds } = await model.run(golden.tensor(tokensKey) as Tensor<"int32">, {
          fetch: ["logOdds"],
          feed: { targets: tensor("int32", [n, 1], targets.data) },
        });
        const expected = golden.float(oddsKey);
        expect(relativeError({ ...logOdds, shape: [n] }, expected)).toBeLessThan(tolerance);
        // The design's own bound, in nats; WASM gets what its looser tolerance allows.
        const worst = Math.max(
          ...Array.from(expected.data, (x, i) => Math.abs(x - Number(logOdds.data[i]))),
        );
        expect(worst).toBeLessThan(backend.name.startsWith("wasm") ? 2e-4 : 5e-5);
      }
    });
  },
);
