import { LabError } from "../errors.js";
import { momentsOf, standardDeviation } from "../stats/index.js";
import { compositionScore } from "./composition.js";
import { FactoredMatrix } from "./factored.js";
import { kaimingUniform } from "./kaiming.js";
import { transpose } from "./matrix.js";

/** The sizes of a factored matrix; every `FactoredMatrix` is one. */
export interface FactoredShape {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/** How {@link compositionBaseline} draws its matrices. */
export interface BaselineOptions {
  /** From 0 to 2^32 − 1. */
  readonly seed: number;
  /** How many pairs of random matrices, at least 2; 300 without it, as in ARENA. */
  readonly samples?: number;
}

/** The composition score that chance gives. */
export interface CompositionBaseline {
  readonly n: number;
  readonly mean: number;
  /** Sample standard deviation (n − 1) over the pairs of matrices. */
  readonly sd: number;
}

/** Second word of the Philox key: "lina" in ASCII, far from the numbers of the experiments. */
const PURPOSE = 0x6c696e61;

/** Factor 0 or 1 of the left matrix, 2 or 3 of the right one. */
function randomMatrix(shape: FactoredShape, seed: number, sample: number, factor: 0 | 2) {
  const draw = (rows: number, which: number) =>
    kaimingUniform(rows, shape.inner, { key: [seed, PURPOSE], tail: [sample, which] });
  return new FactoredMatrix(draw(shape.rows, factor), transpose(draw(shape.columns, factor + 1)));
}

/**
 * Mean and standard deviation of the composition score of random matrices of these shapes, whose
 * factors are Kaiming-uniform: what to subtract from a score before calling it composition, as in
 * the Framework paper and ARENA 3.0 (chapter 1.2). The scale of the factors cancels in the score.
 * Sample k is a pure function of the seed, k and the shapes.
 *
 * @throws LabError if the sizes do not fit, or if the seed or the number of samples is out of range.
 */
export function compositionBaseline(
  left: FactoredShape,
  right: FactoredShape,
  options: BaselineOptions,
): CompositionBaseline {
  const { seed, samples = 300 } = options;
  if (!Number.isInteger(samples) || samples < 2) {
    throw new LabError(`compositionBaseline: expected at least 2 samples, got ${samples}`);
  }
  const scores = Array.from({ length: samples }, (_, sample) =>
    compositionScore(randomMatrix(left, seed, sample, 0), randomMatrix(right, seed, sample, 2)),
  );
  const moments = momentsOf(scores);
  return { n: samples, mean: moments.mean, sd: standardDeviation(moments)! };
}
