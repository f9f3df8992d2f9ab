import type { Matrix } from "./matrix.js";

/** A square matrix that is changed in place: entry (i, j) is `data[i * size + j]`. */
export interface Workspace {
  readonly size: number;
  readonly data: Float64Array;
}

/** Beside entries near 1, far below rounding, and far above where division loses digits. */
const NEGLIGIBLE = 1e-290;

/**
 * A similarity transform in place by the Householder reflection that makes `x` a multiple of the
 * first unit vector. It acts on the rows and columns from `at` on, as many as `x` has entries, and
 * reaches columns `first`…`last` from the left and rows `top`…`bottom` from the right.
 */
export function reflect(
  { size, data }: Workspace,
  x: readonly number[],
  at: number,
  [first, last]: readonly [number, number],
  [top, bottom]: readonly [number, number],
): void {
  const length = Math.hypot(...x);
  if (length < NEGLIGIBLE) return;
  // v = x / ‖x‖ ± e₁ with the sign that avoids cancellation; the reflection is I − v vᵀ / |v₁|.
  const v = Float64Array.from(x, (value) => value / length);
  v[0]! += v[0]! < 0 ? -1 : 1;
  const factor = 1 / Math.abs(v[0]!);
  for (let j = first; j <= last; j++) {
    let sum = 0;
    for (let k = 0; k < v.length; k++) sum += v[k]! * data[(at + k) * size + j]!;
    for (let k = 0; k < v.length; k++) data[(at + k) * size + j]! -= factor * sum * v[k]!;
  }
  for (let i = top; i <= bottom; i++) {
    const start = i * size + at;
    let sum = 0;
    for (let k = 0; k < v.length; k++) sum += v[k]! * data[start + k]!;
    for (let k = 0; k < v.length; k++) data[start + k]! -= factor * sum * v[k]!;
  }
}

/**
 * A matrix with the same eigenvalues and zeros below the first subdiagonal, by Householder
 * reflections (Golub and Van Loan, "Matrix Computations", algorithm 7.4.2).
 */
export function hessenberg(m: Matrix): Workspace {
  const size = m.rows;
  const work = { size, data: m.data.slice() };
  for (let column = 0; column + 2 < size; column++) {
    const below = Array.from({ length: size - column - 1 }, (_, k) => {
      return work.data[(column + 1 + k) * size + column]!;
    });
    reflect(work, below, column + 1, [column, size - 1], [0, size - 1]);
    for (let i = column + 2; i < size; i++) work.data[i * size + column] = 0;
  }
  return work;
}
