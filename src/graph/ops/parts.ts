/** Operators that take a value apart and put parts together. */
import { axisOf, dimAt, formatShape, type Shape, withDim } from "../shape.js";
import { scalar, type Value } from "../value.js";
import { unsqueeze } from "./arrange.js";
import { int64s, op, sizeAt } from "./operation.js";

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
  const rank = like.shape.length;
  const end = start + (dimAt(part.shape, axis) as number);
  const size = dimAt(like.shape, axis);
  // All axes are written out: ONNX Runtime moves a Transpose through Pad as if no axes were given.
  const before = Array.from({ length: rank }, (_, i) => (i === axis ? start : 0));
  const none = (count: number): readonly number[] => Array(count).fill(0);
  const pads =
    typeof size === "number"
      ? int64s(...before, ...none(axis), size - end, ...none(rank - axis - 1))
      : join(
          [
            int64s(...before, ...none(axis)),
            minus(sizeAt(like, axis), int64s(end)),
            int64s(...none(rank - axis - 1)),
          ],
          [2 * rank],
        );
  return op("Pad", [part, pads], like, (g) => [slice(g, axis, start, end), null]);
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

function minus(a: Value, b: Value): Value {
  return op("Sub", [a, b], a, null);
}
