import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, FloatTensor, Tensor } from "../../src/graph/index.js";
import type { Model } from "../../src/model/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel, fixtureTensors } from "../support/fixtures.js";
import { mapTensor } from "../support/map-tensor.js";
import { relativeError } from "../support/relative-error.js";

/** Multiplies the numbers of one head of `hook_z` [b, p, h, e] in place. */
function scaleHead(head: number, factor: number) {
  return (z: Tensor): Tensor => {
    const [, , h = 0, e = 0] = z.shape;
    const data = z.data as Float32Array;
    for (let i = 0; i < data.length; i++) {
      if (Math.floor(i / e) % h === head) data[i] = (data[i] as number) * factor;
    }
    return z;
  };
}

const identity = (value: Tensor) => value;

describe.each(backends)("fetch and feed, $name", ({ dtype, tolerance, engine: start }) => {
  let engine: Engine;
  let model: Model;
  let shortformer: Model;
  let tokens: Tensor<"int32">;
  let golden: Awaited<ReturnType<typeof fixtureTensors>>;
  beforeAll(async () => {
    engine = start();
    golden = await fixtureTensors("a-attn-only-ln/golden.safetensors");
    tokens = golden.tensor("tokens") as Tensor<"int32">;
    model = await fixtureModel("a-attn-only-ln", engine, dtype, []);
    shortformer = await fixtureModel("b-attn-only-shortformer", engine, dtype, []);
  });
  afterAll(() => engine.close());

  it("an identity feed of any named value changes nothing", async () => {
    for (const m of [model, shortformer]) {
      const short = { ...tokens, data: tokens.data.map((id) => id % m.config.dVocab) };
      const { logits } = await m.run(short, { fetch: ["logits"] });
      const names = m
        .hookNames()
        .filter(
          (name) => !/^(tokens|targets|targetLogits|logOdds|meanLogOdds|logitDiff)$/.test(name),
        );
      expect(names.length).toBeGreaterThan(50);
      for (const name of names) {
        const fed = await m.run(short, { fetch: ["logits"], feed: { [name]: identity } });
        expect(relativeError(fed.logits, logits), name).toBeLessThanOrEqual(1e-6);
      }
    }
  });

  it("a value fetched and fed back as a tensor changes nothing but the rounding", async () => {
    const { logits } = await model.run(tokens, { fetch: ["logits"] });
    const names = model
      .hookNames()
      .filter(
        (name) => !/^(tokens|targets|targetLogits|logOdds|meanLogOdds|logitDiff)$/.test(name),
      );
    for (const name of names) {
      const { [name]: value } = await model.run(tokens, { fetch: [name] });
      const feed = { [name]: value as Tensor };
      const fed = await model.run(tokens, { fetch: ["logits"], feed });
      expect(relativeError(fed.logits, logits), name).toBeLessThanOrEqual(5e-6);
    }
  });

  it("a fed tensor gives what the function that returns it gives", async () => {
    for (const name of [
      "blocks.0.attn.hook_z",
      "blocks.1.hook_q_input",
      "blocks.1.ln1.hook_scale",
    ]) {
      const { [name]: value } = await model.run(tokens, { fetch: [name] });
      const changed = mapTensor(value as Tensor, (x) => x * 1.5);
      const byTensor = await model.run(tokens, { fetch: ["logits"], feed: { [name]: changed } });
      const byFunction = await model.run(tokens, {
        fetch: ["logits", name],
        feed: { [name]: () => changed },
      });
      expect(relativeError(byFunction.logits!, byTensor.logits)).toBeLessThanOrEqual(1e-6);
      expect(byFunction[name]).toEqual(changed);
    }
  });

  it("TransformerLens's interventions", async () => {
    const cases = {
      "iv/zero_z_L0H1": { "blocks.0.attn.hook_z": scaleHead(1, 0) },
      "iv/zero_v_L0H0": { "blocks.0.attn.hook_v": scaleHead(0, 0) },
      "iv/zero_z_L1H1": { "blocks.1.attn.hook_z": scaleHead(1, 0) },
    };
    for (const [name, feed] of Object.entries(cases)) {
      const { logits } = await model.run(tokens, { fetch: ["logits"], feed });
      expect(relativeError(logits, golden.float(name)), name).toBeLessThan(tolerance);
    }
  });

  it("several functions run in the order of the graph, each on what the earlier ones left", async () => {
    const seen: string[] = [];
    const watch = (name: string, feed: (value: Tensor) => Tensor) => (value: Tensor) => {
      seen.push(name);
      return feed(value);
    };
    const { logits } = await model.run(tokens, {
      fetch: ["logits"],
      feed: {
        "blocks.1.attn.hook_z": watch("late", scaleHead(1, 0)),
        "blocks.0.attn.hook_z": watch("early", scaleHead(1, 0)),
      },
    });
    const { "blocks.0.attn.hook_z": z } = await model.run(tokens, {
      fetch: ["blocks.0.attn.hook_z"],
    });
    const early = scaleHead(1, 0)(z);
    const { "blocks.1.attn.hook_z": late, logits: oneOnly } = await model.run(tokens, {
      fetch: ["blocks.1.attn.hook_z", "logits"],
      feed: { "blocks.0.attn.hook_z": early },
    });
    const both = await model.run(tokens, {
      fetch: ["logits"],
      feed: { "blocks.0.attn.hook_z": early, "blocks.1.attn.hook_z": scaleHead(1, 0)(late) },
    });
    expect(seen).toEqual(["early", "late"]);
    expect(relativeError(logits, both.logits)).toBeLessThanOrEqual(1e-6);
    expect(relativeError(logits, oneOnly)).toBeGreaterThan(1e-3);
  });

  it("weights can be fetched and fed too", async () => {
    const bU = model.weights.get("unembed.b_U") as FloatTensor;
    const shifted = mapTensor(bU, (x) => x + 1);
    const plain = await model.run(tokens, { fetch: ["logits", "unembed.b_U"] });
    const fed = await model.run(tokens, { fetch: ["logits"], feed: { "unembed.b_U": shifted } });
    expect(plain["unembed.b_U"].data).toEqual(bU.data);
    const difference = mapTensor(fed.logits, (x, i) => x - Number(plain.logits.data[i]));
    for (const d of difference.data as Float32Array) expect(d).toBeCloseTo(1, 4);
  });

  it("the last position alone equals the last position of all", async () => {
    const { logits, last_logits: last } = await model.run(tokens, {
      fetch: ["logits", "last_logits"],
    });
    const [b = 0, p = 0, v = 0] = logits.shape;
    const expected = Array.from({ length: b }, (_, i) =>
      Array.from(logits.data as Float32Array).slice((i * p + p - 1) * v, (i + 1) * p * v),
    );
    const reference = { dtype, shape: [b, v], data: Float64Array.from(expected.flat()) } as Tensor;
    expect(relativeError(last, reference)).toBeLessThan(1e-5);
  });

  it("feeding logits or the final norm reaches the last position", async () => {
    for (const name of ["logits", "unembed.hook_out", "unembed.hook_in", "ln_final.hook_scale"]) {
      const twice = (value: Tensor) => mapTensor(value, (x) => x * 2);
      const plain = await model.run(tokens, { fetch: ["last_logits"] });
      const fed = await model.run(tokens, { fetch: ["last_logits"], feed: { [name]: twice } });
      expect(relativeError(fed.last_logits, plain.last_logits), name).toBeGreaterThan(0.05);
    }
  });

  it("results of two names of one value do not share memory", async () => {
    const { "blocks.0.hook_resid_post": post, "blocks.1.hook_resid_pre": pre } = await model.run(
      tokens,
      { fetch: ["blocks.0.hook_resid_post", "blocks.1.hook_resid_pre"] },
    );
    expect(pre.data).toEqual(post.data);
    (post.data as Float32Array)[0] = 99;
    expect((pre.data as Float32Array)[0]).not.toBe(99);
  });

  it("laws of the residual stream", async () => {
    const layer = (l: number) => [
      `blocks.${l}.hook_resid_pre`,
      `blocks.${l}.hook_attn_out`,
      `blocks.${l}.hook_resid_post`,
    ];
    const values = await model.run(tokens, { fetch: [...layer(0), ...layer(1)] });
    for (const l of [0, 1]) {
      const [pre, out, post] = layer(l).map((name) => values[name] as FloatTensor) as [
        FloatTensor,
        FloatTensor,
        FloatTensor,
      ];
      const sum = mapTensor(pre, (x, i) => x + (out.data[i] as number));
      expect(relativeError(sum, post)).toBeLessThan(1e-6);
    }
  });

  it("tokens that a model cannot read are named", async () => {
    const run = (ids: Parameters<Model["run"]>[0]) => model.run(ids, { fetch: ["last_logits"] });
    const { dVocab } = model.config;
    for (const id of [-1, dVocab, 1.5, 2 ** 32 + 1]) {
      await expect(run([[3, id]])).rejects.toThrow(`ids 0 to ${dVocab - 1}, got ${id}`);
    }
    const none = { ...tokens, shape: [0, 12], data: new Int32Array() };
    const noTargets = { ...tokens, shape: [0, 1], data: new Int32Array() };
    for (const running of [run([]), run(none), model.runLastToken(none, noTargets)]) {
      await expect(running).rejects.toThrow("expected sequences of tokens, got none");
    }
    await expect(run("text" as unknown as number[][])).rejects.toThrow("got a string");
  });

  it("runs at the same time share one program", async () => {
    const fresh = await fixtureModel("a-attn-only-ln", engine, dtype, []);
    const [one, other] = await Promise.all([fresh.program(5), fresh.program(5)]);
    expect(one).toBe(other);
  });

  it("wrong names, shapes, types and missing inputs are named", async () => {
    const z = "blocks.0.attn.hook_z";
    const wrong = (options: Parameters<Model["run"]>[1]) => model.run(tokens, options);
    await expect(wrong({ fetch: ["blocks.0.attn.hook_patern"] })).rejects.toMatchObject({
      message: expect.stringContaining('got "blocks.0.attn.hook_patern"') as string,
      hint: expect.stringContaining("blocks.0.attn.hook_pattern") as string,
    });
    await expect(wrong({ fetch: ["logits"], feed: { nonsense: identity } })).rejects.toThrow(
      '"nonsense"',
    );
    const other = dtype === "float32" ? "float64" : "float32";
    const zeros = (d: "float32" | "float64", shape: number[]): Tensor => ({
      dtype: d,
      shape,
      data: new (d === "float32" ? Float32Array : Float64Array)(shape.reduce((x, y) => x * y)),
    });
    await expect(
      wrong({ fetch: ["logits"], feed: { [z]: zeros(dtype, [3, 12, 4, 9]) } }),
    ).rejects.toThrow("[batch, 12, 4, 8], got [3, 12, 4, 9]");
    await expect(
      wrong({ fetch: ["logits"], feed: { [z]: zeros(dtype, [2, 12, 4, 8]) } }),
    ).rejects.toThrow("batch is 3");
    await expect(
      wrong({ fetch: ["logits"], feed: { [z]: zeros(other, [3, 12, 4, 8]) } }),
    ).rejects.toThrow(dtype);
    await expect(wrong({ fetch: ["logOdds"] })).rejects.toThrow('"targets"');
    const forgetful = (() => undefined) as unknown as () => Tensor;
    for (const nothing of [forgetful, undefined as unknown as Tensor]) {
      await expect(wrong({ fetch: ["logits"], feed: { [z]: nothing } })).rejects.toThrow(
        `feed "${z}": expected ${dtype} [batch, 12, 4, 8], got undefined`,
      );
    }
    await expect(
      wrong({
        fetch: ["logits"],
        feed: { "blocks.0.hook_q_input": identity, "blocks.0.ln1.hook_normalized": identity },
      }),
    ).rejects.toThrow(/"blocks.0.hook_q_input" and "blocks.0.ln1.hook_normalized", which replace/);
  });
});
