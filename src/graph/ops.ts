/**
 * The operators that graphs are built from. Each function states, side by side, the ONNX operator
 * it becomes (opset 21) and the type and shape of its result; a gradient rule belongs beside them.
 *
 * Operands may be numbers where an elementwise operator takes them: they become constants of the
 * other side's element type. Shapes that do not fit throw a RangeError when the graph is built.
 */
import { axisOf, broadcastShapes, dimAt, matMulShape, type Shape, withDim } from "./shape.js";
import { type DType, tensor } from "./tensor.js";
import { type Attribute, constant, type Operation, scalar, type Value } from "./value.js";

type Operand = Value | number;

function op(
  onnx: string,
  inputs: readonly Value[],
  result: { readonly dtype: DType; readonly shape: Shape },
  attributes: Readonly<Record<string, Attribute>> = {},
): Operation {
  return { kind: "operation", onnx, inputs, attributes, dtype: result.dtype, shape: result.shape };
}

/** ONNX takes axes, shapes and starts as int64 tensors. */
function int64s(...values: number[]): Value {
  const data = BigInt64Array.from(values, BigInt);
  return constant({ dtype: "int64", shape: [values.length], data });
}

function elementwise(onnx: string, left: Operand, right: Operand, dtype?: DType): Operation {
  const like = typeof left === "number" ? right : left;
  if (typeof like === "number" || like.dtype === "int64") {
    throw new RangeError(`${onnx}: one side must be a value that is not int64`);
  }
  const a = typeof left === "number" ? scalar(like.dtype, left) : left;
  const b = typeof right === "number" ? scalar(like.dtype, right) : right;
  if (a.dtype !== b.dtype) throw new RangeError(`${onnx}: ${a.dtype} with ${b.dtype}`);
  const shape = broadcastShapes(a.shape, b.shape);
  return op(onnx, [a, b], { dtype: dtype ?? a.dtype, shape });
}

/** Elementwise `a + b`, broadcast. */
export function add(a: Operand, b: Operand): Value {
  return elementwise("Add", a, b);
}

/** Elementwise `a − b`, broadcast. */
export function sub(a: Operand, b: Operand): Value {
  return elementwise("Sub", a, b);
}

/** Elementwise `a · b`, broadcast. */
export function mul(a: Operand, b: Operand): Value {
  return elementwise("Mul", a, b);
}

/** Elementwise `a / b`, broadcast. */
export function div(a: Operand, b: Operand): Value {
  return elementwise("Div", a, b);
}

/** Elementwise `a = b`, broadcast; the result is boolean. */
export function equal(a: Operand, b: Operand): Value {
  return elementwise("Equal", a, b, "bool");
}

/** Elementwise square root. */
export function sqrt(x: Value): Value {
  return op("Sqrt", [x], x);
}

/** Elementwise e^x. */
export function exp(x: Value): Value {
  return op("Exp", [x], x);
}

/** Elementwise natural logarithm. */
export function log(x: Value): Value {
  return op("Log", [x], x);
}

/** Elementwise hyperbolic tangent. */
export function tanh(x: Value): Value {
  return op("Tanh", [x], x);
}

/** Elementwise error function; float32 only, since ONNX Runtime has no kernel for float64. */
export function erf(x: Value): Value {
  return op("Erf", [x], x);
}

/** Elementwise `min(max(x, low), high)`. */
export function clip(x: Value, low: number, high: number): Value {
  const bound = (value: number) => scalar(x.dtype as "float32" | "float64", value);
  return op("Clip", [x, bound(low), bound(high)], x);
}

/** `a` where the condition holds, `b` elsewhere, broadcast. */
export function where(condition: Value, a: Value, b: Value): Value {
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape));
  return op("Where", [condition, a, b], { dtype: a.dtype, shape });
}

/** The same numbers in another element type. */
export function cast(x: Value, dtype: DType): Value {
  return op("Cast", [x], { dtype, shape: x.shape }, { to: { int: onnxType[dtype] } });
}

/** Matrix product `[…, m, k] × […, k, n] → […, m, n]`, leading dimensions broadcast. */
export function matMul(a: Value, b: Value): Value {
  return op("MatMul", [a, b], { dtype: a.dtype, shape: matMulShape(a.shape, b.shape) });
}

/** Reorders the axes: axis `i` of the result is axis `order[i]` of `x`. */
export function transpose(x: Value, order: readonly number[]): Value {
  const shape = order.map((axis) => dimAt(x.shape, axis));
  return op("Transpose", [x], { dtype: x.dtype, shape }, { perm: { ints: order } });
}

/** The same numbers in another shape; at most one dimension may be symbolic. */
export function reshape(x: Value, shape: Shape): Value {
  const fixed = (s: Shape) => s.reduce<number>((n, d) => (typeof d === "number" ? n * d : n), 1);
  const symbols = (s: Shape) => s.filter((d) => typeof d === "string").join();
  const unknown = shape.filter((dim) => typeof dim === "string").length;
  if (unknown > 1 || fixed(x.shape) !== fixed(shape) || symbols(x.shape) !== symbols(shape)) {
    throw new RangeError(`cannot reshape [${x.shape.join(", ")}] to [${shape.join(", ")}]`);
  }
  const target = int64s(...shape.map((dim) => (typeof dim === "number" ? dim : -1)));
  return op("Reshape", [x, target], { dtype: x.dtype, shape });
}

/** Repeats dimensions of size 1 up to the given sizes; other dimensions stay as they are. */
export function expand(x: Value, sizes: readonly number[]): Value {
  return op("Expand", [x, int64s(...sizes)], {
    dtype: x.dtype,
    shape: broadcastShapes(x.shape, sizes),
  });
}

/** The elements `start … end − 1` along an axis. */
export function slice(x: Value, axis: number, start: number, end: number): Value {
  const index = axisOf(x.shape, axis);
  return op("Slice", [x, int64s(start), int64s(end), int64s(index)], {
    dtype: x.dtype,
    shape: withDim(x.shape, index, end - start),
  });
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
      throw new RangeError(`Concat: [${first.shape.join(", ")}] with [${shape.join(", ")}]`);
    }
    length += shape[index] as number;
  }
  const result = { dtype: first.dtype, shape: withDim(first.shape, index, length) };
  return op("Concat", values, result, { axis: { int: index } });
}

/** Rows of a table: `table [n, …] , indices [i…] → [i…, …]`. */
export function gatherRows(table: Value, indices: Value): Value {
  const shape = [...indices.shape, ...table.shape.slice(1)];
  return op("Gather", [table, indices], { dtype: table.dtype, shape }, { axis: { int: 0 } });
}

/** One index along an axis, which disappears. */
export function at(x: Value, axis: number, index: number): Value {
  const dropped = axisOf(x.shape, axis);
  const shape = x.shape.toSpliced(dropped, 1);
  const where = constant(tensor("int32", [], [index]));
  return op("Gather", [x, where], { dtype: x.dtype, shape }, { axis: { int: dropped } });
}

/** Elements along the last axis: `result[…, j] = x[…, indices[…, j]]`. */
export function gatherElements(x: Value, indices: Value): Value {
  const result = { dtype: x.dtype, shape: indices.shape };
  return op("GatherElements", [x, indices], result, { axis: { int: x.shape.length - 1 } });
}

/** `x` with `x[…, indices[…, j]] = updates[…, j]` along the last axis. */
export function scatterElements(x: Value, indices: Value, updates: Value): Value {
  const axis = { int: x.shape.length - 1 };
  return op("ScatterElements", [x, indices, updates], x, { axis });
}

/** Mean over the last axis, which stays with size 1. */
export function mean(x: Value): Value {
  const result = { dtype: x.dtype, shape: withDim(x.shape, -1, 1) };
  return op("ReduceMean", [x, int64s(-1)], result, { keepdims: { int: 1 } });
}

/** Sum over one axis, which disappears. */
export function sum(x: Value, axis: number): Value {
  const index = axisOf(x.shape, axis);
  const result = { dtype: x.dtype, shape: x.shape.toSpliced(index, 1) };
  return op("ReduceSum", [x, int64s(index)], result, { keepdims: { int: 0 } });
}

/** Maximum over the last axis, which stays with size 1. */
export function max(x: Value): Value {
  const result = { dtype: x.dtype, shape: withDim(x.shape, -1, 1) };
  return op("ReduceMax", [x, int64s(-1)], result, { keepdims: { int: 1 } });
}

/** Index of the maximum along the last axis (the first of equals), which stays with size 1. */
export function argMax(x: Value): Value {
  const result = { dtype: "int64", shape: withDim(x.shape, -1, 1) } as const;
  return cast(op("ArgMax", [x], result, { axis: { int: -1 }, keepdims: { int: 1 } }), "int32");
}

/** Softmax over the last axis. */
export function softmax(x: Value): Value {
  return op("Softmax", [x], x, { axis: { int: -1 } });
}

/** Log-softmax over the last axis, nats. */
export function logSoftmax(x: Value): Value {
  return op("LogSoftmax", [x], x, { axis: { int: -1 } });
}

/** Layer normalisation over the last axis as one fused kernel; float32 only, since `eps` is a float32 attribute. */
export function fusedLayerNorm(x: Value, weight: Value, bias: Value | null, eps: number): Value {
  const inputs = bias === null ? [x, weight] : [x, weight, bias];
  return op("LayerNormalization", inputs, x, { axis: { int: -1 }, epsilon: { float: eps } });
}

/** ONNX's numbers of the element types (`TensorProto.DataType`). */
export const onnxType: Readonly<Record<DType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};
