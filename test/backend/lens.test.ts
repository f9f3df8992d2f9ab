import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, type FloatTensor, type Tensor, tensor } from "../../src/graph/index.js";
import {
  ablate,
  ablationEffect,
  activationPatching,
  allHeads,
  attributionPatching,
  edgeAttribution,
  embeddings,
  headMeans,
  logitDifference,
  logOddsOf,
  meanLossFrom,
  parseHead,
  patchingCorrelation,
  pathPatching,
  replace,
  runRows,
  sample,
  scale,
  zero,
} from "../../src/lens/index.js";
import { defaultHooks, type Model } from "../../src/model/index.js";
import { backends } from "../support/engines.js";
import { fixtureModel, fixtureTensors } from "../support/fixtures.js";
import { relativeError } from "../support/relative-error.js";

const fixtures = ["a-attn-only-ln", "b-attn-only-shortformer", "d-solu-ln", "f-pythia"];
const [backend] = backends.filter(({ name }) => name === "cpu float32");
const { dtype, tolerance, engine: start } = backend!;

describe.each(fixtures)("the lens on %s", (fixture) => {
  let engine: Engine;
  let model: Model;
  let tokens: Tensor<"int32">;
  let rows: number[][];
  beforeAll(async () => {
    engine = start();
    model = await fixtureModel(fixture, engine, dtype);
    const golden = await fixtureTensors(`${fixture}/golden.safetensors`);
    tokens = golden.tensor("tokens") as Tensor<"int32">;
    rows = [0, 1, 2].map((i) => [...tokens.data.subarray(12 * i, 12 * (i + 1))]);
  });
  afterAll(() => engine.close());

  it("a run into which everything of another is patched is the other run", async () => {
    const [x, y] = [rows[0]!, rows[1]!];
    const hooks = ["hook_embed", ...(fixture.startsWith("b") ? ["hook_pos_embed"] : [])];
    const { logits: expected, ...values } = await model.run([x], { fetch: [...hooks, "logits"] });
    const feed = Object.fromEntries(
      hooks.map((name) => [name, replace((values as Record<string, Tensor>)[name] as Tensor)]),
    );
    const { logits } = await model.run([y], { fetch: ["logits"], feed });
    expect(relativeError(logits, expected as FloatTensor)).toBeLessThan(tolerance);
    for (const name of ["blocks.0.hook_resid_post", "blocks.1.hook_resid_pre"]) {
      const { [name]: value } = await model.run([x], { fetch: [name] });
      const patched = await model.run([y], {
        fetch: ["logits"],
        feed: { [name]: replace(value as Tensor) },
      });
      expect(relativeError(patched.logits, expected as FloatTensor)).toBeLessThan(tolerance);
    }
  });

  it("a feed in the graph equals the same change by a function", async () => {
    const name = "blocks.1.attn.hook_z";
    const change = (value: Tensor): Tensor => {
      const [, , h, e] = value.shape as [number, number, number, number];
      const data = (value.data as Float32Array).map((x, i) =>
        Math.floor(i / e) % h === 1 ? x * 0.25 : x,
      );
      return { ...value, data } as Tensor;
    };
    const byFunction = await model.run(tokens, { fetch: ["logits"], feed: { [name]: change } });
    const feed = { [name]: scale(0.25, { heads: [1] }) };
    const inGraph = await model.run(tokens, { fetch: ["logits", name], feed });
    expect(relativeError(inGraph.logits, byFunction.logits as FloatTensor)).toBeLessThan(1e-6);
    const { [name]: original } = await model.run(tokens, { fetch: [name] });
    expect(relativeError(inGraph[name], change(original) as FloatTensor)).toBeLessThan(1e-6);
  });

  it("gives every sequence of a batch its own patch", async () => {
    const [clean, corrupted] = [rows[0]!, rows[1]!];
    const name = "blocks.0.attn.hook_z";
    const { [name]: source } = await model.run([clean], { fetch: [name] });
    const patches = [{ heads: [0] }, { heads: [1], positions: [3, 5] }, {}];
    const together = await model.run([corrupted, corrupted, corrupted], {
      fetch: ["last_logits"],
      feed: { [name]: replace(source, patches) },
    });
    const size = model.config.dVocab;
    for (const [i, patch] of patches.entries()) {
      const alone = await model.run([corrupted], {
        fetch: ["last_logits"],
        feed: { [name]: replace(source, patch) },
      });
      const part = (together.last_logits.data as Float32Array).slice(i * size, (i + 1) * size);
      const own = tensor("float32", [1, size], part);
      expect(relativeError(own, alone.last_logits as FloatTensor)).toBeLessThan(tolerance);
    }
  });

  it("mean ablation over one sequence changes nothing, zero ablation of all heads does", async () => {
    const one = tensor("int32", [1, 12], rows[2]!);
    const means = await headMeans(model, [one]);
    const heads = allHeads(model.config);
    const { logits } = await model.run(one, { fetch: ["logits"] });
    const same = await model.run(one, {
      fetch: ["logits"],
      feed: ablate(model, heads, "mean", means),
    });
    expect(relativeError(same.logits, logits as FloatTensor)).toBeLessThan(tolerance);
    const feed = ablate(model, heads, "zero");
    const { logits: none } = await model.run(one, { fetch: ["logits"], feed });
    expect(relativeError(none, logits as FloatTensor)).toBeGreaterThan(0.01);
    const all = await model.run(one, {
      fetch: ["logits"],
      feed: Object.fromEntries([0, 1].map((l) => [`blocks.${l}.attn.hook_z`, zero()])),
    });
    expect(relativeError(none, all.logits as FloatTensor)).toBeLessThan(tolerance);
  });

  it("a path from a head to everything after it carries all that the head does", async () => {
    // With nothing between sender and end but the last layer's heads, kept as they are corrupted.
    const last = model.config.nLayers - 1;
    const metric = logitDifference(3, 5);
    const [clean, corrupted] = [rows[0]!, rows[2]!];
    const sender = { layer: last, head: 1 };
    const path = await pathPatching(model, {
      clean,
      corrupted,
      metric,
      sender,
      receivers: ["final"],
      throughMlps: true,
    }).catch((error: Error) => error);
    expect(path).not.toBeInstanceOf(Error);
    const table = await activationPatching(model, {
      clean,
      corrupted,
      metric,
      hooks: `blocks.${last}.attn.hook_z`,
      by: ["head"],
    });
    const { patched } = path as { patched: number };
    expect(patched).toBeCloseTo(table.values[1] as number, 4);
  });

  it("edges of a head sum to its node attribution", async () => {
    const options = {
      clean: rows[0]!,
      corrupted: rows[2]!,
      objective: "logitDiff",
      targets: [3, 5],
    };
    const edges = await edgeAttribution(model, options);
    const nodes = await attributionPatching(model, {
      ...options,
      hooks: "blocks.*.attn.hook_result",
      by: ["head"],
    });
    for (const [i, { layer, head }] of allHeads(model.config).entries()) {
      const own = edges.filter(({ from }) => from.layer === layer && from.head === head);
      const sum = own.reduce((total, { value }) => total + value, 0);
      expect(sum, `L${layer}H${head}`).toBeCloseTo(nodes.values[i] as number, 3);
    }
    expect(edges[0]?.name).toMatch(/^L\dH\d → /);
    await expect(edgeAttribution(model, { ...options, clean: [1, 2] })).rejects.toThrow(
      "equal length",
    );
  });

  it("attribution by integrated gradients agrees better with exact patching", async () => {
    const metric = logitDifference(3, 5);
    const pair = { clean: rows[0]!, corrupted: rows[2]! };
    const where = { hooks: "blocks.*.attn.hook_z", by: ["position", "head"] as const };
    const exact = await activationPatching(model, { ...pair, ...where, metric });
    const objective = { objective: "logitDiff", targets: [3, 5] };
    const first = await attributionPatching(model, { ...pair, ...where, ...objective });
    const integrated = await attributionPatching(model, {
      ...pair,
      ...where,
      ...objective,
      steps: 8,
    });
    const [r1, r8] = [first, integrated].map(
      (table) => patchingCorrelation(exact, table) as number,
    );
    expect(r8).toBeGreaterThan(0.7);
    expect(r8).toBeGreaterThan((r1 as number) - 0.05);
    expect(() => patchingCorrelation(exact, { ...first, axes: [] })).toThrow("of the same places");
  });

  it("puts random sets of heads beside an ablation, and says which weights it ran on", async () => {
    const options = {
      tokens,
      metric: meanLossFrom(0),
      heads: [{ layer: 1, head: 1 }],
      kind: "zero",
      randomSets: 3,
    } as const;
    const result = await ablationEffect(model, options);
    expect(result.randomSets.length).toBeGreaterThan(0);
    expect(result.randomSets.flatMap(({ heads }) => heads)).not.toContain("L1H1");
    expect(result.weights).toContain("processed weights");
    expect(await ablationEffect(model, options)).toEqual(result);
    const loss = meanLossFrom(0);
    const with_ = await model.run(tokens, { fetch: loss.fetch });
    const without = await model.run(tokens, {
      fetch: loss.fetch,
      feed: ablate(model, options.heads, "zero"),
    });
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;
    const expected = mean(loss.values(without)) - mean(loss.values(with_));
    expect(result.effect.mean).toBeCloseTo(expected, 5);
    await expect(ablationEffect(model, { ...options, heads: [] })).rejects.toThrow("got none");
  });

  it("runs sequences of unequal length as if each ran alone", async () => {
    const ragged = [rows[0]!.slice(0, 5), rows[1]!, rows[2]!.slice(0, 1)];
    const names = [...defaultHooks(model.config), "logits"];
    const values = await runRows(model, ragged, { fetch: names });
    for (const [i, row] of ragged.entries()) {
      const alone = await model.run([row], { fetch: names });
      for (const name of names) {
        const own = values[i]![name] as Tensor;
        expect(own.shape, name).toEqual((alone[name] as Tensor).shape);
        expect(relativeError(own, alone[name] as FloatTensor), name).toBeLessThan(tolerance);
      }
    }
    await expect(runRows(model, [[1], []], { fetch: ["logits"] })).rejects.toThrow("none in row 1");
    await expect(runRows(model, [[1]], { fetch: ["loss"] })).rejects.toThrow(
      "expected values of single positions, got loss",
    );
  });

  it("samples the same tokens from the same seed, and the most probable at temperature 0", async () => {
    const prompt = rows[0]!.slice(0, 4);
    const options = { count: 6, seed: 5, temperature: 1.5, topK: 20, topP: 0.95 };
    const once = await sample(model, prompt, options);
    expect(once).toHaveLength(10);
    expect(await sample(model, prompt, options)).toEqual(once);
    const greedy = await sample(model, prompt, { count: 3, temperature: 0 });
    expect(await sample(model, prompt, { count: 3, topK: 1 })).toEqual(greedy);
    for (let i = 4; i < 7; i++) {
      const { last_logits: logits } = await model.run([greedy.slice(0, i)], {
        fetch: ["last_logits"],
      });
      const data = Array.from(logits.data as Float32Array);
      expect(greedy[i]).toBe(data.indexOf(Math.max(...data)));
    }
    const stopAt = greedy[4] as number;
    const stopped = await sample(model, prompt, { count: 3, temperature: 0, stopAt });
    expect(stopped).toEqual(greedy.slice(0, 5));
    await expect(sample(model, prompt, { count: 3, topP: 0 })).rejects.toThrow("a topP above 0");
    await expect(sample(model, prompt, { count: 1000 })).rejects.toThrow("new tokens");
  });

  it("measures log-odds and losses of each sequence", async () => {
    const odds = logOddsOf(7);
    const one = await model.run(tokens, { fetch: odds.fetch, feed: odds.feed(3) });
    expect(odds.values(one)).toHaveLength(3);
    const loss = meanLossFrom(6);
    const run = await model.run(tokens, { fetch: loss.fetch });
    const perToken = (run as Record<string, Tensor>).loss_per_token as FloatTensor;
    const first = perToken.data.slice(6, 11);
    const mean = Array.from(first).reduce((a, b) => a + b, 0) / first.length;
    expect(loss.values(run)[0]).toBeCloseTo(mean, 6);
    expect(() => meanLossFrom(11).values(run)).toThrow("expected a position from 0 to 10, got 11");
  });

  it("refuses what a hook point does not have", async () => {
    const run = (feed: Parameters<Model["run"]>[1]["feed"]) =>
      model.run(tokens, { fetch: ["logits"], ...(feed && { feed }) });
    await expect(run({ "blocks.0.attn.hook_z": zero({ heads: [9] }) })).rejects.toThrow(
      /hook_z: expected a head from 0 to \d, got 9/,
    );
    await expect(run({ "blocks.0.hook_resid_pre": zero({ heads: [0] }) })).rejects.toThrow(
      "expected one of its axes batch, position, feature, got head",
    );
    await expect(run({ "blocks.0.attn.hook_z": zero({ heads: [] }) })).rejects.toThrow(
      "empty list",
    );
    await expect(
      run({ "blocks.0.attn.hook_z": replace(tensor("float32", [3], [1, 2, 3])) }),
    ).rejects.toThrow("that broadcasts to");
    await expect(
      run({ "blocks.0.attn.hook_z": replace(tensor("int32", [1], [1])) }),
    ).rejects.toThrow("expected float32");
    await expect(run({ hook_tokens: zero() })).rejects.toThrow(
      "expected numbers to change, got int32",
    );
    await expect(run({ "blocks.0.attn.hook_z": zero([{}, {}]) })).rejects.toThrow("another feed");
    expect(() => ablate(model, [{ layer: 7, head: 0 }], "zero")).toThrow("got L7H0");
    expect(() => ablate(model, [{ layer: 0, head: 0 }], "mean")).toThrow(
      "expected values for mean",
    );
    await expect(run({ "blocks.0.attn.hook_z": zero({ head: [1] } as never) })).rejects.toThrow(
      'expected heads, positions, keys, features, got "head"',
    );
    expect(() => ablate(model, [{ layer: 0, head: 0 }], "Zero" as never)).toThrow('got "Zero"');
    await expect(
      activationPatching(model, {
        clean: rows[0]!,
        corrupted: rows[1]!,
        metric: logOddsOf(-1),
        hooks: "hook_embed",
        by: [],
      }),
    ).rejects.toThrow("metric: expected token ids, got -1");
    const logOdds = logOddsOf(99_999);
    await expect(
      model.run([rows[0]!], { fetch: logOdds.fetch, feed: logOdds.feed(1) }),
    ).rejects.toThrow("targets: expected token ids 0 to");
    expect(() => embeddings(model, [-1])).toThrow("embeddings: expected token ids 0 to");
    expect(() => parseHead("7")).toThrow("expected a head such as L1H6");
    expect([parseHead("L1H6"), parseHead("1.6")]).toEqual([
      { layer: 1, head: 6 },
      { layer: 1, head: 6 },
    ]);
  });
});
