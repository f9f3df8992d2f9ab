import { SingularValueDecomposition } from "ml-matrix";
import { checkFiniteMatrix, type Matrix } from "./matrix.js";
import { fromLibrary, toLibrary } from "./ml-matrix.js";

/**
 * A matrix [m, n] as U · diag(S) · Vᵀ: U [m, k] and V [n, k] have orthonormal columns, S [k] falls
 * and is never negative. The sign of a pair of singular vectors is free.
 */
export interface Svd {
  readonly u: Matrix;
  readonly s: Float64Array;
  readonly v: Matrix;
}

/**
 * Singular value decomposition of a small dense matrix, k = min(rows, columns).
 *
 * @throws LabError if an entry is NaN or infinite.
 */
export function denseSvd(m: Matrix): Svd {
  // The library would search forever for the singular values of NaN.
  checkFiniteMatrix("denseSvd", m);
  const library = new SingularValueDecomposition(toLibrary(m), { autoTranspose: true });
  return {
    u: fromLibrary(library.leftSingularVectors),
    s: Float64Array.from(library.diagonal),
    v: fromLibrary(library.rightSingularVectors),
  };
}

/**
 * Singular values [min(rows, columns)] of a small dense matrix, falling, without the vectors.
 *
 * @throws LabError if an entry is NaN or infinite.
 */
export function denseSingularValues(m: Matrix): Float64Array {
  checkFiniteMatrix("denseSingularValues", m);
  const library = new SingularValueDecomposition(toLibrary(m), {
    autoTranspose: true,
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  return Float64Array.from(library.diagonal);
}
