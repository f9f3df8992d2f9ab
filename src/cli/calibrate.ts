import { fastest, preferred, type Trial, triedBatches, tryBatches } from "../runs/index.js";
import type { Io } from "./io.js";
import { plainChoices, type PlannedOptions } from "./options.js";
import { labOptionsOf } from "./plan-options.js";
import { type OpenSession, openSession } from "./session.js";

/** What a calibration found. */
export interface Calibrated {
  /** None where nothing is left to choose. */
  readonly trials: readonly Trial[];
  readonly best: Trial;
  /** A session with that many threads. */
  readonly opened: OpenSession;
}

/**
 * Tries batches with all threads, then the best of them with one thread.
 *
 * @param opened A session with all threads; closed if one thread is better, or on an error.
 */
export async function calibrate(
  io: Io,
  options: PlannedOptions,
  opened: OpenSession,
): Promise<Calibrated> {
  let current = opened;
  const { batch, block } = options;
  if (batch !== undefined && block !== undefined && options.threads !== undefined) {
    const { path = "last-token", engine } = current.session;
    const best = { batch, path, threads: engine.threads, sequencesPerSecond: 0 };
    return { trials: [], best, opened };
  }
  try {
    const { threads } = current.session.engine;
    const batches = options.batch === undefined ? triedBatches : [options.batch];
    const trials = await tryBatches(current.session, batches, { threads });
    let best = preferred(trials);
    if (options.threads === undefined && threads > 1) {
      const reopen = async (count: number) => {
        await current.close();
        current = await openSession(io, {
          ...labOptionsOf(options, plainChoices),
          threads: count,
        });
      };
      await reopen(1);
      const alone = await tryBatches(current.session, [best.batch], { threads: 1 });
      trials.push(...alone);
      best = fastest([best, ...alone]);
      if (best.threads !== 1) await reopen(threads);
    }
    return { trials, best, opened: current };
  } catch (error) {
    await current.close();
    throw error;
  }
}
