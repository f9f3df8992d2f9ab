import { drawPair, experimentCodes, type Lab, measurePairs } from "../induction/index.js";
import type { PlanFile } from "./plan-file.js";

/** A way to measure that was tried, and how fast it was. */
export type Trial = NonNullable<PlanFile["calibration"]>[number];

/** Batches that a plan may have where nothing fixes one, sequence pairs: larger ones gain 1 % and take more memory. */
export const triedBatches = [32, 64, 128];

/** Sizes that a block may have: powers of two, so that batches fill them. */
const smallestBlock = 256;
const largestBlock = 4096;

/** What a block should take, in seconds: a stop never waits longer for the block under way. */
const secondsPerBlock = 5;

/** Keeps these sequences apart from those of all experiments; nothing of them is kept. */
const calibrationUnit = 2;

/** How {@link tryBatches} measures. */
export interface CalibrationOptions {
  readonly threads: number;
  /** For each batch; one that takes longer is measured once, and no larger one is tried. */
  readonly seconds?: number;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/** Measures random pairs in batches of each size, from the smallest, and says how fast each is. */
export async function tryBatches(
  lab: Lab,
  batches: readonly number[],
  { threads, seconds = 0.2, now = () => performance.now() }: CalibrationOptions,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const batch of batches) {
    const at = { ...lab, batch };
    const measure = async (pairs: number) => {
      const started = now();
      await measurePairs(at, { from: 0, to: pairs }, (k) => {
        const key = { seed: lab.seed, experiment: experimentCodes.strength };
        const pair = drawPair(lab.protocol, { ...key, unit: calibrationUnit, k }, {});
        return { unit: calibrationUnit, k, pair };
      });
      return (now() - started) / 1000;
    };
    // The first run of a model also makes its session.
    await measure(batch);
    let elapsed = await measure(batch);
    let pairs = batch;
    while (elapsed < seconds) {
      // Several at once, so that drawing and running overlap as in a run.
      elapsed += await measure(4 * batch);
      pairs += 4 * batch;
    }
    const { path = "last-token" } = lab;
    trials.push({ path, threads, batch, sequencesPerSecond: (2 * pairs) / elapsed });
    if (elapsed > 2 * seconds && elapsed > 0.5) break;
  }
  return trials;
}

/** A smaller batch, which takes less memory, is preferred where it loses no more than this share. */
const sameSpeed = 0.02;

/** The trial with the smallest batch that is as fast as any, to within 2 %. */
export function preferred(trials: readonly Trial[]): Trial {
  const least = (1 - sameSpeed) * fastest(trials).sequencesPerSecond;
  return trials
    .filter(({ sequencesPerSecond }) => sequencesPerSecond >= least)
    .reduce((best, trial) => (trial.batch < best.batch ? trial : best));
}

/** The fastest of some trials. */
export function fastest(trials: readonly Trial[]): Trial {
  return trials.reduce((best, trial) =>
    trial.sequencesPerSecond > best.sequencesPerSecond ? trial : best,
  );
}

/** Sequence pairs of a block at such a speed. */
export function blockFor(sequencesPerSecond: number): number {
  const pairs = (secondsPerBlock * sequencesPerSecond) / 2;
  const power = 2 ** Math.round(Math.log2(Math.max(1, pairs)));
  return Math.min(largestBlock, Math.max(smallestBlock, power));
}
