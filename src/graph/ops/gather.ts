/**
 * Operators that pick elements by index; indices have no gradient. Adjoints are added into zeros by
 * ScatterElements, not by ScatterND, which races where an index repeats (microsoft/onnxruntime#18048).
 */
import type { Value } from "../value.js";
import { flatten, reshapeLike } from "./arrange.js";
import { expandLike, zerosLike } from "./broadcast.js";
import { op } from "./operation.js";

/** Rows of a table: `table [n, …] , indices [i…] → [i…, …]`. */
export function gatherRows(table: Value, indices: Value): Value {
  const { length } = indices.shape;
  const result = { dtype: table.dtype, shape: [...indices.shape, ...table.shape.slice(1)] };
  return op(
    "Gather",
    [table, indices],
    result,
    (g) => {
      const rows = flatten(g, length); // [picked, width]
      const places = expandLike(flatten(indices, length), rows); // [picked, width]
      const sums = scatterAdd(zerosLike(flatten(table, 1)), places, rows, 0); // [n, width]
      return [reshapeLike(sums, table), null];
    },
    { axis: { int: 0 } },
  );
}

/** Elements along the last axis: `result[…, j] = x[…, indices[…, j]]`. */
export function gatherElements(x: Value, indices: Value): Value {
  return gatherAlong(x, indices, x.shape.length - 1);
}

function gatherAlong(x: Value, indices: Value, axis: number): Value {
  return op(
    "GatherElements",
    [x, indices],
    { dtype: x.dtype, shape: indices.shape },
    (g) => [scatterAdd(zerosLike(x), indices, g, axis), null],
    { axis: { int: axis } },
  );
}

/** `x` with `x[…, indices[…, j]] = updates[…, j]` along the last axis; the indices differ. */
export function scatterElements(x: Value, indices: Value, updates: Value): Value {
  return op(
    "ScatterElements",
    [x, indices, updates],
    x,
    (g) => [scatterElements(g, indices, zerosLike(updates)), null, gatherElements(g, indices)],
    { axis: { int: x.shape.length - 1 } },
  );
}

/** `x` with `x[…, indices[…, j], …] += updates[…, j, …]` along an axis; indices may repeat. */
function scatterAdd(x: Value, indices: Value, updates: Value, axis: number): Value {
  return op(
    "ScatterElements",
    [x, indices, updates],
    x,
    (g) => [g, null, gatherAlong(g, indices, axis)],
    { axis: { int: axis }, reduction: { string: "add" } },
  );
}
