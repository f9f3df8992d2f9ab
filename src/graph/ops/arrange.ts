/**
 * Operators that lay the same elements out in another way. The gradient rule of each is one of them.
 */
import { axisOf, type Dim, dimAt, formatShape, type Shape } from "../shape.js";
import type { Operation, Value } from "../value.js";
import { int64s, op, shapeOf } from "./operation.js";

/** Reorders the axes: axis `i` of the result is axis `order[i]` of `x`. */
export function transpose(x: Value, order: readonly number[]): Value {
  const shape = order.map((axis) => dimAt(x.shape, axis));
  const back = order.map((_, axis) => order.indexOf(axis));
  return op("Transpose", [x], { dtype: x.dtype, shape }, (g) => [transpose(g, back)], {
    perm: { ints: order },
  });
}

/** The same numbers in another shape; at most one dimension may be symbolic. */
export function reshape(x: Value, shape: Shape): Value {
  const fixed = (s: Shape) => s.reduce<number>((n, d) => (typeof d === "number" ? n * d : n), 1);
  const symbols = (s: Shape) => s.filter((d) => typeof d === "string").join();
  const unknown = shape.filter((dim) => typeof dim === "string").length;
  if (unknown > 1 || fixed(x.shape) !== fixed(shape) || symbols(x.shape) !== symbols(shape)) {
    throw new RangeError(`cannot reshape ${formatShape(x.shape)} to ${formatShape(shape)}`);
  }
  return reshapeTo(x, shape, int64s(...shape.map((dim) => (typeof dim === "number" ? dim : -1))));
}

/** A matrix: the first `rows` axes become one, and so do the others. */
export function flatten(x: Value, rows: number): Value {
  const shape = [productOf(x.shape.slice(0, rows)), productOf(x.shape.slice(rows))];
  return op("Flatten", [x], { dtype: x.dtype, shape }, (g) => [reshapeLike(g, x)], {
    axis: { int: rows },
  });
}

/** The size of several axes as one, such as `12` or `"batch*3"`. */
function productOf(dims: Shape): Dim {
  return dims.reduce((a, b) => {
    if (a === 1) return b;
    if (b === 1) return a;
    return typeof a === "number" && typeof b === "number" ? a * b : `${a}*${b}`;
  }, 1);
}

/** The same numbers in the shape that another value has when the graph runs. */
export function reshapeLike(x: Value, like: Value): Value {
  const symbolic = like.shape.filter((dim) => typeof dim === "string").length > 1;
  const dims = like.shape.map((dim) => (typeof dim === "number" ? dim : -1));
  return reshapeTo(x, like.shape, symbolic ? shapeOf(like) : int64s(...dims));
}

function reshapeTo(x: Value, shape: Shape, target: Value): Operation {
  return op("Reshape", [x, target], { dtype: x.dtype, shape }, (g) => [reshapeLike(g, x), null]);
}

/** A new axis of size 1 at that place of the result. */
export function unsqueeze(x: Value, axis: number): Value {
  const shape = x.shape.toSpliced(axis, 0, 1);
  return op("Unsqueeze", [x, int64s(axis)], { dtype: x.dtype, shape }, (g) => [
    squeeze(g, axis),
    null,
  ]);
}

/** An axis of size 1 dropped. */
export function squeeze(x: Value, axis: number): Value {
  const index = axisOf(x.shape, axis);
  if (x.shape[index] !== 1) throw new RangeError(`cannot squeeze ${formatShape(x.shape)}`);
  const shape = x.shape.toSpliced(index, 1);
  return op("Squeeze", [x, int64s(index)], { dtype: x.dtype, shape }, (g) => [
    unsqueeze(g, index),
    null,
  ]);
}
