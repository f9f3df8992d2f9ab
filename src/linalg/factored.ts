import { LabError } from "../errors.js";
import { type Eigenvalues, eigenvalues } from "./eigenvalues.js";
import { columnGram, normFromGrams, rowGram } from "./gram.js";
import {
  checkFiniteMatrix,
  type Matrix,
  matMul,
  scaleColumns,
  sizeText,
  transpose,
} from "./matrix.js";
import { qr, qrTriangle } from "./qr.js";
import { denseSingularValues, denseSvd, type Svd } from "./svd.js";

/**
 * A matrix of low rank, A [rows, inner] times B [inner, columns], kept as its factors: W_V · W_O of
 * a head (OV), W_Q · W_Kᵀ (QK), or these between an embedding and an unembedding. The product is
 * only made by {@link product}; everything else costs a multiple of (rows + columns) · inner².
 *
 * Immutable, and nothing is kept between calls: a decomposition that is used twice is the caller's
 * to keep. Named after TransformerLens's FactoredMatrix.
 */
export class FactoredMatrix {
  /** A [rows, inner]. */
  readonly a: Matrix;
  /** B [inner, columns]. */
  readonly b: Matrix;

  /** @throws LabError if the inner sizes differ, or if an entry is NaN or infinite. */
  constructor(a: Matrix, b: Matrix) {
    if (a.columns !== b.rows) {
      throw new LabError(
        `FactoredMatrix: expected as many columns of A as rows of B, got ` +
          `${sizeText(a)} and ${sizeText(b)}`,
      );
    }
    checkFiniteMatrix("FactoredMatrix A", a);
    checkFiniteMatrix("FactoredMatrix B", b);
    this.a = a;
    this.b = b;
  }

  /** Rows of the product. */
  get rows(): number {
    return this.a.rows;
  }

  /** Columns of the product. */
  get columns(): number {
    return this.b.columns;
  }

  /** Columns of A and rows of B: the rank of the product is at most this. */
  get inner(): number {
    return this.a.columns;
  }

  /** The product A · B as a dense matrix [rows, columns]. */
  product(): Matrix {
    return matMul(this.a, this.b);
  }

  /** The transpose, Bᵀ · Aᵀ. */
  transpose(): FactoredMatrix {
    return new FactoredMatrix(transpose(this.b), transpose(this.a));
  }

  /**
   * x · (A B). With a factored x, the two middle factors are multiplied into the side that leaves
   * the smaller inner size.
   *
   * @throws LabError if the columns of `x` are not as many as our rows.
   */
  leftMultiply(x: Matrix | FactoredMatrix): FactoredMatrix {
    if (x instanceof FactoredMatrix) return chain(x, this);
    return new FactoredMatrix(matMul(x, this.a), this.b);
  }

  /**
   * (A B) · x. With a factored x, the two middle factors are multiplied into the side that leaves
   * the smaller inner size.
   *
   * @throws LabError if the rows of `x` are not as many as our columns.
   */
  rightMultiply(x: Matrix | FactoredMatrix): FactoredMatrix {
    if (x instanceof FactoredMatrix) return chain(this, x);
    return new FactoredMatrix(this.a, matMul(this.b, x));
  }

  /**
   * Singular value decomposition with k = min(rows, inner, columns) values: U [rows, k], S [k],
   * V [columns, k], through the QR of both factors and the SVD of the small core between them.
   */
  svd(): Svd {
    const left = qr(this.a);
    const right = qr(transpose(this.b));
    const core = denseSvd(matMul(left.r, transpose(right.r)));
    return { u: matMul(left.q, core.u), s: core.s, v: matMul(right.q, core.v) };
  }

  /**
   * Singular values alone [min(rows, inner, columns)], falling. From the triangular factors: Gram
   * matrices would cost as much and lose the values below 1e-8 of the largest.
   */
  singularValues(): Float64Array {
    const left = qrTriangle(this.a);
    const right = qrTriangle(transpose(this.b));
    return denseSingularValues(matMul(left, transpose(right)));
  }

  /**
   * Eigenvalues of the product as those of B · A [inner, inner], in the order of
   * {@link eigenvalues}. There are min(rows, inner) of them; all others are zero.
   *
   * @throws LabError if the product is not square.
   */
  eigenvalues(): Eigenvalues {
    this.#checkSquare("eigenvalues");
    return eigenvalues(this.inner <= this.rows ? matMul(this.b, this.a) : this.product());
  }

  /**
   * Frobenius norm √trace(AᵀA · BBᵀ). Where A and B nearly cancel, it is exact only to about 1e-8
   * of the product of their norms; the singular values have no such limit.
   */
  frobeniusNorm(): number {
    return normFromGrams(columnGram(this.a), rowGram(this.b));
  }

  /** The same matrix with factors of equal weight, U √S and √S Vᵀ; inner = min(rows, inner, columns). */
  makeEven(): FactoredMatrix {
    const { u, s, v } = this.svd();
    const root = s.map(Math.sqrt);
    return new FactoredMatrix(scaleColumns(u, root), transpose(scaleColumns(v, root)));
  }

  /** S Vᵀ [min(rows, inner, columns), columns]: the product up to a rotation of its rows. */
  collapseLeft(): Matrix {
    const { s, v } = this.svd();
    return transpose(scaleColumns(v, s));
  }

  /** U S [rows, min(rows, inner, columns)]: the product up to a rotation of its columns. */
  collapseRight(): Matrix {
    const { u, s } = this.svd();
    return scaleColumns(u, s);
  }

  /**
   * Sum of the diagonal, without the product.
   *
   * @throws LabError if the product is not square.
   */
  trace(): number {
    this.#checkSquare("trace");
    return this.diagonal().reduce((sum, value) => sum + value, 0);
  }

  /**
   * The diagonal [rows], without the product.
   *
   * @throws LabError if the product is not square.
   */
  diagonal(): Float64Array {
    this.#checkSquare("diagonal");
    const { a, b, rows, inner } = this;
    const out = new Float64Array(rows);
    for (let k = 0; k < inner; k++) {
      for (let i = 0; i < rows; i++) out[i]! += a.data[i * inner + k]! * b.data[k * rows + i]!;
    }
    return out;
  }

  /**
   * Row `i` of the product [columns], without the rest.
   *
   * @throws LabError if there is no such row.
   */
  row(i: number): Float64Array {
    if (!(Number.isInteger(i) && i >= 0 && i < this.rows)) {
      throw new LabError(`FactoredMatrix.row: expected a row from 0 to ${this.rows - 1}, got ${i}`);
    }
    const data = this.a.data.subarray(i * this.inner, (i + 1) * this.inner);
    return matMul({ rows: 1, columns: this.inner, data }, this.b).data;
  }

  #checkSquare(method: string): void {
    if (this.rows !== this.columns) {
      throw new LabError(
        `FactoredMatrix.${method}: expected a square matrix, got ${sizeText(this)}`,
      );
    }
  }
}

/** The product of two factored matrices, with the smaller of their inner sizes. */
function chain(left: FactoredMatrix, right: FactoredMatrix): FactoredMatrix {
  const middle = matMul(left.b, right.a);
  return left.inner <= right.inner
    ? new FactoredMatrix(left.a, matMul(middle, right.b))
    : new FactoredMatrix(matMul(left.a, middle), right.b);
}
