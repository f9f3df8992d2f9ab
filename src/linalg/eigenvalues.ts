import { EigenvalueDecomposition } from "ml-matrix";
import { LabError } from "../errors.js";
import { type Eigenvalue, francisEigenvalues } from "./francis.js";
import { checkFiniteMatrix, type Matrix, sizeText } from "./matrix.js";
import { toLibrary } from "./ml-matrix.js";

/** Eigenvalues λ = real + i · imaginary, one per entry; complex ones stand beside their conjugates. */
export interface Eigenvalues {
  readonly real: Float64Array;
  readonly imaginary: Float64Array;
}

/** Absolute values that agree to this count as equal when eigenvalues are put in order. */
const SAME_SIZE = 1e-10;

/** The largest power of two not above the largest |entry|, or 1 for a zero matrix. */
function powerOfTwo(m: Matrix): number {
  const largest = m.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Kept away from the ends of the doubles, where the power or its inverse would not be one.
  const exponent = Math.floor(Math.log2(Math.min(Math.max(largest, 1e-300), 1e300)));
  return largest === 0 ? 1 : 2 ** exponent;
}

function isSymmetric({ rows, data }: Matrix): boolean {
  for (let i = 1; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      if (data[i * rows + j] !== data[j * rows + i]) return false;
    }
  }
  return true;
}

/** The eigenvalues in no particular order; the largest entry of `m` must be near 1, or all 0. */
function unordered(m: Matrix): readonly Eigenvalue[] {
  if (!isSymmetric(m)) return francisEigenvalues(m);
  const library = new EigenvalueDecomposition(toLibrary(m), { assumeSymmetric: true });
  return library.realEigenvalues.map((real) => [real, 0]);
}

/**
 * All eigenvalues of a small square matrix, in the order of falling |λ| (rounded to 1e-10), then
 * rising real part, then rising imaginary part. Absolute errors are a few rounding errors of the
 * Frobenius norm for a well-conditioned eigenvalue, so zeros come out as numbers of that size.
 *
 * @throws LabError if the matrix is not square, if an entry is NaN or infinite, or if the iteration
 *   does not end (not known to happen).
 */
export function eigenvalues(m: Matrix): Eigenvalues {
  if (m.rows !== m.columns) {
    throw new LabError(`eigenvalues: expected a square matrix, got ${sizeText(m)}`);
  }
  checkFiniteMatrix("eigenvalues", m);
  const scale = powerOfTwo(m);
  const values = unordered({ ...m, data: m.data.map((value) => value / scale) });
  const keyed = values.map(([re, im]) => {
    const [real, imaginary] = [re * scale, im * scale];
    return { real, imaginary, size: Math.round(Math.hypot(real, imaginary) / SAME_SIZE) };
  });
  keyed.sort((a, b) => b.size - a.size || a.real - b.real || a.imaginary - b.imaginary);
  return {
    real: Float64Array.from(keyed, (value) => value.real),
    imaginary: Float64Array.from(keyed, (value) => value.imaginary),
  };
}
