import { type AbstractMatrix, WrapperMatrix1D } from "ml-matrix";
import type { Matrix } from "./matrix.js";

/** The matrix as the library reads it, without a copy. */
export function toLibrary(m: Matrix): WrapperMatrix1D {
  return new WrapperMatrix1D(m.data, { rows: m.rows });
}

/** A matrix of the library as ours, as a copy. */
export function fromLibrary(m: AbstractMatrix): Matrix {
  return { rows: m.rows, columns: m.columns, data: Float64Array.from(m.to1DArray()) };
}
