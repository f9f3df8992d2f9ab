import { type AttendedPlaces, detectorPlaces, meanAttention } from "../../lens/index.js";
import type { Model } from "../../model/index.js";
import { momentsOf } from "../../stats/index.js";
import { estimateOf } from "../estimate.js";
import type { Experiment } from "../experiment.js";
import { experimentCodes } from "../protocol.js";
import { scoreRows, type ScoreRows } from "../score-rows.js";
import type { Lab } from "../strength-meter.js";
import type { Estimate } from "../summary.js";
import { randomTwin } from "./random-model.js";
import { repeatedSequence, type RepeatedShape } from "./repeated-sequence.js";

/** Which sequences detectors look at. */
export interface HeadScoreParams {
  readonly sequences: number;
  /** Tokens that are repeated. */
  readonly length: number;
  readonly heads: number;
}

/** The three detectors, in the order of the scores in a row. */
export const detectors = ["previousToken", "duplicateToken", "induction"] as const;

/** Mean attention of every head, layer by layer: of the model, and of its twin with random weights. */
export type DetectorSummary = Readonly<
  Record<(typeof detectors)[number], { readonly model: Estimate[]; readonly random: Estimate[] }>
>;

/** Detector scores of all heads on repeated random tokens, beside those of a random-weights model. */
export const headScores: Experiment<HeadScoreParams, DetectorSummary, ScoreRows> = {
  id: "head-scores",
  units: ({ sequences }) => ({ count: 1, sequences }),
  async measure(lab, { length, heads }, { from, to }) {
    const shape: RepeatedShape = { length, times: 2 };
    const placesOf = detectorPlaces(length);
    const places = detectors.map((name) => placesOf[name]);
    const width = 2 * places.length * heads;
    const rows = scoreRows(from, to, width);
    const twin = randomTwin(lab.model, lab.seed);
    await inBatches(lab, { from, to }, shape, experimentCodes.headScores, async (batch, at) => {
      const own = await scoresOf(lab.model, batch, places);
      const random = await scoresOf(twin, batch, places);
      const half = width / 2;
      for (let i = 0; i < batch.length && at + i < to - from; i++) {
        rows.scores.set(own.subarray(i * half, (i + 1) * half), (at + i) * width);
        rows.scores.set(random.subarray(i * half, (i + 1) * half), (at + i) * width + half);
      }
    });
    return rows;
  },
  async summarise({ heads }, pieces) {
    const estimates = await columnEstimates(pieces, 2 * detectors.length * heads);
    const part = (model: 0 | 1, detector: number) => {
      const start = (model * detectors.length + detector) * heads;
      return estimates.slice(start, start + heads);
    };
    return Object.fromEntries(
      detectors.map((name, i) => [name, { model: part(0, i), random: part(1, i) }]),
    ) as DetectorSummary;
  },
};

/** Parameters of {@link prefixMatching}. */
export interface PrefixMatchingParams {
  readonly sequences: number;
  /** Random tokens that stand four times; 25 in the paper. */
  readonly length: number;
  readonly heads: number;
}

/** How often the tokens of the appendix's sequences stand. */
const prefixTimes = 4;

/** Random tokens of a prefix-matching sequence: 25 as in the paper, or as many as the context has room for. */
export function prefixLength(nCtx: number): number {
  return Math.min(25, Math.floor((nCtx - 1) / prefixTimes));
}

/**
 * Prefix-matching score: attention from each token to all positions that follow earlier occurrences of
 * it, over the repetitions. Definition: Olsson et al., "In-context Learning and Induction Heads", 2022,
 * appendix, with all ids that the protocol draws.
 */
const prefixPlaces = (length: number): AttendedPlaces => ({
  keys(tokens, query) {
    if (query <= length) return [];
    const keys: number[] = [];
    for (let i = 1; i < query; i++) if (tokens[i] === tokens[query]) keys.push(i + 1);
    return keys.filter((key) => key <= query);
  },
});

/** Prefix-matching score of all heads. */
export const prefixMatching: Experiment<PrefixMatchingParams, Estimate[], ScoreRows> = {
  id: "prefix-matching",
  units: ({ sequences }) => ({ count: 1, sequences }),
  async measure(lab, { heads, length }, { from, to }) {
    const rows = scoreRows(from, to, heads);
    const { prefixMatching: code } = experimentCodes;
    await inBatches(lab, { from, to }, { length, times: prefixTimes }, code, async (batch, at) => {
      const scores = await scoresOf(lab.model, batch, [prefixPlaces(length)]);
      const kept = Math.min(batch.length, to - from - at) * heads;
      rows.scores.set(scores.subarray(0, kept), at * heads);
    });
    return rows;
  },
  summarise: ({ heads }, pieces) => columnEstimates(pieces, heads),
};

/** Mean attention to places, [sequence, place, head]. */
async function scoresOf(
  model: Model,
  batch: readonly Int32Array[],
  places: readonly AttendedPlaces[],
): Promise<Float64Array> {
  const kinds = await meanAttention(model, batch, places, batch.length);
  const heads = kinds[0]?.length ?? 0;
  const scores = new Float64Array(batch.length * places.length * heads);
  for (const [kind, estimates] of kinds.entries()) {
    for (const [head, { values }] of estimates.entries()) {
      values.forEach((value, i) => (scores[(i * places.length + kind) * heads + head] = value));
    }
  }
  return scores;
}

/** The sequences of a range in fixed batches, the last one filled up with its own last sequence. */
async function inBatches(
  lab: Lab,
  { from, to }: { readonly from: number; readonly to: number },
  shape: RepeatedShape,
  experiment: Parameters<typeof repeatedSequence>[1],
  use: (batch: Int32Array[], at: number) => Promise<void>,
): Promise<void> {
  // Patterns of long sequences are large: a batch holds fewer of them than of the protocol's.
  const size = Math.max(1, Math.floor(lab.batch / 4));
  for (let at = 0; at < to - from; at += size) {
    const batch = Array.from({ length: size }, (_, i) =>
      repeatedSequence(lab, experiment, Math.min(from + at + i, to - 1), shape),
    );
    await use(batch, at);
  }
}

/** Moments of every column over all rows. */
export async function columnEstimates(
  pieces: AsyncIterable<ScoreRows>,
  width: number,
): Promise<Estimate[]> {
  const columns: number[][] = Array.from({ length: width }, () => []);
  for await (const { scores, k } of pieces) {
    for (let row = 0; row < k.length; row++) {
      for (let c = 0; c < width; c++) columns[c]?.push(scores[row * width + c] as number);
    }
  }
  return columns.map((values) => estimateOf(momentsOf(values)));
}
