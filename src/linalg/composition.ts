import { LabError } from "../errors.js";
import type { FactoredMatrix } from "./factored.js";
import { columnGram, normFromGrams, rowGram } from "./gram.js";
import { type Matrix, matMul, matrix, sizeText, transpose } from "./matrix.js";

/** What the scores need of one matrix, so that it is computed once for all its partners. */
interface Side {
  readonly factors: FactoredMatrix;
  /** AᵀA [inner, inner]. */
  readonly gramA: Matrix;
  /** BBᵀ [inner, inner]. */
  readonly gramB: Matrix;
  readonly norm: number;
}

function sideOf(factors: FactoredMatrix, name: string): Side {
  const gramA = columnGram(factors.a);
  const gramB = rowGram(factors.b);
  const norm = normFromGrams(gramA, gramB);
  if (!(norm > 0 && norm < Infinity)) {
    throw new LabError(
      `compositionScore: expected a ${name} matrix with a finite norm above 0, got norm ${norm}`,
      { hint: "A zero matrix composes with nothing: leave its head out." },
    );
  }
  return { factors, gramA, gramB, norm };
}

function score(left: Side, right: Side): number {
  const [first, second] = [left.factors, right.factors];
  if (first.columns !== second.rows) {
    throw new LabError(
      `compositionScore: expected ${first.columns} rows on the right of a ${sizeText(first)} ` +
        `matrix, got a ${sizeText(second)} matrix`,
    );
  }
  // ‖A₁ M B₂‖ with M = B₁ A₂: the Gram matrix of the columns of A₁ M is Mᵀ (A₁ᵀA₁) M.
  const middle = matMul(first.b, second.a);
  const gram = matMul(transpose(middle), matMul(left.gramA, middle));
  return normFromGrams(gram, right.gramB) / left.norm / right.norm;
}

/**
 * Composition score ‖L R‖ / (‖L‖ ‖R‖) in Frobenius norms, from 0 to 1, of Elhage et al., "A
 * Mathematical Framework for Transformer Circuits" (2021). L is the OV matrix of the earlier head;
 * R is of the later head its QK matrix (Q-composition), its QK matrix transposed (K-composition) or
 * its OV matrix (V-composition).
 *
 * @throws LabError if the sizes do not fit, or if a norm is zero or overflows.
 */
export function compositionScore(left: FactoredMatrix, right: FactoredMatrix): number {
  return score(sideOf(left, "left"), sideOf(right, "right"));
}

/**
 * The {@link compositionScore} of every left with every right matrix, [left, right], with the norms
 * of each computed once.
 *
 * @throws LabError if a list is empty, if sizes do not fit, or if a norm is zero or overflows.
 */
export function compositionScores(
  lefts: readonly FactoredMatrix[],
  rights: readonly FactoredMatrix[],
): Matrix {
  const rightSides = rights.map((right) => sideOf(right, "right"));
  const rows = lefts.map((left) => {
    const side = sideOf(left, "left");
    return rightSides.map((right) => score(side, right));
  });
  return matrix(lefts.length, rights.length, rows.flat());
}
