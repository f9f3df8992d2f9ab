import type { Lab } from "../induction/index.js";
import { blocksOf } from "./blocks.js";
import { encodePart } from "./part-file.js";
import type { Stage } from "./stage.js";

/** What a stage will take. */
export interface StageForecast {
  readonly id: string;
  readonly experiment: string;
  readonly pairs: number;
  readonly sequences: number;
  readonly parts: number;
  /** Estimates, from a calibration. */
  readonly seconds: number;
  readonly bytes: number;
}

/** How fast a stage goes, and what it leaves. */
interface Rate {
  readonly secondsPerSequence: number;
  readonly bytesPerPair: number;
}

/** Batches that are measured at once in a calibration, so that drawing and running overlap as in a run. */
const batchesAtOnce = 4;

/** A first batch that takes longer than this is measured once: a session is made in less, in seconds. */
const slow = 5;

/**
 * Forecasts what a plan takes, by measuring a little of each stage for so many seconds in all. A stage
 * whose parameters are not known yet is taken to go as an earlier one of its experiment, or else as all
 * others together. Nothing is kept.
 */
export async function forecast(
  plan: readonly Stage[],
  lab: Lab,
  { seconds = 2, now = () => performance.now() }: ForecastOptions = {},
): Promise<StageForecast[]> {
  const known = plan.filter(({ params }) => params !== null);
  const rates = new Map<string, Rate>();
  const byExperiment = new Map<string, Rate>();
  for (const stage of known) {
    const rate = await calibrate(stage, lab, seconds / known.length, now);
    rates.set(stage.id, rate);
    byExperiment.set(stage.experiment, rate);
  }
  const common = commonRate(known, rates);
  return plan.map((stage) => {
    const { id, experiment, pairs, block } = stage;
    const sequences = allSequences(stage);
    const { secondsPerSequence, bytesPerPair } =
      rates.get(id) ?? byExperiment.get(experiment) ?? common;
    return {
      id,
      experiment,
      pairs,
      sequences,
      parts: blocksOf(pairs, block).length,
      seconds: sequences * secondsPerSequence,
      bytes: Math.round(pairs * bytesPerPair),
    };
  });
}

/** How a forecast calibrates. */
export interface ForecastOptions {
  readonly seconds?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

async function calibrate(
  { id, pairs, sequences, prepare }: Stage,
  lab: Lab,
  seconds: number,
  now: () => number,
): Promise<Rate> {
  const work = prepare({});
  let started = now();
  let [measured, met, bytes, elapsed] = [0, 0, 0, 0];
  const measure = async (most: number) => {
    const from = measured % pairs;
    const to = Math.min(from + most, pairs);
    const rows = await work.measure(lab, { from, to });
    const identity = { plan: "", stage: id, part: 0, from, to };
    const format = { dtype: lab.model.dtype, pairPosition: 1 + lab.protocol.gaps[0] };
    bytes += encodePart(rows, identity, format).length;
    measured += to - from;
    met += sequences({ from, to });
    elapsed = (now() - started) / 1000;
  };
  await measure(lab.batch);
  // The first run of a model also makes its session: it counts only where it takes all the time alone.
  if (elapsed < slow) {
    [measured, met, bytes, started] = [0, 0, 0, now()];
    do await measure(batchesAtOnce * lab.batch);
    while (elapsed < seconds);
  }
  return { secondsPerSequence: elapsed / met, bytesPerPair: bytes / measured };
}

function commonRate(stages: readonly Stage[], rates: ReadonlyMap<string, Rate>): Rate {
  const mean = (key: keyof Rate, size: (stage: Stage) => number) =>
    stages.reduce((sum, stage) => sum + size(stage) * (rates.get(stage.id) as Rate)[key], 0) /
    Math.max(
      1,
      stages.reduce((sum, stage) => sum + size(stage), 0),
    );
  return {
    secondsPerSequence: mean("secondsPerSequence", allSequences),
    bytesPerPair: mean("bytesPerPair", ({ pairs }) => pairs),
  };
}

function allSequences({ pairs, sequences }: Stage): number {
  return sequences({ from: 0, to: pairs });
}
