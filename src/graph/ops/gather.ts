/**
 * Operators that pick elements by index. Their adjoints add into zeros by ScatterElements, not by
 * ScatterND, which races where an index repeats (microsoft/onnxruntime#18048).
 */
import { formatShape } from "../shape.js";
import type { Value } from "../value.js";
import { expand, flattenLeading, reshapeLike, zerosLike } from "./arrange.js";
import { op } from "./operation.js";

/** Rows of a table: `table [n, …] , indices [i…] → [i…, …]`. */
export function gatherRows(table: Value, indices: Value): Value {
  const row = table.shape.slice(1);
  const shape = [...indices.shape, ...row];
  return op(
    "Gather",
    [table, indices],
    { dtype: table.dtype, shape },
    (g) => {
      const width = row.reduce<number>((n, dim) => n * sizeOfRow(dim, table), 1);
      const flat = (x: Value) => reshapeRows(x, width);
      const places = expand(flattenLeading(unsqueezed(indices), 1), [1, width]); // [rows, width]
      return [reshapeLike(scatterAdd(zerosLike(flat(table)), places, flat(g), 0), table), null];
    },
    { axis: { int: 0 } },
  );
}
