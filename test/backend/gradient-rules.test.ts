import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/graph/engine-node.js";
import {
  constant,
  type Engine,
  type FloatDType,
  gradients,
  input,
  named,
  ops,
  Program,
  type Shape,
  type Tensor,
  tensor,
  type Value,
  zeros,
} from "../../src/graph/index.js";
import { erfSeries } from "../../src/model/activations.js";
import { logOdds } from "../../src/model/index.js";
import { randomTensor } from "../support/random-tensor.js";
import { relativeError } from "../support/relative-error.js";
import { dot, slope, slopes } from "../support/slope.js";

/** An operator under test: the shapes of its operands, and how it is built from them. */
interface Case {
  readonly name: string;
  readonly shapes: readonly Shape[];
  build(x: Value, y: Value): Value;
}

const sizes: Record<string, number> = { batch: 2, targets: 3 };
const matrix = ["batch", 3, 4];
const ids = (shape: readonly number[], values: readonly number[]) =>
  constant(tensor("int32", shape, values));
const positive = (x: Value) => ops.add(ops.mul(x, x), 0.3);
const third = constant(
  tensor(
    "bool",
    [3, 4],
    Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 1 : 0)),
  ),
);

const cases: readonly Case[] = [
  { name: "add", shapes: [matrix, [4]], build: ops.add },
  { name: "sub, a broadcast column", shapes: [[3, 1], matrix], build: ops.sub },
  { name: "mul", shapes: [matrix, ["batch", 1, 4]], build: ops.mul },
  { name: "mul, a scalar", shapes: [[], ["batch", "targets"]], build: ops.mul },
  { name: "mul by itself", shapes: [matrix], build: (x) => ops.mul(x, x) },
  { name: "div", shapes: [matrix, [3, 4]], build: (x, y) => ops.div(x, positive(y)) },
  { name: "sqrt", shapes: [matrix], build: (x) => ops.sqrt(positive(x)) },
  { name: "exp", shapes: [matrix], build: ops.exp },
  { name: "log", shapes: [matrix], build: (x) => ops.log(positive(x)) },
  { name: "tanh", shapes: [matrix], build: ops.tanh },
  { name: "erf as a series", shapes: [[7]], build: (x) => erfSeries(ops.mul(x, 3)) },
  { name: "clip", shapes: [matrix], build: (x) => ops.clip(x, -0.4, 0.3) },
  { name: "where", shapes: [matrix, [4]], build: (x, y) => ops.where(third, x, y) },
  { name: "cast", shapes: [matrix], build: (x) => ops.mul(ops.cast(x, "float64"), x) },
  { name: "matMul by one matrix", shapes: [matrix, [4, 5]], build: ops.matMul },
  {
    name: "matMul, two symbols",
    shapes: [
      ["batch", "targets", 4],
      [4, 2],
    ],
    build: ops.matMul,
  },
  {
    name: "matMul by one per head",
    shapes: [
      ["batch", 2, 3, 4],
      [2, 4, 3],
    ],
    build: ops.matMul,
  },
  {
    name: "matMul of one matrix",
    shapes: [
      [3, 4],
      ["batch", 4, 2],
    ],
    build: ops.matMul,
  },
  {
    name: "matMul, both broadcast",
    shapes: [
      ["batch", 1, 3, 4],
      [2, 4, 3],
    ],
    build: ops.matMul,
  },
  { name: "transpose", shapes: [matrix], build: (x) => ops.transpose(x, [2, 0, 1]) },
  { name: "reshape", shapes: [matrix], build: (x) => ops.reshape(x, ["batch", 2, 6]) },
  { name: "expand", shapes: [["batch", 1, 4]], build: (x) => ops.expand(x, [1, 3, 1]) },
  { name: "slice", shapes: [matrix], build: (x) => ops.slice(x, 1, 1, 3) },
  { name: "slice of the batch", shapes: [matrix], build: (x) => ops.slice(x, 0, 1, 2) },
  {
    // ONNX Runtime moves the transposes through the padding that the adjoints of the slices are.
    name: "slices between transposes",
    shapes: [["batch", 3, 2, 4]],
    build(x) {
      const moved = ops.transpose(x, [0, 2, 1, 3]);
      const parts = [ops.slice(moved, 3, 2, 4), ops.slice(moved, 3, 0, 2)];
      return ops.transpose(ops.mul(ops.concat(parts, 3), moved), [0, 2, 3, 1]);
    },
  },
  {
    name: "slices of symbols between transposes",
    shapes: [[3, "batch", "targets"]],
    build(x) {
      const moved = ops.transpose(x, [1, 2, 0]);
      const parts = [ops.slice(moved, 0, 1, 2), ops.slice(ops.slice(moved, 1, 0, 2), 0, 0, 1)];
      return ops.concat(
        parts.map((part) => ops.slice(ops.transpose(part, [2, 1, 0]), 1, 0, 2)),
        1,
      );
    },
  },
  { name: "at", shapes: [matrix], build: (x) => ops.at(x, 1, 2) },
  { name: "at, two symbols", shapes: [["batch", "targets", 4]], build: (x) => ops.at(x, 2, 3) },
  { name: "at of the batch", shapes: [matrix], build: (x) => ops.at(x, 0, 0) },
  {
    name: "concat",
    shapes: [matrix, ["batch", 2, 4]],
    build: (x, y) => ops.concat([x, y, x], 1),
  },
  {
    name: "gatherRows, rows repeated",
    shapes: [[5, 4]],
    build: (x) => ops.gatherRows(x, ids([2, 3], [4, 0, 4, 4, 1, 0])),
  },
  {
    name: "gatherRows of numbers",
    shapes: [[5]],
    build: (x) => ops.gatherRows(x, ids([3], [4, 0, 4])),
  },
  {
    name: "gatherRows of a batch",
    shapes: [["batch", 3, 4]],
    build: (x) => ops.gatherRows(x, ids([3], [1, 0, 1])),
  },
  {
    name: "gatherElements, elements repeated",
    shapes: [["batch", 4]],
    build: (x) => ops.gatherElements(x, ids([2, 3], [3, 0, 3, 1, 1, 2])),
  },
  {
    name: "scatterElements",
    shapes: [
      ["batch", 4],
      [2, 2],
    ],
    build: (x, y) => ops.scatterElements(x, ids([2, 2], [3, 0, 1, 2]), y),
  },
  { name: "mean", shapes: [matrix], build: ops.mean },
  { name: "mean over a symbol", shapes: [[3, "batch"]], build: ops.mean },
  { name: "sum", shapes: [matrix], build: (x) => ops.sum(x, 1) },
  { name: "sum over a symbol", shapes: [matrix], build: (x) => ops.sum(x, 0) },
  { name: "max", shapes: [matrix], build: ops.max },
  { name: "softmax", shapes: [matrix], build: ops.softmax },
  {
    name: "softmax under a mask",
    shapes: [matrix],
    build: (x) => ops.softmax(ops.where(third, constant(tensor("float64", [], [-Infinity])), x)),
  },
  { name: "logSoftmax", shapes: [matrix], build: ops.logSoftmax },
  {
    name: "logOdds",
    shapes: [[2, 4]],
    build: (x) => logOdds(x, ids([2, 3], [3, 0, 1, 1, 3, 2])),
  },
];

/** The sum of all elements. */
function total(x: Value): Value {
  let sum = x;
  while (sum.shape.length > 0) sum = ops.sum(sum, 0);
  return sum;
}

function sized(shape: Shape): number[] {
  return shape.map((dim) => (typeof dim === "number" ? dim : (sizes[dim] as number)));
}

describe("gradient rules against central differences", () => {
  let engine: Engine;
  beforeAll(() => {
    engine = nodeEngine({ runtime: "cpu" });
  });
  afterAll(() => engine.close());

  async function programOf(...roots: Value[]): Promise<Program> {
    return new Program(roots, engine, await engine.store(new Map()), new Map());
  }

  /** A weighted sum of a result, so that each of its elements counts differently. */
  function weighted(result: Value): Value {
    const { dtype, shape } = result;
    return named("objective", total(ops.mul(result, input("weights", dtype, shape))));
  }

  it.each(cases)("$name", async ({ shapes, build }) => {
    const operands = shapes.map((shape, i) => input(`x${i}`, "float64", shape));
    const result = build(operands[0] as Value, operands[1] as Value);
    const program = await programOf(weighted(result));
    const feed: Record<string, Tensor> = {
      weights: randomTensor("float64", sized(result.shape), 1),
    };
    for (const [i, shape] of shapes.entries()) {
      feed[`x${i}`] = randomTensor("float64", sized(shape), 2 + i);
    }
    const names = operands.map(({ name }) => name);
    const fetch = names.map((name) => `grad(objective, ${name})`);
    const got = await program.run({ fetch, feed });
    for (const name of names) {
      const expected = await slopes(async (x) => {
        const { objective } = await program.run({
          fetch: ["objective"],
          feed: { ...feed, [name]: x },
        });
        return objective;
      }, feed[name] as Tensor);
      expect(relativeError(got[`grad(objective, ${name})`] as Tensor, expected)).toBeLessThan(1e-6);
    }
  });

  it("in float32, for operators without a kernel in float64", async () => {
    const layerNorm = (x: Value, w: Value, b: Value | null): Value => {
      if (x.dtype === "float32") return ops.fusedLayerNorm(x, w, b, 1e-5);
      const centred = ops.sub(x, ops.mean(x));
      const variance = ops.mean(ops.mul(centred, centred));
      const unit = ops.div(centred, ops.sqrt(ops.add(variance, 1e-5)));
      return b === null ? ops.mul(unit, w) : ops.add(ops.mul(unit, w), b);
    };
    const results: readonly ((x: Value, w: Value, b: Value) => Value)[] = [
      (x) => (x.dtype === "float32" ? ops.erf(x) : erfSeries(x)),
      layerNorm,
      (x, w) => layerNorm(x, w, null),
      (x) => ops.mul(ops.cast(x, "float32"), 2),
    ];
    for (const [i, build] of results.entries()) {
      const names = ["x", "w", "b"].slice(0, [1, 3, 2, 1][i]);
      const fetch = names.map((name) => `grad(objective, ${name})`);
      const run = async (dtype: FloatDType) => {
        const [x, w, b] = [matrix, [4], [4]].map((shape, j) =>
          input("xwb".charAt(j), dtype, shape),
        ) as [Value, Value, Value];
        const result = build(x, w, b);
        const all: Record<string, Tensor> = {
          x: randomTensor(dtype, sized(matrix), 2),
          w: randomTensor(dtype, [4], 3),
          b: randomTensor(dtype, [4], 4),
          weights: randomTensor(result.dtype as FloatDType, sized(result.shape), 1),
        };
        const feed = Object.fromEntries([...names, "weights"].map((name) => [name, all[name]]));
        return (await programOf(weighted(result))).run({ fetch, feed: feed as typeof all });
      };
      const [single, double] = [await run("float32"), await run("float64")];
      for (const name of fetch) {
        expect(relativeError(single[name] as Tensor, double[name] as Tensor)).toBeLessThan(1e-5);
      }
    }
  });

  it("equal maxima share the gradient", async () => {
    const x = input("x", "float64", ["batch", 4]);
    const program = await programOf(named("objective", total(ops.max(x))));
    const feed = { x: tensor("float64", [2, 4], [1, 3, 3, 2, 5, 5, 5, 5]) };
    const { "grad(objective, x)": got } = await program.run({
      fetch: ["grad(objective, x)"],
      feed,
    });
    expect([...got.data]).toEqual([0, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 0.25]);
  });

  it("a clipped value keeps its gradient at the bounds and loses it beyond", async () => {
    const x = input("x", "float64", [5]);
    const program = await programOf(named("objective", total(ops.clip(x, -1, 2))));
    const feed = { x: tensor("float64", [5], [-2, -1, 0, 2, 3]) };
    const fetch = ["grad(objective, x)"] as const;
    const { "grad(objective, x)": got } = await program.run({ fetch, feed });
    expect([...got.data]).toEqual([0, 1, 1, 1, 0]);
  });

  it("an infinite slope where nothing depends on it does not become NaN", async () => {
    const x = input("x", "float64", [3]);
    const some = constant(tensor("bool", [3], [1, 0, 1]));
    const chosen = (y: Value) => ops.where(some, y, x);
    const objective = total(ops.add(chosen(ops.log(x)), chosen(ops.sqrt(x))));
    const program = await programOf(named("objective", objective));
    const { "grad(objective, x)": got } = await program.run({
      fetch: ["grad(objective, x)"],
      feed: { x: tensor("float64", [3], [1, 0, 4]) },
    });
    expect([...got.data]).toEqual([1.5, 2, 0.5]);
  });

  it("log-odds keep their gradient where the top token has all the probability", async () => {
    const logits = input("logits", "float64", ["batch", 4]);
    const objective = named("objective", total(logOdds(logits, ids([1, 1], [1]))));
    const program = await programOf(objective);
    const { "grad(objective, logits)": got } = await program.run({
      fetch: ["grad(objective, logits)"],
      feed: { logits: tensor("float64", [1, 4], [0, 100, 0, 0]) },
    });
    const expected = tensor("float64", [1, 4], [-1 / 3, 1, -1 / 3, -1 / 3]);
    expect(relativeError(got, expected)).toBeLessThan(1e-12);
  });

  it("an index that repeats gives the same bits in every run", async () => {
    const rows = 5000;
    const table = input("table", "float32", [3, 16]);
    const picked = ops.gatherRows(
      table,
      ids(
        [rows],
        [...Array(rows).keys()].map((i) => i % 3),
      ),
    );
    const program = await programOf(weighted(picked));
    const feed = {
      table: zeros("float32", [3, 16]),
      weights: randomTensor("float32", [rows, 16], 7),
    };
    const fetch = ["grad(objective, table)"] as const;
    const first = await program.run({ fetch, feed });
    for (let i = 0; i < 10; i++) expect(await program.run({ fetch, feed })).toEqual(first);
  });

  it("gradients have gradients", async () => {
    const x = named("x", input("x0", "float64", [2, 3, 4]));
    const w = input("w", "float64", [4, 4]);
    const f = (y: Value) => {
      const inner = ops.matMul(ops.tanh(y), w);
      const chosen = ops.gatherElements(ops.logSoftmax(inner), ids([2, 3, 1], [0, 1, 2, 3, 0, 1]));
      const padded = ops.at(ops.slice(ops.div(ops.exp(y), positive(inner)), 1, 1, 3), 2, 1);
      return ops.add(ops.mean(padded), ops.add(ops.at(chosen, 2, 0), ops.max(ops.sum(inner, 2))));
    };
    const objective = named("objective", total(f(x)));
    const [derivative] = gradients(objective, [x]) as [Value];
    const along = input("along", "float64", [2, 3, 4]);
    const program = await programOf(named("slope", total(ops.mul(derivative, along))));
    const feed = {
      x: randomTensor("float64", [2, 3, 4], 1),
      w: randomTensor("float64", [4, 4], 2),
      along: randomTensor("float64", [2, 3, 4], 3),
    };
    const fetch = ["grad(slope, x)"] as const;
    const { "grad(slope, x)": got } = await program.run({ fetch, feed });
    const direction = randomTensor("float64", [2, 3, 4], 4);
    const expected = await slope(
      async (moved) => {
        const run = await program.run({ fetch: ["slope"], feed: { ...feed, x: moved } });
        return run.slope;
      },
      feed.x,
      direction,
    );
    expect(dot(got, direction)).toBeCloseTo(expected, 6);
    expect(Math.abs(expected)).toBeGreaterThan(0.1);
  });
});
