import { LabError } from "../errors.js";

/** A dense matrix of float64 numbers in row-major order: entry (i, j) is `data[i * columns + j]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** How many rows of the right factor `matMul` keeps in the processor's cache at a time. */
const BLOCK = 256;

/** A size as errors show it: `3 x 4`. */
export function sizeText(m: { readonly rows: number; readonly columns: number }): string {
  return `${m.rows} x ${m.columns}`;
}

/**
 * A matrix [rows, columns] of the numbers in `data` (row-major), zeros without it. A `Float64Array`
 * is taken as it is, so do not write to it afterwards; other arrays are copied to float64.
 *
 * @throws LabError if a size is no whole number above 0, or if `data` has another length.
 */
export function matrix(rows: number, columns: number, data?: ArrayLike<number>): Matrix {
  if (!(Number.isInteger(rows) && Number.isInteger(columns) && rows > 0 && columns > 0)) {
    throw new LabError(`matrix: expected sizes of at least 1, got ${sizeText({ rows, columns })}`);
  }
  if (data !== undefined && data.length !== rows * columns) {
    throw new LabError(
      `matrix: expected ${rows * columns} numbers for ${sizeText({ rows, columns })}, ` +
        `got ${data.length}`,
    );
  }
  if (data instanceof Float64Array) return { rows, columns, data };
  const numbers = data === undefined ? new Float64Array(rows * columns) : Float64Array.from(data);
  return { rows, columns, data: numbers };
}

/** The transpose [columns, rows], as a copy. */
export function transpose(m: Matrix): Matrix {
  const { rows, columns, data } = m;
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  }
  return { rows: columns, columns: rows, data: out };
}

/** Adds row · m[first…last] to `out`, four rows of m at a time to touch `out` less often. */
function addRowTimes(
  out: Float64Array,
  row: Float64Array,
  m: Matrix,
  first: number,
  last: number,
): void {
  const { columns, data } = m;
  let k = first;
  for (; k + 4 <= last; k += 4) {
    const [x0, x1, x2, x3] = [row[k]!, row[k + 1]!, row[k + 2]!, row[k + 3]!];
    const m0 = k * columns;
    const m1 = m0 + columns;
    const m2 = m1 + columns;
    const m3 = m2 + columns;
    for (let j = 0; j < columns; j++) {
      out[j]! += x0 * data[m0 + j]! + x1 * data[m1 + j]! + x2 * data[m2 + j]! + x3 * data[m3 + j]!;
    }
  }
  for (; k < last; k++) {
    const x = row[k]!;
    for (let j = 0; j < columns; j++) out[j]! += x * data[k * columns + j]!;
  }
}

/**
 * The product a · b, [m, k] times [k, n] → [m, n].
 *
 * @throws LabError if the columns of `a` are not as many as the rows of `b`.
 */
export function matMul(a: Matrix, b: Matrix): Matrix {
  if (a.columns !== b.rows) {
    throw new LabError(
      `matMul: expected ${a.columns} rows on the right of a ${sizeText(a)} matrix, ` +
        `got a ${sizeText(b)} matrix`,
    );
  }
  const out = new Float64Array(a.rows * b.columns);
  for (let first = 0; first < b.rows; first += BLOCK) {
    const last = Math.min(first + BLOCK, b.rows);
    for (let i = 0; i < a.rows; i++) {
      const row = a.data.subarray(i * a.columns, (i + 1) * a.columns);
      addRowTimes(out.subarray(i * b.columns, (i + 1) * b.columns), row, b, first, last);
    }
  }
  return { rows: a.rows, columns: b.columns, data: out };
}

/**
 * The matrix with column j multiplied by `factors[j]`: m · diag(factors).
 *
 * @throws LabError if there are not as many factors as columns.
 */
export function scaleColumns(m: Matrix, factors: ArrayLike<number>): Matrix {
  const { rows, columns } = m;
  if (factors.length !== columns) {
    throw new LabError(`scaleColumns: expected ${columns} factors, got ${factors.length}`);
  }
  const data = m.data.map((value, at) => value * factors[at % columns]!);
  return { rows, columns, data };
}

/**
 * Checks that every entry is a finite number. `where` names the matrix.
 *
 * @throws LabError that names the first entry that is NaN or infinite.
 */
export function checkFiniteMatrix(where: string, m: Matrix): void {
  const at = m.data.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const row = Math.floor(at / m.columns);
  throw new LabError(
    `${where}: expected finite numbers, got ${m.data[at]} in row ${row}, column ${at % m.columns}`,
  );
}
