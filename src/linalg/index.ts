export { compositionScore, compositionScores } from "./composition.js";
export {
  type BaselineOptions,
  compositionBaseline,
  type CompositionBaseline,
  type FactoredShape,
} from "./composition-baseline.js";
export { eigenvalueScore, positiveShare } from "./eigen-score.js";
export { type Eigenvalues, eigenvalues } from "./eigenvalues.js";
export { FactoredMatrix } from "./factored.js";
export { kaimingUniform, type MatrixAddress } from "./kaiming.js";
export { type Matrix, matMul, matrix, scaleColumns, transpose } from "./matrix.js";
export type { Svd } from "./svd.js";
