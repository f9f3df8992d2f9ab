import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, FloatTensor, Tensor } from "../../src/graph/index.js";
import {
  accumulatedResid,
  type ActivationCache,
  applyLnToStack,
  decomposeResid,
  fullResidDecomposition,
  headResults,
  logitAttribution,
  logitLens,
  type ResidualStack,
  runWithCache,
  stackActivation,
  stackHeadResults,
} from "../../src/lens/index.js";
import { defaultHooks, type Model } from "../../src/model/index.js";
import { readSafetensors } from "../../src/weights/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel, fixtureTensors, fixtures } from "../support/fixtures.js";
import { mapTensor } from "../support/map-tensor.js";
import { relativeError } from "../support/relative-error.js";

/** The sum over the first axis. */
function summed({ dtype, shape, data }: FloatTensor): FloatTensor {
  const size = shape.slice(1).reduce((x, y) => x * y, 1);
  const sums = new Float64Array(size);
  for (let i = 0; i < data.length; i++) sums[i % size]! += data[i] as number;
  const rounded = dtype === "float64" ? sums : Float32Array.from(sums);
  return { dtype, shape: shape.slice(1), data: rounded } as FloatTensor;
}

/** Positions [from, to) along an axis, in plain JavaScript. */
function cut(value: Tensor, axis: number, from: number, to: number): FloatTensor {
  const inner = value.shape.slice(axis + 1).reduce((x, y) => x * y, 1);
  const size = value.shape[axis] as number;
  const keep = (_: unknown, i: number) => {
    const place = Math.floor(i / inner) % size;
    return place >= from && place < to;
  };
  const data = (value.data as Float32Array).filter((x, i) => keep(x, i));
  return { ...value, shape: value.shape.with(axis, to - from), data } as FloatTensor;
}

/** The logits [b, p] of the token ids [b, p] among [b, p, V]. */
function picked({ dtype, shape, data }: FloatTensor, ids: ArrayLike<number>): FloatTensor {
  const [b, p, v] = shape as [number, number, number];
  const values = Array.from(ids, (id, i) => data[i * v + id] as number);
  return { dtype, shape: [b, p], data: Float64Array.from(values) } as FloatTensor;
}

describe.each(backends)("attribution, $name", ({ dtype, tolerance, engine: start }) => {
  let engine: Engine;
  beforeAll(() => {
    engine = start();
  });
  afterAll(() => engine.close());

  describe.each(fixtures)("%s", (fixture) => {
    const caches: Record<string, ActivationCache> = {};
    const all: Record<string, FloatTensor> = {};
    let tokens: Tensor<"int32">;
    let next: Tensor<"int32">;
    let other: Tensor<"int32">;
    beforeAll(async () => {
      const golden = await fixtureTensors(`${fixture}/golden.safetensors`);
      tokens = golden.tensor("tokens") as Tensor<"int32">;
      next = golden.tensor("logit_attr_tokens") as Tensor<"int32">;
      other = golden.tensor("logit_attr_incorrect_tokens") as Tensor<"int32">;
      for (const [name, processing] of [
        ["raw", []],
        ["processed", undefined],
      ] as const) {
        const model = await fixtureModel(fixture, engine, dtype, processing);
        caches[name] = await runWithCache(model, tokens, {
          names: ["*hook_*", "logits"],
        });
        all[name] = caches[name].float("logits");
      }
    });

    const decompositions: [
      string,
      (c: ActivationCache, layer: number) => Promise<ResidualStack>,
    ][] = [
      ["layers", (c, layer) => decomposeResid(c, { layer })],
      ["layers and biases", (c, layer) => decomposeResid(c, { layer, biases: true })],
      ["heads", (c, layer) => stackHeadResults(c, { layer, inclRemainder: true })],
      ["heads and layers", (c, layer) => fullResidDecomposition(c, { layer })],
    ];

    it.each(decompositions)("%s sum to the stream before each layer", async (_, decompose) => {
      for (const cache of Object.values(caches)) {
        const { nLayers } = cache.model.config;
        for (let layer = 0; layer <= nLayers; layer++) {
          const stack = await decompose(cache, layer);
          const stream = layer < nLayers ? cache.residPre(layer) : cache.residPost(layer - 1);
          expect(relativeError(summed(stack.values), stream)).toBeLessThan(tolerance);
          expect(stack.labels.length).toBe(stack.values.shape[0]);
          expect(new Set(stack.labels).size).toBe(stack.labels.length);
        }
      }
    });

    it.each(decompositions)("attribution to %s sums to the logit", async (_, decompose) => {
      for (const [name, cache] of Object.entries(caches)) {
        const stack = await decompose(cache, cache.model.config.nLayers);
        const { labels, values } = await logitAttribution(cache, stack, next);
        expect(labels.length).toBe(values.shape[0]);
        const logits = picked(all[name] as FloatTensor, next.data);
        expect(relativeError(summed(values), logits), name).toBeLessThan(tolerance);

        const against = await logitAttribution(cache, stack, next, { incorrect: other });
        const incorrect = picked(all[name] as FloatTensor, other.data);
        const difference = mapTensor(logits, (x, i) => x - Number(incorrect.data[i]));
        expect(relativeError(summed(against.values), difference)).toBeLessThan(tolerance);
      }
    });

    it("components after the norm of each layer sum to what it reads, before w and b", async () => {
      const { raw, processed } = caches as { raw: ActivationCache; processed: ActivationCache };
      const { nLayers, normalization } = processed.model.config;
      for (let layer = 0; layer <= nLayers; layer++) {
        const stack = await decomposeResid(processed, { layer });
        const normalised = await applyLnToStack(processed, stack, { layer });
        const inOne = await decomposeResid(processed, { layer, applyLn: true });
        expect(inOne).toEqual(normalised);
        if (normalization === null) {
          expect(normalised).toEqual(stack);
          continue;
        }
        const expected = processed.normalized(layer < nLayers ? layer : undefined);
        expect(relativeError(summed(normalised.values), expected)).toBeLessThan(tolerance);
        const name = layer < nLayers ? `blocks.${layer}.ln1` : "ln_final";
        expect(normalised.norm).toEqual({ name, scale: "cached", affine: false });
      }
      const accumulated = await accumulatedResid(raw, { layer: 0, applyLn: true });
      const first = raw.model.config.normalization === null ? raw.residPre(0) : raw.normalized(0);
      const error = relativeError(accumulated.values, {
        ...first,
        shape: [1, ...first.shape],
      } as FloatTensor);
      expect(error).toBeLessThan(tolerance);
    });

    it("the logit lens ends in the logits, with either scale; a frozen scale differs before", async () => {
      for (const [name, cache] of Object.entries(caches)) {
        const logits = all[name] as FloatTensor;
        const own = await logitLens(cache);
        const frozen = await logitLens(cache, { frozenScale: true });
        const last = ({ values, labels }: typeof own) =>
          cut(
            { ...values, shape: [labels.length, ...logits.shape] },
            0,
            labels.length - 1,
            labels.length,
          );
        for (const lens of [own, frozen]) {
          const expected = { ...logits, shape: [1, ...logits.shape] } as FloatTensor;
          expect(relativeError(last(lens), expected)).toBeLessThan(tolerance);
        }
        const difference = relativeError(frozen.values, own.values);
        if (cache.model.config.normalization === null) expect(difference).toBe(0);
        else expect(difference).toBeGreaterThan(1e-3);
      }
    });

    it("head results are attn.hook_result without a larger temporary", async () => {
      for (const cache of Object.values(caches)) {
        const { nLayers, nHeads } = cache.model.config;
        for (let layer = 0; layer < nLayers; layer++) {
          const { labels, values } = await headResults(cache, layer);
          expect(labels).toEqual(Array.from({ length: nHeads }, (_, h) => `L${layer}H${h}`));
          const result = cache.result(layer); // [b, p, h, d]
          for (let head = 0; head < nHeads; head++) {
            const one = cut(result, 2, head, head + 1);
            const ours = cut(values, 0, head, head + 1);
            const shape = values.shape.slice(1);
            const error = relativeError(
              { ...ours, shape } as FloatTensor,
              { ...one, shape } as FloatTensor,
            );
            expect(error).toBeLessThan(tolerance);
          }
        }
      }
    });

    it("values at some positions are those of all positions there, of every name", async () => {
      const { model } = caches.raw as ActivationCache;
      const names = (caches.raw as ActivationCache).names();
      const feed = { "blocks.0.hook_attn_out": (x: Tensor) => mapTensor(x, (y) => y * 0.5) };
      for (const feeds of [{}, feed]) {
        const whole = await runWithCache(model, tokens, { names, feed: feeds });
        for (const [positions, from, to] of [
          [11, 11, 12],
          [[3, 7], 3, 7],
        ] as [number | [number, number], number, number][]) {
          const some = await runWithCache(model, tokens, { names, positions, feed: feeds });
          expect(some.positions).toEqual([from, to]);
          for (const name of names) {
            const axis = /hook_(attn_scores|pattern)$/.test(name) ? 2 : 1;
            const expected = cut(whole.get(name), axis, from, to);
            expect(relativeError(some.get(name), expected), name).toBeLessThan(tolerance);
          }
        }
      }
    });

    it("analyses of a cache of some positions are those of all positions there", async () => {
      const cache = caches.raw as ActivationCache;
      const some = await runWithCache(cache.model, tokens, { positions: [8, 12] });
      for (const positions of [[9, 11], 11, undefined] as const) {
        const at = positions === undefined ? {} : { positions };
        const [from, to] = some.range(positions);
        for (const [analyse, axis] of [
          [(c: ActivationCache, o: object) => decomposeResid(c, { applyLn: true, ...o }), 2],
          [(c: ActivationCache, o: object) => accumulatedResid(c, { applyLn: true, ...o }), 2],
          [
            (c: ActivationCache, o: object) => stackHeadResults(c, { inclRemainder: true, ...o }),
            2,
          ],
          [
            (c: ActivationCache, o: object) => fullResidDecomposition(c, { applyLn: true, ...o }),
            2,
          ],
          [logitLens, 2],
        ] as const) {
          const [ofSome, ofAll] = [await analyse(some, at), await analyse(cache, {})];
          expect(ofSome.labels).toEqual(ofAll.labels);
          expect(ofSome.positions).toEqual([from, to]);
          const expected = cut(ofAll.values, axis, from, to);
          expect(relativeError(ofSome.values, expected)).toBeLessThan(tolerance);
        }
      }
      await expect(decomposeResid(some, { positions: 7 })).rejects.toThrow(
        "cache: expected positions of 8 to 11, got 7",
      );
    });
  });

  describe("the cache", () => {
    let model: Model;
    let tokens: Tensor<"int32">;
    beforeAll(async () => {
      const golden = await fixtureTensors("c-gelu-ln/golden.safetensors");
      tokens = golden.tensor("tokens") as Tensor<"int32">;
      model = await fixtureModel("c-gelu-ln", engine, dtype, []);
    });

    it("keeps what was asked for and nothing else", async () => {
      const names = async (wanted?: Parameters<typeof runWithCache>[2]) =>
        (await runWithCache(model, tokens, wanted)).names();
      expect(await names()).toEqual(defaultHooks(model.config));
      const patterns = ["blocks.0.attn.hook_pattern", "blocks.1.attn.hook_pattern"];
      expect(await names({ names: "blocks.*.attn.hook_pattern" })).toEqual(patterns);
      expect(await names({ names: (name) => name.endsWith("hook_pattern") })).toEqual(patterns);
      expect(await names({ names: ["loss", "*.hook_pattern", patterns[0]!] })).toEqual([
        "loss",
        ...patterns,
      ]);
      const every = await names({ names: "*" });
      expect(every).toContain("blocks.1.attn.hook_result");
      expect(every.filter((name) => model.weights.has(name) || /^target|Odds/.test(name))).toEqual(
        [],
      );
      const targets = { dtype: "int32", shape: [3, 1], data: Int32Array.of(1, 2, 3) } as const;
      expect(await names({ names: "logOdds", feed: { targets } })).toEqual(["logOdds"]);
    });

    it("finds values by full and by short names, and by typed accessors", async () => {
      const cache = await runWithCache(model, tokens, { names: "*hook_*" });
      expect(cache.get("pattern", 1)).toBe(cache.get("blocks.1.attn.hook_pattern"));
      expect(cache.get("pattern", -1)).toBe(cache.pattern(1));
      expect(cache.get("k1")).toBe(cache.k(1));
      expect(cache.has("result", 1)).toBe(true);
      expect(cache.has("result", 2)).toBe(false);
      const named: [FloatTensor, string][] = [
        [cache.embed(), "hook_embed"],
        [cache.posEmbed(), "hook_pos_embed"],
        [cache.q(0), "blocks.0.attn.hook_q"],
        [cache.v(0), "blocks.0.attn.hook_v"],
        [cache.z(0), "blocks.0.attn.hook_z"],
        [cache.scores(0), "blocks.0.attn.hook_attn_scores"],
        [cache.result(0), "blocks.0.attn.hook_result"],
        [cache.residPre(1), "blocks.1.hook_resid_pre"],
        [cache.residMid(1), "blocks.1.hook_resid_mid"],
        [cache.residPost(1), "blocks.1.hook_resid_post"],
        [cache.attnOut(1), "blocks.1.hook_attn_out"],
        [cache.mlpOut(1), "blocks.1.hook_mlp_out"],
        [cache.mlpPre(1), "blocks.1.mlp.hook_pre"],
        [cache.mlpPost(1), "blocks.1.mlp.hook_post"],
        [cache.scale(), "ln_final.hook_scale"],
        [cache.scale(1), "blocks.1.ln1.hook_scale"],
        [cache.normalized(1, "ln2"), "blocks.1.ln2.hook_normalized"],
      ];
      for (const [value, name] of named) expect(value, name).toBe(cache.get(name));
      expect(cache.pattern(0).shape).toEqual([3, 5, 12, 12]);
      const patterns = stackActivation(cache, "pattern");
      expect(patterns.labels).toEqual(["blocks.0.attn.hook_pattern", "blocks.1.attn.hook_pattern"]);
      expect(patterns.values.shape).toEqual([2, 3, 5, 12, 12]);
      expect([...patterns.values.data.subarray(-2160)]).toEqual([...cache.pattern(1).data]);
    });

    it("says how to fetch what was not cached, and the nearest names of what does not exist", async () => {
      const cache = await runWithCache(model, tokens, { names: "blocks.*.attn.hook_pattern" });
      expect(() => cache.result(1)).toThrow(
        'cache: expected the name of a cached value, got "blocks.1.attn.hook_result", which was not asked for',
      );
      expect(() => cache.get("blocks.1.attn.hook_patern")).toThrow(
        expect.objectContaining({
          hint: expect.stringContaining("blocks.1.attn.hook_pattern") as string,
          exitCode: 2,
        }),
      );
      expect(() => cache.pattern(2)).toThrow('got "blocks.2.attn.hook_pattern"');
      expect(() => cache.get("pattern")).toThrow('got "pattern"');
      await expect(decomposeResid(cache)).rejects.toMatchObject({
        hint: expect.stringContaining('names: ["hook_embed"') as string,
      });
      await expect(runWithCache(model, tokens, { names: "nothing.*" })).rejects.toThrow(
        "nothing.*",
      );
      await expect(runWithCache(model, tokens, { names: [] })).rejects.toThrow("empty list");
      await expect(runWithCache(model, tokens, { positions: 12 })).rejects.toThrow(
        "expected positions of 0 to 11, got 12",
      );
      await expect(
        runWithCache(model, tokens, { names: "loss_per_token", positions: 11 }),
      ).rejects.toThrow("loss_per_token: expected positions of 0 to 10");
    });

    it("D18: does not change when what was fed or fetched is changed", async () => {
      const plain = await runWithCache(model, tokens, { names: "*resid*" });
      const fed = mapTensor(plain.residPost(0), (x) => x * 2);
      const original = fed.data.slice();
      let kept: Tensor | null = null;
      const cache = await runWithCache(model, tokens, {
        names: "*resid*",
        feed: {
          "blocks.0.hook_resid_post": fed,
          "blocks.1.hook_resid_mid": (x) => (kept = mapTensor(x, (y) => y + 1)),
        },
      });
      const mid = cache.residMid(1).data.slice();
      fed.data.fill(0 as never);
      (kept as unknown as Tensor).data.fill(0 as never);
      expect(cache.residPost(0).data).toEqual(original);
      expect(cache.residPre(1).data).toEqual(original);
      expect(cache.residMid(1).data).toEqual(mid);
      cache.residPost(0).data.fill(0);
      expect(cache.residPre(1).data).toEqual(original);
    });

    it("analyses leave the cache as it is", async () => {
      const cache = await runWithCache(model, tokens);
      const before = cache.names().map((name) => cache.get(name).data.slice());
      const stack = await decomposeResid(cache, { biases: true, applyLn: true });
      await logitAttribution(cache, stack, 3);
      await logitLens(cache, { inclMid: true });
      stack.values.data.fill(0);
      const after = cache.names().map((name) => cache.get(name).data);
      expect(after).toEqual(before);
    });

    it("is a safetensors file that says what it is of", async () => {
      const cache = await runWithCache(model, tokens, {
        names: ["*.hook_z", "hook_tokens"],
        positions: [4, 6],
      });
      const file = readSafetensors(cache.toSafetensors(), "cache");
      expect([...file.entries.keys()].sort()).toEqual(cache.names().sort());
      for (const name of cache.names()) expect(file.tensor(name)).toEqual(cache.get(name));
      expect(file.metadata.get("weights_sha256")).toBe(model.sha256);
      expect(file.metadata.get("positions")).toBe("4,6");
    });

    it("D20: refuses tokens of another shape than the stack's, and stacks normalised otherwise", async () => {
      const cache = await runWithCache(model, tokens);
      const stack = await decomposeResid(cache, { positions: [9, 12] }); // [.., 3, 3, d]: batch = positions
      const three = { dtype: "int32", shape: [3], data: Int32Array.of(1, 2, 3) } as const;
      await expect(logitAttribution(cache, stack, three)).rejects.toThrow(
        "expected tokens of the stack's [batch, position] = [3, 3], got [3]",
      );
      for (const [rows, got] of [
        [[[1], [2], [3]], "[3, 1]"],
        [[[1, 2, 3]], "[1, 3]"],
        [
          [
            [1, 2, 3],
            [1, 2, 3],
            [1, 2],
          ],
          "[3, 3 and 2]",
        ],
      ] as [number[][], string][]) {
        await expect(logitAttribution(cache, stack, rows)).rejects.toThrow(`got ${got}`);
      }
      await expect(logitAttribution(cache, stack, model.config.dVocab)).rejects.toThrow(
        "token ids",
      );
      await expect(logitAttribution(cache, stack, 1.5)).rejects.toThrow("token ids");
      const everywhere = await logitAttribution(cache, stack, 7);
      const rows = await logitAttribution(cache, stack, [
        [7, 7, 7],
        [7, 7, 7],
        [7, 7, 7],
      ]);
      expect(everywhere).toEqual(rows);

      const unit = await applyLnToStack(cache, stack);
      expect(await logitAttribution(cache, unit, 7)).toEqual(everywhere);
      const own = await accumulatedResid(cache, { applyLn: true });
      await expect(logitAttribution(cache, own, 7)).rejects.toThrow(
        "own scale, with weight and bias",
      );
      const early = await decomposeResid(cache, { layer: 1, applyLn: true });
      await expect(logitAttribution(cache, early, 7)).rejects.toThrow("after blocks.1.ln1");
      await expect(applyLnToStack(cache, unit)).rejects.toThrow("not normalised");
    });

    it("refuses layers and options that mean nothing", async () => {
      const cache = await runWithCache(model, tokens);
      await expect(decomposeResid(cache, { layer: 3 })).rejects.toThrow("expected 0 to 2, got 3");
      await expect(decomposeResid(cache, { layer: 0, inclEmbeds: false })).rejects.toThrow(
        "got none",
      );
      await expect(stackHeadResults(cache, { layer: 0 })).rejects.toThrow("got none");
      await expect(headResults(cache, 2)).rejects.toThrow("layer of 0 to 1, got 2");
      await expect(accumulatedResid(cache, { frozenScale: true })).rejects.toThrow("applyLn");
      const only = async (mode: "attn" | "mlp") =>
        (await decomposeResid(cache, { mode, inclEmbeds: false, biases: true })).labels;
      expect(await only("attn")).toEqual(["0_attn_out", "1_attn_out", "bias"]);
      expect(await only("mlp")).toEqual(["0_mlp_out", "1_mlp_out", "bias"]);
    });
  });
});
