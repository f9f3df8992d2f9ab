export type { BinAxis } from "./bin-axis.js";
export {
  addPair,
  type CoMoments,
  coMomentsOf,
  covariance,
  emptyCoMoments,
  mergeCoMoments,
  pearson,
} from "./covariance.js";
export { type Difference, independentDifference, pairedDifference } from "./difference.js";
export { benjaminiHochberg } from "./false-discovery.js";
export { addHistograms, type Histogram, histogram } from "./histogram.js";
export { type Histogram2D, histogram2D } from "./histogram-2d.js";
export {
  addValue,
  emptyMoments,
  mergeMoments,
  type Moments,
  momentsOf,
  standardDeviation,
  standardError,
  variance,
} from "./moments.js";
export { ratioOfMeans } from "./ratio.js";
export { type MeanWithError, reliability, trueSpread } from "./reliability.js";
export { normalCdf, normalQuantile } from "./normal.js";
export { pearsonInterval } from "./pearson-interval.js";
export { type Interval, meanInterval, studentTCdf, studentTQuantile } from "./student-t.js";
