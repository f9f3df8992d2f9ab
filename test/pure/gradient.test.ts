import type { Chooser } from "../../src/graph/choose.js";
import { describe, expect, it } from "vitest";
import {
  choice,
  constant,
  gradients,
  graphOf,
  input,
  named,
  ops,
  parameter,
  tensor,
  type Value,
} from "../../src/graph/index.js";

const x = input("x", "float32", ["batch", 3]);

function total(value: Value): Value {
  return ops.sum(ops.sum(value, 0), 0);
}

describe("gradients", () => {
  it("have the shape and type of what they are taken with respect to", () => {
    const w = parameter("w", "float32", [3, 5]);
    const b = parameter("b", "float32", [5]);
    const hidden = named("hidden", ops.tanh(ops.add(ops.matMul(x, w), b)));
    const found = gradients(total(hidden), [x, w, b, hidden]);
    expect(found.map(({ shape }) => shape)).toEqual([["batch", 3], [3, 5], [5], ["batch", 5]]);
    expect(found.every(({ dtype }) => dtype === "float32")).toBe(true);
  });

  it("add up what reaches a value over all its uses", () => {
    const once = graphOf(...gradients(total(ops.exp(x)), [x])).order.size;
    const twice = graphOf(...gradients(total(ops.add(ops.exp(x), ops.tanh(x))), [x]));
    expect(twice.order.size).toBeGreaterThan(once);
    expect([...twice.order.keys()].some((v) => v.kind === "operation" && v.onnx === "Add")).toBe(
      true,
    );
  });

  it("are those at a name: values beside the name do not count", () => {
    const unnamed = ops.exp(x);
    const first = named("first", unnamed);
    const second = named("second", first);
    const objective = ops.add(total(second), total(ops.mul(unnamed, unnamed)));
    const [atFirst, atSecond] = gradients(objective, [first, second]);
    expect(atFirst).toBe(atSecond);
  });

  it("follow the ways that a run takes, and the names that they are asked for", () => {
    const inside = named("inside", ops.exp(x));
    const either = choice("feed", ops.tanh(x), ops.mul(inside, 2));
    const objective = total(either);
    expect(gradients(objective, [inside])).toHaveLength(1);
    const choose: Chooser = (c) => (c.kind === "named" ? c.of : (c.ways[0] as Value));
    const first = { choose };
    expect(() => gradients(objective, [inside], first)).toThrow("does not depend on inside");
  });

  it("end where a run replaces a value", () => {
    const middle = named("middle", ops.exp(x));
    const objective = named("objective", total(ops.add(middle, x)));
    const known = new Set<Value>([middle]);
    expect(gradients(objective, [middle], { known })).toHaveLength(1);
    const onlyThrough = named("objective", total(middle));
    expect(() => gradients(onlyThrough, [x], { known })).toThrow(
      "grad(objective, x): expected a value that objective depends on, got x: objective does not depend on x in this run",
    );
  });

  it("pass a graph of any depth", () => {
    let value: Value = x;
    for (let i = 0; i < 20_000; i++) value = ops.add(ops.mul(value, 0.5), x);
    const [found] = gradients(total(value), [x]);
    expect(graphOf(found as Value).order.size).toBeGreaterThan(20_000);
  });

  it("exist for scalars only", () => {
    expect(() => gradients(named("y", ops.exp(x)), [x])).toThrow(
      "grad(y, x): expected a scalar objective, got y float32 [batch, 3]",
    );
    const whole = named("count", input("n", "int32", []));
    expect(() => gradients(whole, [x])).toThrow("got count int32 []");
  });

  it("are refused, never zero, where there are none", () => {
    const objective = named("objective", total(ops.exp(x)));
    const other = input("other", "float32", [3]);
    expect(() => gradients(objective, [other])).toThrow("objective does not depend on other");
    const ids = input("ids", "int32", ["batch"]);
    const rows = named("rows", total(ops.gatherRows(x, ids)));
    expect(() => gradients(rows, [ids])).toThrow("ids, which is made of whole numbers");
  });

  it("do not lead through indices and conditions", () => {
    const table = constant(tensor("float32", [3], [1, 2, 3]));
    const picked = named("picked", total(ops.gatherRows(table, ops.argMax(x))));
    expect(() => gradients(picked, [x])).toThrow(
      "picked depends on it only through whole numbers or conditions",
    );
    const counted = named("counted", total(ops.cast(ops.equal(x, 1), "float32")));
    expect(() => gradients(counted, [x])).toThrow("only through whole numbers or conditions");
  });

  it("name an operator that has no rule", () => {
    const floor: Value = {
      kind: "operation",
      onnx: "Floor",
      inputs: [x],
      attributes: {},
      gradient: null,
      dtype: "float32",
      shape: x.shape,
    };
    expect(() => gradients(total(floor), [x])).toThrow(
      "expected operators with a gradient rule, got Floor",
    );
  });
});
