/**
 * Operators that repeat elements and that add them up: the gradient rule of the ones is the others.
 */
import { axisOf, broadcastShapes, formatShape, type Shape } from "../shape.js";
import type { FloatDType } from "../tensor.js";
import { type Operation, scalar, type Value } from "../value.js";
import { squeeze, unsqueeze } from "./arrange.js";
import { int64s, op, shapeOf } from "./operation.js";

/** Repeats dimensions of size 1 up to the given sizes; other dimensions stay as they are. */
export function expand(x: Value, sizes: readonly number[]): Value {
  return expandTo(x, broadcastShapes(x.shape, sizes), int64s(...sizes));
}

/** Repeats a value to the shape that another has when the graph runs. */
export function expandLike(x: Value, like: Value): Value {
  const { shape } = like;
  if (formatShape(x.shape) === formatShape(shape)) return x;
  // A symbolic size that x has already needs no repeating, whatever it is.
  const offset = shape.length - x.shape.length;
  const sizes = shape.map((dim, i) => (dim === x.shape[i - offset] ? 1 : dim));
  const fixed = sizes.every((dim) => typeof dim === "number");
  return expandTo(x, shape, fixed ? int64s(...(sizes as number[])) : shapeOf(like));
}

function expandTo(x: Value, shape: Shape, sizes: Value): Operation {
  return op("Expand", [x, sizes], { dtype: x.dtype, shape }, (g) => [sumTo(g, x.shape), null]);
}

/** Zeros of the type and shape of another value. */
export function zerosLike(x: Value): Value {
  return expandLike(scalar(x.dtype as FloatDType, 0), x);
}

/** Sum over one axis, which disappears. */
export function sum(x: Value, axis: number): Value {
  return reduceSum(x, [axisOf(x.shape, axis)], false);
}

/** Sum over the last axis, which stays with size 1. */
export function sumLast(x: Value): Value {
  return reduceSum(x, [axisOf(x.shape, -1)], true);
}

/** Sums a broadcast value back to the shape that was broadcast: the adjoint of broadcasting. */
export function sumTo(x: Value, shape: Shape): Value {
  const leading = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dim, axis) =>
    axis < leading || (shape[axis - leading] === 1 && dim !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return x;
  if (axes.length === leading) return reduceSum(x, axes, false);
  let summed = reduceSum(x, axes, true);
  for (let axis = 0; axis < leading; axis++) summed = squeeze(summed, 0);
  return summed;
}

function reduceSum(x: Value, axes: readonly number[], keep: boolean): Value {
  const shape = keep
    ? x.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))
    : x.shape.filter((_, axis) => !axes.includes(axis));
  return op(
    "ReduceSum",
    [x, int64s(...axes)],
    { dtype: x.dtype, shape },
    (g) => {
      const kept = keep ? g : axes.reduce((value, axis) => unsqueeze(value, axis), g);
      return [expandLike(kept, x), null];
    },
    { keepdims: { int: keep ? 1 : 0 } },
  );
}
