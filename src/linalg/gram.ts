import type { Matrix } from "./matrix.js";

/** Copies the entries above the diagonal to those below it. */
function mirror(size: number, data: Float64Array): Matrix {
  for (let i = 1; i < size; i++) {
    for (let j = 0; j < i; j++) data[i * size + j] = data[j * size + i]!;
  }
  return { rows: size, columns: size, data };
}

/** The Gram matrix of the columns, mᵀ · m [columns, columns]. */
export function columnGram(m: Matrix): Matrix {
  const { rows, columns, data } = m;
  const out = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    for (let i = 0; i < columns; i++) {
      const x = data[start + i]!;
      for (let j = i; j < columns; j++) out[i * columns + j]! += x * data[start + j]!;
    }
  }
  return mirror(columns, out);
}

/** The Gram matrix of the rows, m · mᵀ [rows, rows]. */
export function rowGram(m: Matrix): Matrix {
  const { rows, columns, data } = m;
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * columns, (i + 1) * columns);
    for (let j = i; j < rows; j++) {
      const start = j * columns;
      let sum = 0;
      for (let k = 0; k < columns; k++) sum += row[k]! * data[start + k]!;
      out[i * rows + j] = sum;
    }
  }
  return mirror(rows, out);
}

/**
 * Frobenius norm of A · B from the Gram matrices of A's columns and B's rows:
 * ‖AB‖² = trace(AᵀA · BBᵀ) = Σ (AᵀA)ᵢⱼ (BBᵀ)ᵢⱼ.
 */
export function normFromGrams(ofColumns: Matrix, ofRows: Matrix): number {
  let squared = 0;
  for (let at = 0; at < ofRows.data.length; at++) squared += ofColumns.data[at]! * ofRows.data[at]!;
  // Rounding can leave a sum of zeros a little below zero.
  return Math.sqrt(Math.max(0, squared));
}
