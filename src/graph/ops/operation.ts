import { axisOf, type Shape } from "../shape.js";
import type { DType } from "../tensor.js";
import {
  type Attribute,
  constant,
  type GradientRule,
  type Operation,
  type Value,
} from "../value.js";

/** ONNX's numbers of the element types (`TensorProto.DataType`). */
export const onnxType: Readonly<Record<DType, number>> = {
  float32: 1,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
};

/**
 * A node: its ONNX operator, what it reads, the type and shape of its result, and its gradient rule,
 * or `null` where there is none.
 */
export function op(
  onnx: string,
  inputs: readonly Value[],
  { dtype, shape }: { readonly dtype: DType; readonly shape: Shape },
  gradient: GradientRule | null,
  attributes: Readonly<Record<string, Attribute>> = {},
): Operation {
  return { kind: "operation", onnx, inputs, attributes, gradient, dtype, shape };
}

/** Axes, shapes and starts, which ONNX takes as int64 tensors. */
export function int64s(...values: number[]): Value {
  const data = BigInt64Array.from(values, BigInt);
  return constant({ dtype: "int64", shape: [values.length], data });
}

/** The sizes of a value when the graph runs: int64 [rank]. */
export function shapeOf(x: Value): Value {
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
