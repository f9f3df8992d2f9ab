/**
 * Elementwise operators, operands broadcast. A gradient rule makes adjoints in the shape of the
 * result; those of broadcast operands are summed back.
 */
import { broadcastShapes } from "../shape.js";
import type { DType, FloatDType } from "../tensor.js";
import { type Operation, scalar, type Value } from "../value.js";
import { sumTo } from "./broadcast.js";
import { onnxType, op } from "./operation.js";

/** A value, or a number that becomes a constant of the other side's element type. */
export type Operand = Value | number;

/** The adjoints of both operands from that of the result `y`, in the shape of the result. */
type BinaryRule = (g: Value, a: Value, b: Value, y: Operation) => readonly [Value, Value];

function binary(
  onnx: string,
  left: Operand,
  right: Operand,
  rule: BinaryRule | null,
  dtype?: DType,
): Operation {
  const like = typeof left === "number" ? right : left;
  if (typeof like === "number" || like.dtype === "int64") {
    throw new RangeError(`${onnx}: one side must be a value that is not int64`);
  }
  const a = typeof left === "number" ? scalar(like.dtype, left) : left;
  const b = typeof right === "number" ? scalar(like.dtype, right) : right;
  if (a.dtype !== b.dtype) throw new RangeError(`${onnx}: ${a.dtype} with ${b.dtype}`);
  const shape = broadcastShapes(a.shape, b.shape);
  return op(
    onnx,
    [a, b],
    { dtype: dtype ?? a.dtype, shape },
    rule &&
      ((g, y) => {
        const [da, db] = rule(g, a, b, y);
        return [sumTo(da, a.shape), sumTo(db, b.shape)];
      }),
  );
}

/** An operator of one operand; the rule gives its adjoint from that of the result `y`. */
function unary(onnx: string, x: Value, rule: (g: Value, y: Operation) => Value): Operation {
  return op(onnx, [x], x, (g, y) => [rule(g, y)]);
}

/** Elementwise `a + b`, broadcast. */
export function add(a: Operand, b: Operand): Value {
  return binary("Add", a, b, (g) => [g, g]);
}

/** Elementwise `a − b`, broadcast. */
export function sub(a: Operand, b: Operand): Value {
  return binary("Sub", a, b, (g) => [g, mul(g, -1)]);
}

/** Elementwise `a · b`, broadcast. */
export function mul(a: Operand, b: Operand): Value {
  return binary("Mul", a, b, (g, x, y) => [mul(g, y), mul(g, x)]);
}

/** Elementwise `a / b`, broadcast. */
export function div(a: Operand, b: Operand): Value {
  return binary("Div", a, b, (g, _, divisor, quotient) => {
    const share = div(g, divisor);
    return [share, mul(mul(share, quotient), -1)];
  });
}

/** Elementwise `a = b`, broadcast; the result is boolean and has no gradient. */
export function equal(a: Operand, b: Operand): Value {
  return binary("Equal", a, b, null, "bool");
}

/** Elementwise `a > b`, broadcast; the result is boolean and has no gradient. */
export function greater(a: Operand, b: Operand): Value {
  return binary("Greater", a, b, null, "bool");
}

/** Elementwise square root; where nothing depends on it, its gradient is 0 even at 0. */
export function sqrt(x: Value): Value {
  return unary("Sqrt", x, (g, y) => unlessZero(g, div(mul(g, 0.5), y)));
}

/** Elementwise e^x. */
export function exp(x: Value): Value {
  return unary("Exp", x, (g, y) => mul(g, y));
}

/** Elementwise natural logarithm; where nothing depends on it, its gradient is 0 even at 0. */
export function log(x: Value): Value {
  return unary("Log", x, (g) => unlessZero(g, div(g, x)));
}

/** Elementwise hyperbolic tangent. */
export function tanh(x: Value): Value {
  return unary("Tanh", x, (g, y) => mul(g, sub(1, mul(y, y))));
}

/** Elementwise error function; float32 only, since ONNX Runtime has no kernel for float64. */
export function erf(x: Value): Value {
  const slope = 2 / Math.sqrt(Math.PI);
  return unary("Erf", x, (g) => mul(mul(g, slope), exp(mul(mul(x, x), -1))));
}

/** Elementwise `min(max(x, low), high)`; the gradient is 0 beyond the bounds and passes at them. */
export function clip(x: Value, low: number, high: number): Value {
  const bound = (value: number) => scalar(x.dtype as FloatDType, value);
  return op("Clip", [x, bound(low), bound(high)], x, (g, y) => [
    where(equal(x, y), g, zero(g)),
    null,
    null,
  ]);
}

/** `a` where the condition holds, `b` elsewhere, broadcast; the condition has no gradient. */
export function where(condition: Value, a: Value, b: Value): Value {
  const shape = broadcastShapes(condition.shape, broadcastShapes(a.shape, b.shape));
  return op("Where", [condition, a, b], { dtype: a.dtype, shape }, (g) => [
    null,
    sumTo(where(condition, g, zero(g)), a.shape),
    sumTo(where(condition, zero(g), g), b.shape),
  ]);
}

/** The same numbers in another element type; whole numbers and conditions have no gradient. */
export function cast(x: Value, dtype: DType): Value {
  const rule = (g: Value) => [isFloat(x.dtype) ? cast(g, x.dtype) : null];
  return op("Cast", [x], { dtype, shape: x.shape }, rule, { to: { int: onnxType[dtype] } });
}

function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

function zero(like: Value): Value {
  return scalar(like.dtype as FloatDType, 0);
}

/**
 * The adjoint, or 0 where that of the result is 0: an infinite slope at an element that a `where`
 * discards must not turn 0 into NaN.
 */
function unlessZero(g: Value, adjoint: Value): Value {
  return where(equal(g, 0), zero(g), adjoint);
}
