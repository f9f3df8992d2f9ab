/** Means, maxima and normalisations over the last axis. */
import { dimAt, withDim } from "../shape.js";
import type { Value } from "../value.js";
import { expandLike, sumLast, sumTo } from "./broadcast.js";
import { add, cast, div, equal, exp, mul, sqrt, sub } from "./elementwise.js";
import { int64s, op, sizeAt } from "./operation.js";

/** Mean over the last axis, which stays with size 1. */
export function mean(x: Value): Value {
  const size = dimAt(x.shape, -1);
  return op(
    "ReduceMean",
    [x, int64s(-1)],
    { dtype: x.dtype, shape: withDim(x.shape, -1, 1) },
    (g) => {
      const count = typeof size === "number" ? size : cast(sizeAt(x, -1), x.dtype);
      return [expandLike(div(g, count), x), null];
    },
    { keepdims: { int: 1 } },
  );
}

/** Maximum over the last axis, which stays with size 1; equal maxima share the gradient evenly. */
export function max(x: Value): Value {
  return op(
    "ReduceMax",
    [x, int64s(-1)],
    { dtype: x.dtype, shape: withDim(x.shape, -1, 1) },
    (g, y) => {
      const isMax = cast(equal(x, y), x.dtype);
      return [mul(isMax, div(g, sumLast(isMax))), null];
    },
    { keepdims: { int: 1 } },
  );
}

/**
 * Index of the maximum along the last axis (the first of equals), which stays with size 1; it has no
 * gradient.
 */
export function argMax(x: Value): Value {
  const result = { dtype: "int64", shape: withDim(x.shape, -1, 1) } as const;
  const index = op("ArgMax", [x], result, null, { axis: { int: -1 }, keepdims: { int: 1 } });
  return cast(index, "int32");
}

/** Softmax over the last axis; where it is 0, as under a mask, so is the gradient. */
export function softmax(x: Value): Value {
  return op("Softmax", [x], x, (g, y) => [mul(y, sub(g, sumLast(mul(g, y))))], {
    axis: { int: -1 },
  });
}

/** Log-softmax over the last axis, nats. */
export function logSoftmax(x: Value): Value {
  return op("LogSoftmax", [x], x, (g, y) => [sub(g, mul(exp(y), sumLast(g)))], {
    axis: { int: -1 },
  });
}

/** Layer normalisation over the last axis as one fused kernel; float32 only, since `eps` is a float32 attribute. */
export function fusedLayerNorm(x: Value, weight: Value, bias: Value | null, eps: number): Value {
  return op(
    "LayerNormalization",
    bias === null ? [x, weight] : [x, weight, bias],
    x,
    (g) => {
      const centred = sub(x, mean(x));
      const scale = sqrt(add(mean(mul(centred, centred)), eps));
      const unit = div(centred, scale);
      const gUnit = mul(g, weight);
      const along = mul(unit, mean(mul(gUnit, unit)));
      const gX = div(sub(sub(gUnit, mean(gUnit)), along), scale);
      const gWeight = sumTo(mul(g, unit), weight.shape);
      return bias === null ? [gX, gWeight] : [gX, gWeight, sumTo(g, bias.shape)];
    },
    { axis: { int: -1 }, epsilon: { float: eps } },
  );
}
