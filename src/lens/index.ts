/** Typed views and analyses of what a run returns: cache, attribution, interventions, circuits. */
export {
  type AttributedTokens,
  type Attribution,
  type AttributionOptions,
  logitAttribution,
} from "./attribution.js";
export { ActivationCache, type CacheParts } from "./cache.js";
export { fullResidDecomposition, type FullDecompositionOptions } from "./full-decomposition.js";
export { headResults, type HeadStackOptions, stackHeadResults } from "./head-results.js";
export { type LogitStack, logitLens } from "./logit-lens.js";
export { applyLnToStack } from "./normalize.js";
export {
  accumulatedResid,
  type AccumulatedOptions,
  decomposeResid,
  type DecomposeOptions,
  stackActivation,
} from "./residual.js";
export { type NamePattern, runWithCache, type RunWithCacheOptions } from "./run-with-cache.js";
export { type BlockPart, fullName } from "./shorthand.js";
export { type AppliedNorm, type ResidualStack } from "./stack.js";
export {
  ablate,
  ablatedWeights,
  type AblationKind,
  type HeadMeans,
  headMeans,
} from "./ablation.js";
export { attributionPatching, type AttributionPatchingOptions } from "./attribution-patching.js";
export { type Axis, axesOf } from "./axes.js";
export {
  allCompositionScores,
  type CompositionTable,
  fullOvEigenvalues,
  headWeight,
  ovCircuit,
  qkCircuit,
  sumOfCircuits,
} from "./circuits.js";
export {
  diagonalRanks,
  type DiagonalAccuracy,
  embeddings,
  type VocabularyMap,
} from "./diagonal-ranks.js";
export { effectiveEmbedding, type EffectiveEmbeddingOptions } from "./effective-embedding.js";
export { addTensor, replace, scale, zero } from "./feeds.js";
export { allHeads, checkHead, type Head, headName, parseHead } from "./heads.js";
export { kCompositionCore } from "./k-composition.js";
export { logitDifference, logOddsOf, meanLossFrom, type Metric } from "./metric.js";
export {
  activationPatching,
  patchingCorrelation,
  type PatchingOptions,
  type PatchTable,
} from "./patching.js";
export {
  pathPatching,
  type PathPatch,
  type PathPatchingOptions,
  type Receiver,
} from "./path-patching.js";
export { positionalPattern, type PositionalPattern } from "./positional-circuit.js";
export { runRows } from "./ragged.js";
export { sample, type SampleOptions } from "./sampling.js";
export { type Selection, type Selections } from "./selection.js";
export { copyingScore } from "./copying-score.js";
export {
  type DetectedKind,
  detectionMasks,
  duplicateTokenMask,
  inductionMask,
  previousTokenMask,
} from "./detection-masks.js";
export { type DetectionOptions } from "./detection-scores.js";
export { detectHead, detectHeads, type DetectHeadsOptions } from "./detectors.js";
export { type HeadEstimate, type SequenceEstimate } from "./head-estimates.js";
export {
  demoInductionScore,
  detectorPlaces,
  type HeadScores,
  headScores,
  previousTokenScore,
  type ScoreOptions,
} from "./head-scores.js";
export { type InContextLearningOptions, inContextLearningScore } from "./in-context-learning.js";
export { type AttendedPlaces, meanAttention } from "./mean-attention.js";
export {
  type EvaluatorOptions,
  evaluatorSequences,
  prefixMatchingScore,
} from "./prefix-matching.js";
export { repeatedTokenLoss, type RepeatedTokenLoss } from "./repeated-token-loss.js";
export { type IdRange, repeatedTokens, type RepeatedTokens } from "./repeated-tokens.js";
export {
  type AblationEffect,
  ablationEffect,
  type AblationEffectOptions,
} from "./ablation-effect.js";
export {
  type Edge,
  edgeAttribution,
  type EdgeAttributionOptions,
  type EdgeEnd,
} from "./edge-attribution.js";
