import { matMulShape } from "../shape.js";
import type { Value } from "../value.js";
import { flatten, transpose } from "./arrange.js";
import { sumTo } from "./broadcast.js";
import { op } from "./operation.js";

/** Matrix product `[…, m, k] × […, k, n] → […, m, n]`, leading dimensions broadcast. */
export function matMul(a: Value, b: Value): Value {
  const result = { dtype: a.dtype, shape: matMulShape(a.shape, b.shape) };
  return op("MatMul", [a, b], result, (g) => [
    sumTo(matMul(g, turned(b)), a.shape),
    // One matrix for all of them, such as a weight: a single product sums over what was broadcast.
    b.shape.length === 2 ? matMul(turned(rows(a)), rows(g)) : sumTo(matMul(turned(a), g), b.shape),
  ]);
}

/** All rows of a stack of matrices as one matrix. */
function rows(x: Value): Value {
  return flatten(x, x.shape.length - 1);
}

/** The last two axes exchanged. */
function turned(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  const [row, column] = axes.splice(-2) as [number, number];
  return transpose(x, [...axes, column, row]);
}
