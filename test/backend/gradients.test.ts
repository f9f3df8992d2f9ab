import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/graph/engine-node.js";
import {
  type Engine,
  type Feed,
  gradients,
  type GraphFeed,
  graphOf,
  named,
  ops,
  type Tensor,
  tensor,
  type Value,
  valueNamed,
} from "../../src/graph/index.js";
import { forward, type Model } from "../../src/model/index.js";
import { fixtureModel, fixtureTensors } from "../support/fixtures.js";
import { mapTensor } from "../support/map-tensor.js";
import { randomTensor } from "../support/random-tensor.js";
import { relativeError } from "../support/relative-error.js";
import { dot, slope } from "../support/slope.js";

const attention = "blocks.0.attn";
const later = "blocks.1.attn";
const doubled = (value: Tensor) => mapTensor(value, (x) => 2 * x);

describe("gradients as fetches", () => {
  let inner: Engine;
  let engine: Engine;
  let sessions: Set<unknown>;
  let runs = 0;
  let model: Model;
  let tokens: Tensor<"int32">;
  beforeAll(async () => {
    inner = nodeEngine({ runtime: "cpu" });
    sessions = new Set();
    engine = {
      parametersAs: "inputs",
      info: () => inner.info(),
      store: (tensors) => inner.store(tensors),
      keep: (graph, shapes) => inner.keep(graph, shapes),
      release: (graph) => inner.release(graph),
      close: () => inner.close(),
      run(graph, feeds) {
        sessions.add(graph);
        runs++;
        return inner.run(graph, feeds);
      },
    };
    model = await fixtureModel("a-attn-only-ln", engine, "float64", []);
    const golden = await fixtureTensors("a-attn-only-ln/golden.safetensors");
    tokens = golden.tensor("tokens") as Tensor<"int32">;
  });
  afterAll(() => inner.close());

  async function fetch(
    name: string,
    feed: Readonly<Record<string, Feed>> = {},
    of = model,
  ): Promise<Tensor> {
    const ids = { ...tokens, data: tokens.data.map((id) => id % of.config.dVocab) };
    const { [name]: value } = await of.run(ids, { fetch: [name], feed });
    return value as Tensor;
  }

  /** Compares the gradient at a name with a central difference along a random direction. */
  async function check(
    name: string,
    feed: Readonly<Record<string, Feed>> = {},
    of = model,
    objective = "loss",
  ): Promise<Tensor> {
    const value = await fetch(name, feed, of);
    const direction = mapTensor(
      randomTensor("float64", value.shape, 1),
      // Moving what is masked or infinite changes nothing.
      (x, i) => (Number.isFinite(Number(value.data[i])) ? x : 0),
    );
    const expected = await slope(
      (moved) => fetch(objective, { ...feed, [name]: moved }, of),
      value,
      direction,
    );
    const got = await fetch(`grad(${objective}, ${name})`, feed, of);
    expect(got.shape).toEqual(value.shape);
    const error = Math.abs(dot(got, direction) - expected) / Math.max(Math.abs(expected), 1e-3);
    expect(error, name).toBeLessThan(1e-6);
    return got;
  }

  it("exist for every name that the loss depends on, parameters and opt-in hooks included", async () => {
    const graph = graphOf(
      ...forward(model.config, 12, "float64").filter(
        (root) => "name" in root && root.name === "loss",
      ),
    );
    const names = [...graph.names.values()].filter(({ dtype }) => dtype === "float64");
    expect(names.length).toBeGreaterThan(60);
    for (const { name } of names) await check(name);
  });

  it.each(["b-attn-only-shortformer", "d-solu-ln", "e-gpt2", "f-pythia", "g-attn-only-1l"])(
    "exist for the opt-in hooks of %s",
    async (fixture) => {
      const other = await fixtureModel(fixture, engine, "float64", []);
      const optIn = /^blocks\.0\.(hook_[qkv]_input|hook_attn_in|hook_mlp_in|attn\.hook_result)$/;
      const names = other.hookNames().filter((name) => optIn.test(name));
      expect(names).toHaveLength(other.config.mlp === null ? 5 : 6);
      for (const name of names) await check(name, {}, other);
    },
  );

  it.each(["meanLogOdds", "logitDiff"])("exist for %s", async (objective) => {
    const targets = tensor("int32", [3, 2], [83, 4, 5, 83, 100, 0]);
    for (const name of ["hook_embed", `${attention}.hook_result`, `${later}.hook_pattern`]) {
      await check(name, { targets }, model, objective);
    }
  });

  it("are those of the run: fed values are constants", async () => {
    const frozen = await fetch(`${later}.hook_pattern`);
    const feed = { [`${later}.hook_pattern`]: mapTensor(frozen, (x) => x * 0.9) };
    const name = "blocks.0.hook_resid_pre";
    const got = await check(name, feed);
    expect(relativeError(await fetch(`grad(loss, ${name})`), got)).toBeGreaterThan(1e-4);
    await check(`${later}.hook_pattern`, feed);
  });

  it("with respect to a value that a function replaces are taken at the new value", async () => {
    const name = `${attention}.hook_z`;
    const z = await fetch(name);
    const expected = await check(name, { [name]: doubled(z) });
    const got = await fetch(`grad(loss, ${name})`, { [name]: doubled });
    expect(relativeError(got, expected)).toBe(0);
  });

  it("go around functions that stand before the value or beside its way", async () => {
    const before = { [`${attention}.hook_pattern`]: doubled };
    const pattern = doubled(await fetch(`${attention}.hook_pattern`));
    for (const name of [`${attention}.hook_z`, "blocks.1.hook_resid_pre", `${attention}.hook_v`]) {
      const expected = await check(name, { [`${attention}.hook_pattern`]: pattern });
      expect(relativeError(await fetch(`grad(loss, ${name})`, before), expected)).toBeLessThan(
        1e-12,
      );
    }
    const kept = { [`${attention}.hook_pattern`]: (value: Tensor) => value };
    const expected = await fetch(`grad(loss, ${attention}.hook_z)`);
    const got = await fetch(`grad(loss, ${attention}.hook_z)`, kept);
    expect(relativeError(got, expected)).toBeLessThan(1e-12);
  });

  it("lead through what a feed computes inside the graph", async () => {
    const halved: GraphFeed = {
      bind: () => ({ key: "halved", inputs: {}, build: (original) => ops.mul(original, 0.5) }),
    };
    const name = `${attention}.hook_z`;
    const got = await check("hook_embed", { [name]: halved });
    expect(relativeError(await fetch("grad(loss, hook_embed)"), got)).toBeGreaterThan(1e-4);
    const half = mapTensor(await fetch(name), (x) => x / 2);
    const expected = await check(name, { [name]: half });
    expect(
      relativeError(await fetch(`grad(loss, ${name})`, { [name]: halved }), expected),
    ).toBeLessThan(1e-12);
  });

  it("do not lead through a function", async () => {
    const through = fetch("grad(loss, hook_embed)", { [`${attention}.hook_z`]: doubled });
    await expect(through).rejects.toThrow(
      `grad(loss, hook_embed): expected no function between the two, got one as the feed of "${attention}.hook_z"`,
    );
  });

  it("of several names share one session and one run", async () => {
    await model.program(12);
    sessions.clear();
    runs = 0;
    const names = ["hook_embed", `${attention}.hook_z`, `${later}.hook_q`, "embed.W_E"];
    const all = ["loss", ...names.map((name) => `grad(loss, ${name})`)];
    for (let i = 0; i < 3; i++) await model.run(tokens, { fetch: all });
    expect([sessions.size, runs]).toEqual([1, 3]);
  });

  it("of the objective with respect to itself is 1, and results never share memory", async () => {
    const names = [
      "grad(loss, logits)",
      "grad(loss, unembed.hook_out)",
      "grad(loss, loss)",
    ] as const;
    const first = await model.run(tokens, { fetch: names });
    expect([...first["grad(loss, loss)"].data]).toEqual([1]);
    const logits = first["grad(loss, logits)"].data.slice();
    for (const { data } of Object.values(first)) data.fill(7 as never);
    const again = await model.run(tokens, { fetch: names });
    expect([...again["grad(loss, loss)"].data]).toEqual([1]);
    expect(again["grad(loss, logits)"].data).toEqual(logits);
    expect(again["grad(loss, unembed.hook_out)"].data).toEqual(logits);
  });

  it("of an objective of one's own take the way on which the name lies", async () => {
    const roots = forward(model.config, 12, "float64");
    const graph = graphOf(...roots);
    let sum: Value = ops.mul(valueNamed(graph, "last_logits"), valueNamed(graph, "last_logits"));
    while (sum.shape.length > 0) sum = ops.sum(sum, 0);
    const objective = named("squares", sum);
    const [byHand] = gradients(objective, [valueNamed(graph, `${later}.hook_pattern`)]);
    const program = await model.programOf([objective, named("by_hand", byHand as Value)]);
    const feed = { tokens };
    const name = `grad(squares, ${later}.hook_pattern)`;
    const got = await program.run({ fetch: [name, "by_hand"], feed });
    const { [`${later}.hook_pattern`]: pattern } = await program.run({
      fetch: [`${later}.hook_pattern`],
      feed,
    });
    const direction = randomTensor("float64", (pattern as Tensor).shape, 3);
    const expected = await slope(
      async (moved) => {
        const run = await program.run({
          fetch: ["squares"],
          feed: { tokens, [`${later}.hook_pattern`]: moved },
        });
        return run.squares;
      },
      pattern as Tensor,
      direction,
    );
    expect(dot(got[name] as Tensor, direction) / expected).toBeCloseTo(1, 6);
    expect(relativeError(got.by_hand as Tensor, got[name] as Tensor)).toBeLessThan(1e-12);
  });

  it("of float32 agree with those of float64 on fused and unfused ways", async () => {
    const single = await fixtureModel("a-attn-only-ln", engine, "float32", []);
    for (const name of [
      "hook_embed",
      "blocks.1.ln1.hook_scale",
      "blocks.1.hook_k_input",
      "ln_final.w",
    ]) {
      const gradient = `grad(loss, ${name})`;
      const { [gradient]: got } = await single.run(tokens, { fetch: [gradient] });
      expect(relativeError(got as Tensor, await fetch(gradient)), name).toBeLessThan(1e-5);
    }
  });

  it.each([
    [
      "grad(logits, hook_embed)",
      "expected a scalar objective, got logits float64 [batch, 12, 101]",
    ],
    ["grad(loss, hook_tokens)", "got hook_tokens, which is made of whole numbers"],
    ["grad(loss, tokens)", "got tokens, which is made of whole numbers"],
    ["grad(loss, last_logits)", "loss does not depend on last_logits"],
    ["grad(loss)", 'expected grad(OBJECTIVE, NAME), got "grad(loss)"'],
    ["grad(loss, hook_embed", 'expected grad(OBJECTIVE, NAME), got "grad(loss, hook_embed"'],
    [
      "gradient(loss, hook_embed)",
      'expected grad(OBJECTIVE, NAME), got "gradient(loss, hook_embed)"',
    ],
    ["grad(loss, hook_embd)", 'expected the name of a value, got "hook_embd"'],
    ["grad(los, hook_embed)", 'expected the name of a value, got "los"'],
  ])("%s is refused", async (name, message) => {
    await expect(fetch(name)).rejects.toThrow(message);
    await expect(fetch(name)).rejects.toMatchObject({ exitCode: 2 });
  });

  it("with a way out in the message", async () => {
    await expect(fetch("grad(loss, hook_embd)")).rejects.toMatchObject({
      hint: expect.stringContaining('"hook_embed"') as string,
    });
    const pattern = `${later}.hook_pattern`;
    const cut = fetch(`grad(loss, ${later}.hook_q)`, { [pattern]: await fetch(pattern) });
    await expect(cut).rejects.toThrow(`loss does not depend on ${later}.hook_q in this run`);
    const exclusive = model.run(tokens, {
      fetch: ["grad(loss, blocks.0.ln1.hook_scale)", "grad(loss, blocks.0.hook_q_input)"],
    });
    await expect(exclusive).rejects.toMatchObject({
      message: expect.stringMatching(/feeds and gradients.*which replace each other/) as string,
      hint: "fetch their gradients in runs of their own",
    });
  });
});
