/**
 * Operators that move, repeat, add up and pad elements. They are linear, and the gradient rule of
 * each is another of them.
 */
import { axisOf, broadcastShapes, dimAt, formatShape, type Shape, withDim } from "../shape.js";
import { type Operation, scalar, type Value } from "../value.js";
import { int64s, op } from "./operation.js";

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

/** The dimensions before the last `keep` as one: `[batch, 3, 5]` → `[batch*3, 5]`. */
export function flattenLeading(x: Value, keep: number): Value {
  const leading = x.shape.slice(0, x.shape.length - keep);
  const kept = x.shape.slice(x.shape.length - keep);
  if (kept.some((dim) => typeof dim === "string")) {
    throw new RangeError(`cannot flatten ${formatShape(x.shape)} before a symbolic dimension`);
  }
  const rows = leading.some((dim) => typeof dim === "string")
    ? leading.join("*")
    : leading.reduce<number>((n, dim) => n * (dim as number), 1);
  const target = int64s(typeof rows === "number" ? rows : -1, ...(kept as number[]));
  return reshapeTo(x, [rows, ...kept], target);
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

/** Repeats dimensions of size 1 up to the given sizes; other dimensions stay as they are. */
export function expand(x: Value, sizes: readonly number[]): Value {
  return expandTo(x, broadcastShapes(x.shape, sizes), int64s(...sizes));
}

/** Repeats a value to the shape that another has when the graph runs. */
export function expandLike(x: Value, like: Value): Value {
  const { shape } = like;
  if (formatShape(x.shape) === formatShape(shape)) return x;
  const fixed = shape.every((dim) => typeof dim === "number");
  return expandTo(x, shape, fixed ? int64s(...(shape as number[])) : shapeOf(like));
}

function expandTo(x: Value, shape: Shape, sizes: Value): Operation {
  return op("Expand", [x, sizes], { dtype: x.dtype, shape }, (g) => [sumTo(g, x.shape), null]);
}

/** Zeros of the type and shape of another value. */
export function zerosLike(x: Value): Value {
  return expandLike(scalar(x.dtype as "float32" | "float64", 0), x);
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

/** The elements `start … end − 1` along an axis, counted from the front. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const index = axisOf(x.shape, axis);
  return op(
    "Slice",
    [x, int64s(start), int64s(end), int64s(index)],
    { dtype: x.dtype, shape: withDim(x.shape, index, end - start) },
    (g) => [padLike(g, x, index, start), null, null, null],
  );
}

/** One index along an axis, counted from the front; the axis disappears. */
export function at(x: Value, axis: number, index: number): Value {
  const dropped = axisOf(x.shape, axis);
  const shape = x.shape.toSpliced(dropped, 1);
  return op(
    "Gather",
    [x, scalar("int32", index)],
    { dtype: x.dtype, shape },
    (g) => [padLike(unsqueeze(g, dropped), x, dropped, index), null],
    { axis: { int: dropped } },
  );
}

/** Zeros around a part of another value, from `start` on along an axis: the adjoint of a slice. */
function padLike(part: Value, like: Value, axis: number, start: number): Value {
  const size = dimAt(like.shape, axis);
  const length = dimAt(part.shape, axis) as number;
  const end = start + length;
  const pads =
    typeof size === "number"
      ? int64s(start, size - end)
      : join([int64s(start), minus(sizeAt(like, axis), int64s(end))], [2]);
  return op(
    "Pad",
    [part, pads, scalar(part.dtype as "float32" | "float64", 0), int64s(axis)],
    like,
    (g) => [slice(g, axis, start, end), null, null, null],
  );
}

/** Values one after the other along an axis; their other dimensions are equal. */
export function concat(values: readonly Value[], axis: number): Value {
  const [first] = values;
  if (first === undefined) throw new RangeError("Concat: expected at least one value, got none");
  const index = axisOf(first.shape, axis);
  let length = 0;
  for (const { dtype, shape } of values) {
    const others = withDim(shape, index, 1).join();
    if (dtype !== first.dtype || others !== withDim(first.shape, index, 1).join()) {
      throw new RangeError(`Concat: ${formatShape(first.shape)} with ${formatShape(shape)}`);
    }
    length += shape[index] as number;
  }
  return join(values, withDim(first.shape, index, length), index);
}

function join(values: readonly Value[], shape: Shape, axis = 0): Value {
  const { dtype } = values[0] as Value;
  return op(
    "Concat",
    values,
    { dtype, shape },
    (g) => {
      let start = 0;
      return values.map((value) => {
        const from = start;
        start += dimAt(value.shape, axis) as number;
        return slice(g, axis, from, start);
      });
    },
    { axis: { int: axis } },
  );
}

/** The sizes of a value when the graph runs: int64 [rank]. */
function shapeOf(x: Value): Value {
  return op("Shape", [x], { dtype: "int64", shape: [x.shape.length] }, null);
}

/** The size of one axis when the graph runs: int64 [1]. */
export function sizeAt(x: Value, axis: number): Value {
  const start = axisOf(x.shape, axis);
  return op("Shape", [x], { dtype: "int64", shape: [1] }, null, {
    start: { int: start },
    end: { int: start + 1 },
  });
}

function minus(a: Value, b: Value): Value {
  return op("Sub", [a, b], a, null);
}
