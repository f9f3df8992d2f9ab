/** A dimension: a number, or the name of a size that is known only when the graph runs (`"batch"`). */
export type Dim = number | string;

/** The shape of a value in a graph, outermost dimension first; `[]` is a scalar. */
export type Shape = readonly Dim[];

/** A shape as people write it: `[batch, 24, 256]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/**
 * The shape of an elementwise result, by numpy's (and ONNX's) broadcasting rule.
 *
 * @throws RangeError if two dimensions differ and neither is 1.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i): Dim => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new RangeError(`cannot broadcast ${formatShape(a)} with ${formatShape(b)}`);
  });
}

/**
 * The shape of a matrix product `[…, m, k] × […, k, n] → […, m, n]`, leading dimensions broadcast.
 *
 * @throws RangeError if the inner dimensions differ or a side has fewer than two dimensions.
 */
export function matMulShape(a: Shape, b: Shape): Shape {
  const m = a.at(-2);
  const n = b.at(-1);
  if (m === undefined || n === undefined || b.length < 2 || a.at(-1) !== b.at(-2)) {
    throw new RangeError(`cannot multiply matrices ${formatShape(a)} and ${formatShape(b)}`);
  }
  return [...broadcastShapes(a.slice(0, -2), b.slice(0, -2)), m, n];
}

/** `axis` counted from the front, where negative axes count from the back. */
export function axisOf(shape: Shape, axis: number): number {
  const index = axis < 0 ? axis + shape.length : axis;
  if (!Number.isInteger(index) || index < 0 || index >= shape.length) {
    throw new RangeError(`axis ${axis} is not in ${formatShape(shape)}`);
  }
  return index;
}

/** The shape with one dimension replaced. */
export function withDim(shape: Shape, axis: number, dim: Dim): Shape {
  return shape.with(axisOf(shape, axis), dim);
}

/** The dimension at an axis, which may count from the back. */
export function dimAt(shape: Shape, axis: number): Dim {
  return shape[axisOf(shape, axis)] as Dim;
}
