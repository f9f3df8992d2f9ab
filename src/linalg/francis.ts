import { LabError } from "../errors.js";
import { hessenberg, reflect, type Workspace } from "./hessenberg.js";
import type { Matrix } from "./matrix.js";

/** An eigenvalue: real and imaginary part. */
export type Eigenvalue = readonly [real: number, imaginary: number];

/** Steps on the same block after which one is made with shifts that have nothing to do with it. */
const PATIENCE = 10;

/** The eigenvalues of [[a, b], [c, d]], real ones without cancellation. */
function ofTwo(a: number, b: number, c: number, d: number): [Eigenvalue, Eigenvalue] {
  const half = (a - d) / 2;
  const square = half * half + b * c;
  if (square < 0) {
    const root = Math.sqrt(-square);
    return [
      [d + half, root],
      [d + half, -root],
    ];
  }
  const far = half + (half < 0 ? -1 : 1) * Math.sqrt(square);
  return [
    [d + far, 0],
    [far === 0 ? d : d - (b * c) / far, 0],
  ];
}

/**
 * The two shifts of a step, re ± i · im: the eigenvalues of the last two rows if complex, else the
 * one nearer to the last diagonal entry for both, as in LAPACK's dlahqr. Two real shifts of opposite
 * sign would leave a spectrum that is symmetric about zero as it is.
 */
function shiftOf([first, second]: readonly [Eigenvalue, Eigenvalue], last: number): Eigenvalue {
  if (first[1] !== 0) return first;
  return Math.abs(first[0] - last) < Math.abs(second[0] - last) ? first : second;
}

/** One double step on the block low…high, of at least three rows, with the shifts re ± i · im. */
function step(work: Workspace, low: number, high: number, [re, im]: Eigenvalue): void {
  const { size, data } = work;
  const at = (i: number, j: number) => data[i * size + j]!;
  // The first column of (H − re)² + im², through differences so that near shifts keep their digits,
  // and divided by the first subdiagonal entry so that small entries are not squared away.
  const first = at(low, low) - re;
  const second = at(low + 1, low + 1) - re;
  const below = at(low + 1, low);
  let x = [
    (first / below) * first + (im / below) * im + at(low, low + 1),
    first + second,
    at(low + 2, low + 1),
  ];
  for (let k = low; k < high; k++) {
    const before = Math.max(low, k - 1);
    reflect(work, x, k, [before, high], [low, Math.min(k + 3, high)]);
    // What the reflection made zero but for rounding.
    for (let i = k + 1; k > low && i < k + x.length; i++) data[i * size + before] = 0;
    x = [k + 1, k + 2, k + 3].filter((i) => i <= high).map((i) => at(i, k));
  }
}

/**
 * Eigenvalues of a square matrix, in no particular order, by the double-shift QR iteration of
 * Francis (1961) on its Hessenberg form (Golub and Van Loan, "Matrix Computations", section 7.5).
 * Backward stable in norm; complex ones come as exact conjugates. Entries must be finite and near 1.
 *
 * Written here because the iteration of ml-matrix for unsymmetric matrices (the `hqr2` of JAMA, as
 * of 6.15) never ends on some skew-symmetric matrices and on some of small integers.
 *
 * @throws LabError if the iteration has not ended after 30 steps for each eigenvalue.
 */
export function francisEigenvalues(m: Matrix): Eigenvalue[] {
  const work = hessenberg(m);
  const { size, data } = work;
  const at = (i: number, j: number) => data[i * size + j]!;
  const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
  const found: Eigenvalue[] = [];
  let high = size - 1;
  let steps = 0;
  let stepsHere = 0;
  while (high >= 0) {
    let low = high;
    for (; low > 0; low--) {
      if (Math.abs(at(low, low - 1)) <= Number.EPSILON * norm) break;
    }
    if (low >= high - 1) {
      if (low === high) found.push([at(high, high), 0]);
      else found.push(...ofTwo(at(low, low), at(low, high), at(high, low), at(high, high)));
      high = low - 1;
      stepsHere = 0;
      continue;
    }
    if (steps++ === 30 * Math.max(10, size)) {
      const message = `eigenvalues: expected all ${size} in ${steps - 1} steps, got ${found.length}`;
      throw new LabError(message, { hint: "Not known to happen: please report the matrix." });
    }
    const last = high - 1;
    if (++stepsHere % PATIENCE === 0) {
      // The exceptional shifts of Wilkinson and EISPACK: sum 1.5 w, product w².
      const w = Math.abs(at(high, last)) + Math.abs(at(last, last - 1));
      step(work, low, high, [0.75 * w, Math.sqrt(0.4375) * w]);
    } else {
      const pair = ofTwo(at(last, last), at(last, high), at(high, last), at(high, high));
      step(work, low, high, shiftOf(pair, at(high, high)));
    }
  }
  return found;
}
