import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, FloatTensor, Tensor } from "../../src/graph/index.js";
import {
  accumulatedResid,
  type ActivationCache,
  decomposeResid,
  fullResidDecomposition,
  logitAttribution,
  logitLens,
  runWithCache,
  stackHeadResults,
} from "../../src/lens/index.js";
import type { SafetensorsFile } from "../../src/weights/index.js";
import { backends } from "../support/engines.js";
import { fixtureJson, fixtureModel, fixtureTensors, fixtures } from "../support/fixtures.js";
import { relativeError } from "../support/relative-error.js";

interface Labels {
  readonly decompose_resid_labels: readonly string[];
  readonly stack_head_results_labels: readonly string[];
  readonly accumulated_resid_labels: readonly string[];
  readonly full_resid_decomposition_labels?: readonly string[];
}

/** The components of a stack [component, …] with these labels. */
function components(
  value: FloatTensor,
  labels: readonly string[],
  wanted: readonly string[],
): FloatTensor {
  const size = value.data.length / labels.length;
  const data = wanted.flatMap((label) => {
    const start = labels.indexOf(label) * size;
    return [...value.data.subarray(start, start + size)];
  });
  return {
    dtype: "float64",
    shape: [wanted.length, ...value.shape.slice(1)],
    data: Float64Array.from(data),
  };
}

/** Without the axis of positions, of which there is one. */
function atOnePosition(value: FloatTensor): FloatTensor {
  expect(value.shape[2]).toBe(1);
  return { ...value, shape: value.shape.toSpliced(2, 1) } as FloatTensor;
}

describe.each(backends)("TransformerLens's analyses, $name", (backend) => {
  const { dtype, tolerance, engine: start } = backend;
  let engine: Engine;
  beforeAll(() => {
    engine = start();
  });
  afterAll(() => engine.close());

  describe.each(fixtures)("%s", (fixture) => {
    let golden: SafetensorsFile;
    let labels: Labels;
    let tokens: Tensor<"int32">;
    let raw: ActivationCache;
    let processed: ActivationCache;
    /** D17: shortformer positions, which TransformerLens counts, are not in the stream. */
    const inStream = (label: string) =>
      fixture !== "b-attn-only-shortformer" || label !== "pos_embed";
    beforeAll(async () => {
      golden = await fixtureTensors(`${fixture}/golden.safetensors`);
      labels = (await fixtureJson(`${fixture}/golden.json`)) as Labels;
      tokens = golden.tensor("tokens") as Tensor<"int32">;
      raw = await runWithCache(await fixtureModel(fixture, engine, dtype, []), tokens);
      processed = await runWithCache(await fixtureModel(fixture, engine, dtype), tokens);
    });

    it("decompose_resid, without shortformer positions (D17)", async () => {
      const { labels: got, values } = await decomposeResid(processed);
      const all = labels.decompose_resid_labels;
      const expected = components(golden.float("proc/decompose_resid"), all, all.filter(inStream));
      expect(got).toEqual(all.filter(inStream));
      expect(got.includes("pos_embed")).toBe(!/shortformer|pythia/.test(fixture));
      expect(relativeError(values, expected)).toBeLessThan(tolerance);
    });

    it("stack_head_results, with the remainder", async () => {
      const stack = await stackHeadResults(processed, { inclRemainder: true });
      expect(stack.labels).toEqual(labels.stack_head_results_labels);
      if (golden.entries.has("proc/stack_head_results")) {
        const expected = golden.float("proc/stack_head_results");
        expect(relativeError(stack.values, expected)).toBeLessThan(tolerance);
      }
      const key = golden.entries.has("proc/stack_head_results_lastpos");
      expect(key || golden.entries.has("proc/stack_head_results")).toBe(true);
      const at = { inclRemainder: true, positions: 11 };
      const last = atOnePosition((await stackHeadResults(processed, at)).values);
      if (key) {
        const expected = golden.float("proc/stack_head_results_lastpos");
        expect(relativeError(last, expected)).toBeLessThan(tolerance);
      }
      const normalised = await stackHeadResults(processed, { ...at, applyLn: true });
      const expected = golden.float("proc/stack_head_results_ln_lastpos");
      expect(relativeError(atOnePosition(normalised.values), expected)).toBeLessThan(tolerance);
    });

    it("accumulated_resid with its own statistics, and the logit lens", async () => {
      const options = { inclMid: true, positions: 11 };
      const stack = await accumulatedResid(processed, { ...options, applyLn: true });
      expect(stack.labels).toEqual(labels.accumulated_resid_labels);
      const expected = golden.float("proc/accumulated_resid_ln_lastpos");
      expect(relativeError(atOnePosition(stack.values), expected)).toBeLessThan(tolerance);

      for (const [cache, key] of [
        [processed, "proc/logit_lens_lastpos"],
        [raw, "logit_lens_lastpos"],
      ] as const) {
        const lens = await logitLens(cache, options);
        expect(lens.labels).toEqual(labels.accumulated_resid_labels);
        const error = relativeError(atOnePosition(lens.values), golden.float(key));
        expect(error, key).toBeLessThan(tolerance);
      }
    });

    it("logit_attrs, which excludes b_U; shortformer without its positions (D17)", async () => {
      const ids = (key: string) => golden.tensor(key) as Tensor<"int32">;
      const correct = ids("logit_attr_tokens");
      const parts = await decomposeResid(processed);
      const heads = await stackHeadResults(processed, { inclRemainder: true });
      const withoutBias = { inclBias: false };

      const ofParts = await logitAttribution(processed, parts, correct, withoutBias);
      const all = labels.decompose_resid_labels;
      const expected = components(
        golden.float("proc/logit_attrs_decompose"),
        all,
        all.filter(inStream),
      );
      expect(relativeError(ofParts.values, expected)).toBeLessThan(tolerance);

      const ofHeads = await logitAttribution(processed, heads, correct, withoutBias);
      expect(ofHeads.labels).toEqual(labels.stack_head_results_labels);
      const headsExpected = golden.float("proc/logit_attrs_heads");
      expect(relativeError(ofHeads.values, headsExpected)).toBeLessThan(tolerance);

      const difference = await logitAttribution(processed, heads, correct, {
        ...withoutBias,
        incorrect: ids("logit_attr_incorrect_tokens"),
      });
      const differenceExpected = golden.float("proc/logit_attrs_heads_diff");
      expect(relativeError(difference.values, differenceExpected)).toBeLessThan(tolerance);
    });

    it("the full decomposition of models of attention only (D6), their biases float32-exact", async () => {
      const { labels: got, values } = await fullResidDecomposition(processed, { positions: 11 });
      const all = labels.full_resid_decomposition_labels;
      if (all === undefined) {
        expect(got).toContain("1_mlp_out");
        return;
      }
      expect(got).toEqual(all.filter(inStream));
      const reference = golden.float("proc/full_resid_decomposition_lastpos");
      const exact = got.filter((label) => label !== "bias");
      const ours = components(atOnePosition(values), got, exact);
      expect(relativeError(ours, components(reference, all, exact))).toBeLessThan(tolerance);
      const bias = components(atOnePosition(values), got, ["bias"]);
      const error = relativeError(bias, components(reference, all, ["bias"]));
      expect(error).toBeLessThan(Math.max(tolerance, 1e-6));
    });

    it("D20: LN's weight and bias count in an unprocessed model", async () => {
      const ids = golden.tensor("logit_attr_tokens") as Tensor<"int32">;
      const { labels: got, values } = await logitAttribution(raw, await decomposeResid(raw), ids);
      const own = raw.model.config.normalization === "LN";
      expect(got.slice(-2).filter((label) => /^(ln_final|unembed)/.test(label))).toEqual(
        own ? ["ln_final.b", "unembed.b_U"] : ["unembed.b_U"],
      );
      const logits = golden.float("logits");
      const [b, p, v] = logits.shape as [number, number, number];
      const size = b * p;
      const expected = Float64Array.from(ids.data, (id, i) => logits.data[i * v + id] as number);
      const sums = new Float64Array(size);
      for (let i = 0; i < values.data.length; i++) {
        sums[i % size] = (sums[i % size] as number) + (values.data[i] as number);
      }
      const shape = [b, p];
      const error = relativeError(
        { dtype: "float64", shape, data: sums },
        { dtype: "float64", shape, data: expected },
      );
      expect(error).toBeLessThan(tolerance);
      // What TransformerLens leaves out of the sum is not small.
      const lnBias = got.indexOf("ln_final.b");
      const left = own ? values.data.subarray(lnBias * size, (lnBias + 1) * size) : [1];
      expect(Math.max(...Array.from(left, Math.abs))).toBeGreaterThan(0.05);
    });
  });
});
