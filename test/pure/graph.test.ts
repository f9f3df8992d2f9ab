import { describe, expect, it } from "vitest";
import {
  choice,
  graphOf,
  input,
  named,
  ops,
  parameter,
  tensor,
  valueNamed,
} from "../../src/graph/index.js";

const x = input("x", "float32", ["batch", 3, 4]);

describe("shapes", () => {
  it("follow the operators, the batch staying symbolic", () => {
    const w = parameter("w", "float32", [4, 5]);
    expect(ops.matMul(x, w).shape).toEqual(["batch", 3, 5]);
    expect(ops.add(x, parameter("b", "float32", [4])).shape).toEqual(["batch", 3, 4]);
    expect(ops.transpose(x, [2, 0, 1]).shape).toEqual([4, "batch", 3]);
    expect(ops.reshape(x, ["batch", 12]).shape).toEqual(["batch", 12]);
    expect(ops.at(x, 1, 2).shape).toEqual(["batch", 4]);
    expect(ops.slice(x, 1, 1, 3).shape).toEqual(["batch", 2, 4]);
    expect(ops.sum(x, 1).shape).toEqual(["batch", 4]);
    expect(ops.mean(x).shape).toEqual(["batch", 3, 1]);
    expect(ops.argMax(x)).toMatchObject({ shape: ["batch", 3, 1], dtype: "int32" });
    expect(ops.equal(x, 1).dtype).toBe("bool");
    expect(ops.gatherRows(w, input("ids", "int32", ["batch", 7])).shape).toEqual(["batch", 7, 5]);
    expect(ops.expand(ops.reshape(x, ["batch", 3, 1, 4]), [1, 1, 6, 1]).shape).toEqual([
      "batch",
      3,
      6,
      4,
    ]);
  });

  it("that do not fit are refused when the graph is built", () => {
    expect(() => ops.matMul(x, parameter("w", "float32", [5, 4]))).toThrow("[batch, 3, 4]");
    expect(() => ops.add(x, parameter("b", "float32", [3]))).toThrow("broadcast");
    expect(() => ops.add(x, parameter("b", "float64", [4]))).toThrow("float64");
    expect(() => ops.reshape(x, ["batch", 13])).toThrow("reshape");
    expect(() => ops.reshape(x, ["other", 12])).toThrow("reshape");
    expect(() => ops.sum(x, 3)).toThrow("axis 3");
    expect(() => tensor("float32", [2], [1, 2, 3])).toThrow("expected 2 numbers");
  });
});

describe("a graph", () => {
  it("lists its names in the order in which they are computed", () => {
    const a = named("a", ops.exp(x));
    const b = named("b", ops.add(a, x));
    expect([...graphOf(b).names.keys()]).toEqual(["x", "a", "b"]);
  });

  it("refuses two values of one name", () => {
    const twice = ops.add(named("a", ops.exp(x)), named("a", ops.sqrt(x)));
    expect(() => graphOf(twice)).toThrow('one value named "a", got two');
  });

  it("names the nearest for a name that does not exist", () => {
    const graph = graphOf(named("blocks.0.attn.hook_pattern", x));
    const ask = (name: string) => () => valueNamed(graph, name);
    expect(ask("blocks.0.attn.hook_patern")).toThrow(/got "blocks.0.attn.hook_patern"/);
    try {
      ask("blocks.0.attn.hook_patern")();
    } catch (error) {
      expect(error).toMatchObject({ hint: 'did you mean "blocks.0.attn.hook_pattern"?' });
    }
  });

  it("is as deep as it needs to be", () => {
    let value = ops.exp(x);
    for (let i = 0; i < 20_000; i++) value = ops.add(value, 1);
    expect(graphOf(value).order.size).toBeGreaterThan(20_000);
  });

  it("holds several ways to one value only if they agree in shape and type", () => {
    expect(() => choice("use", x, ops.sum(x, 1))).toThrow("[batch, 3, 4], got float32 [batch, 4]");
    expect(choice("use", x)).toBe(x);
  });
});
