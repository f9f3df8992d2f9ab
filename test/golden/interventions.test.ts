import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Engine,
  type Feed,
  type FloatTensor,
  type Tensor,
  tensor,
} from "../../src/graph/index.js";
import {
  activationPatching,
  addTensor,
  attributionPatching,
  logitDifference,
  replace,
  scale,
  zero,
} from "../../src/lens/index.js";
import type { Model } from "../../src/model/index.js";
import type { SafetensorsFile } from "../../src/weights/index.js";
import { backends } from "../support/engines.js";
import { fixtureJson, fixtureModel, fixtureTensors, fixtures } from "../support/fixtures.js";
import { relativeError } from "../support/relative-error.js";

interface Intervention {
  readonly id: string;
  readonly hooks: readonly string[];
  readonly model: "raw" | "processed";
}

interface Golden {
  readonly interventions: readonly Intervention[];
  readonly patching: {
    readonly clean_tokens: readonly number[];
    readonly corrupted_tokens: readonly number[];
    readonly metric: string;
    readonly metric_clean: number;
    readonly metric_corrupted: number;
  };
}

/** The head that an intervention's id names: `zero_z_L1H1`. */
function headOf(id: string): number {
  return Number(/L\d+H(\d+)$/.exec(id)?.[1]);
}

/** Every sequence's values taken from the one before it in the batch. */
function fromPrevious(value: Tensor): Tensor {
  const [b] = value.shape as [number];
  const size = value.data.length / b;
  const data = value.data.slice();
  for (let i = 0; i < b; i++) {
    const other = (i + b - 1) % b;
    data.set(value.data.subarray(other * size, (other + 1) * size) as never, i * size);
  }
  return { ...value, data } as Tensor;
}

/** The feeds that stand for an intervention of the golden file, in the words of its `op`. */
async function feedsOf(
  { id, hooks }: Intervention,
  model: Model,
  tokens: Tensor<"int32">,
): Promise<Record<string, Feed>> {
  const [hook, second] = hooks as [string, string | undefined];
  const { dtype } = model;
  const clean = async (name: string) =>
    (await model.run(tokens, { fetch: [name] }))[name] as Tensor;
  const numbers = (shape: readonly number[], data: readonly number[]) => tensor(dtype, shape, data);
  const heads = [headOf(id)];
  if (/^(proc_)?zero_[zv]_/.test(id)) return { [hook]: zero({ heads }) };
  if (id.startsWith("mean_z_")) {
    const { shape, data } = (await clean(hook)) as FloatTensor;
    const [, , h, e] = shape as [number, number, number, number];
    const means = Array.from({ length: h * e }, (_, i) => {
      const values = Array.from(data).filter((_, j) => j % (h * e) === i);
      return values.reduce((sum, x) => sum + x, 0) / values.length;
    });
    return { [hook]: replace(numbers([h, e], means), { heads }) };
  }
  if (id.startsWith("uniform_pattern_") || id.startsWith("prev_pattern_")) {
    const [, , p] = (await clean(hook)).shape as [number, number, number];
    const uniform = id.startsWith("uniform");
    const pattern = Array.from({ length: p * p }, (_, i) => {
      const [query, key] = [Math.floor(i / p), i % p];
      if (uniform) return key <= query ? 1 / (query + 1) : 0;
      return key === Math.max(query - 1, 0) ? 1 : 0;
    });
    return { [hook]: replace(numbers([p, p], pattern), { heads }) };
  }
  if (id.startsWith("patch_q")) {
    return { [hook]: replace(fromPrevious(await clean(hook)), { heads: [1] }) };
  }
  if (id.startsWith("patch_")) {
    const positions = [Number(/pos(\d+)$/.exec(id)?.[1])];
    return { [hook]: replace(fromPrevious(await clean(hook)), { positions }) };
  }
  if (id === "scores_add") {
    const where = { heads: [1], positions: [11], keys: [6] };
    return { [hook]: addTensor(numbers([], [3]), where) };
  }
  if (id === "scale_k") return { [hook]: scale(0.5, { heads: [0], positions: [2, 3, 4] }) };
  if (/^zero_(attn|mlp)_out/.test(id)) return { [hook]: zero() };
  if (id.startsWith("direct_effect_")) {
    return { [hook]: zero({ heads }), [second as string]: await clean(second as string) };
  }
  if (id.startsWith("set_neuron_")) return { [hook]: replace(numbers([], [2]), { features: [7] }) };
  if (id.startsWith("k_composition_")) {
    const name = "blocks.0.attn.hook_result";
    const { shape, data } = (await clean(name)) as FloatTensor;
    const [b, p, h, d] = shape as [number, number, number, number];
    const minus = Array.from({ length: b * p * d }, (_, i) => {
      const [row, m] = [Math.floor(i / d), i % d];
      return -(data[row * h * d + m] as number);
    });
    return { [hook]: addTensor(numbers([b, p, 1, d], minus), { heads: [1] }) };
  }
  throw new Error(`no feeds for ${id}`);
}

describe.each(backends)(
  "TransformerLens's interventions, $name",
  ({ dtype, tolerance, engine: start }) => {
    let engine: Engine;
    beforeAll(() => {
      engine = start();
    });
    afterAll(() => engine.close());

    describe.each(fixtures)("%s", (fixture) => {
      let file: SafetensorsFile;
      let golden: Golden;
      let tokens: Tensor<"int32">;
      const models: Record<string, Model> = {};
      beforeAll(async () => {
        file = await fixtureTensors(`${fixture}/golden.safetensors`);
        golden = (await fixtureJson(`${fixture}/golden.json`)) as Golden;
        tokens = file.tensor("tokens") as Tensor<"int32">;
        models.raw = await fixtureModel(fixture, engine, dtype, []);
        models.processed = await fixtureModel(fixture, engine, dtype);
      });

      it("give the logits of the same hooks there", async () => {
        const errors: [string, number][] = [];
        for (const intervention of golden.interventions) {
          const model = models[intervention.model] as Model;
          const feed = await feedsOf(intervention, model, tokens);
          const { logits } = await model.run(tokens, { fetch: ["logits"], feed });
          errors.push([
            intervention.id,
            relativeError(logits, file.float(`iv/${intervention.id}`)),
          ]);
        }
        expect(errors.length).toBeGreaterThan(8);
        // The golden logits of interventions are stored in float32.
        expect(errors.filter(([, error]) => !(error <= Math.max(tolerance, 1e-6)))).toEqual([]);
      });

      it("patch activations", async () => {
        const { patching } = golden;
        const [, correct, incorrect] = /-1,(\d+)\].*-1,(\d+)\]/.exec(
          patching.metric,
        ) as RegExpExecArray;
        const options = {
          clean: patching.clean_tokens,
          corrupted: patching.corrupted_tokens,
          metric: logitDifference(Number(correct), Number(incorrect)),
        };
        const check = async (name: string, hooks: string, by: ("head" | "position")[]) => {
          const table = await activationPatching(models.raw as Model, {
            ...options,
            hooks,
            by,
            batch: 7,
          });
          expect(table.clean).toBeCloseTo(patching.metric_clean, 3);
          expect(table.corrupted).toBeCloseTo(patching.metric_corrupted, 3);
          const expected = file.float(`patch/${name}`);
          const shape = table.axes.map(({ labels }) => labels.length);
          expect(shape).toEqual(expected.shape);
          const error = relativeError(tensor("float64", shape, table.values), expected);
          expect(error, name).toBeLessThan(tolerance);
        };
        await check("resid_pre", "blocks.*.hook_resid_pre", ["position"]);
        await check("attn_out", "blocks.*.hook_attn_out", ["position"]);
        await check("head_z_by_pos", "blocks.*.attn.hook_z", ["position", "head"]);
        for (const x of ["z", "q", "k", "v", "pattern"]) {
          const hook = fixture === "f-pythia" && (x === "q" || x === "k") ? `rot_${x}` : x;
          if (!file.entries.has(`patch/head_${x}_all_pos`)) continue;
          await check(`head_${x}_all_pos`, `blocks.*.attn.hook_${hook}`, ["head"]);
        }
      });

      it("attribute by gradients", async () => {
        const { patching } = golden;
        const [, correct, incorrect] = /-1,(\d+)\].*-1,(\d+)\]/.exec(
          patching.metric,
        ) as RegExpExecArray;
        const options = {
          clean: patching.clean_tokens,
          corrupted: patching.corrupted_tokens,
          objective: "logitDiff",
          targets: [Number(correct), Number(incorrect)],
        };
        const check = async (name: string, hooks: string, by: ("head" | "position")[]) => {
          const table = await attributionPatching(models.raw as Model, { ...options, hooks, by });
          const expected = file.float(`attribution/${name}`);
          const values = tensor("float64", expected.shape, table.values);
          // Gradients are held to 1e-4.
          expect(relativeError(values, expected), name).toBeLessThan(Math.max(tolerance, 1e-4));
        };
        await check("resid_pre", "blocks.*.hook_resid_pre", ["position"]);
        await check("head_z_by_pos", "blocks.*.attn.hook_z", ["position", "head"]);
        await check("head_z_all_pos", "blocks.*.attn.hook_z", ["head"]);
      });
    });
  },
);
