import { QrDecomposition } from "ml-matrix";
import { type Matrix, matMul, matrix } from "./matrix.js";
import { fromLibrary, toLibrary } from "./ml-matrix.js";

/** A matrix as Q · R with k = min(rows, columns): Q [rows, k] has orthonormal columns, R is [k, columns]. */
export interface Qr {
  readonly q: Matrix;
  readonly r: Matrix;
}

/** The rows from `first` up to `last`, as a view. */
function rowsOf(m: Matrix, first: number, last: number): Matrix {
  const data = m.data.subarray(first * m.columns, last * m.columns);
  return { rows: last - first, columns: m.columns, data };
}

/**
 * Where a tall matrix is cut. The library walks down columns, which is slow once they no longer fit
 * in a cache, so tall matrices are factored block by block, and then the stacked R of the blocks:
 * the tall-skinny QR of Demmel, Grigori, Hoemmen and Langou (2012), as stable as the whole.
 */
function blocksOf(m: Matrix): Matrix[] {
  const count = Math.floor(m.rows / Math.max(256, 4 * m.columns));
  const cut = (block: number) => Math.floor((block * m.rows) / count);
  return Array.from({ length: count }, (_, block) => rowsOf(m, cut(block), cut(block + 1)));
}

/** Matrices of the same width, one below the other. */
function stack(parts: readonly Matrix[], columns: number): Matrix {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const out = matrix(rows, columns);
  let at = 0;
  for (const part of parts) {
    out.data.set(part.data, at);
    at += part.data.length;
  }
  return out;
}

function identity(size: number): Matrix {
  const out = matrix(size, size);
  for (let i = 0; i < size; i++) out.data[i * size + i] = 1;
  return out;
}

/** The triangular factor alone, [min(rows, columns), columns]; a wide matrix is its own. */
export function qrTriangle(m: Matrix): Matrix {
  if (m.rows <= m.columns) return m;
  const blocks = blocksOf(m);
  if (blocks.length > 1) return qrTriangle(stack(blocks.map(qrTriangle), m.columns));
  return fromLibrary(new QrDecomposition(toLibrary(m)).upperTriangularMatrix);
}

/** The factors Q and R by Householder reflections; of a wide matrix, the identity and itself. */
export function qr(m: Matrix): Qr {
  if (m.rows <= m.columns) return { q: identity(m.rows), r: m };
  const blocks = blocksOf(m);
  if (blocks.length > 1) {
    const parts = blocks.map(qr);
    const whole = qr(
      stack(
        parts.map((part) => part.r),
        m.columns,
      ),
    );
    const qs = parts.map((part, block) => {
      const first = block * m.columns;
      return matMul(part.q, rowsOf(whole.q, first, first + m.columns));
    });
    return { q: stack(qs, m.columns), r: whole.r };
  }
  const library = new QrDecomposition(toLibrary(m));
  return {
    q: fromLibrary(library.orthogonalMatrix),
    r: fromLibrary(library.upperTriangularMatrix),
  };
}
