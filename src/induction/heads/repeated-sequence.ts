import { ItemStream } from "../../random/index.js";
import type { Lab } from "../strength-meter.js";
import { type ExperimentCode } from "../protocol.js";

/** Random tokens that are repeated behind BOS: BOS r r …, r of `length` tokens. */
export interface RepeatedShape {
  readonly length: number;
  readonly times: number;
}

/**
 * The k-th sequence BOS r r … of an experiment, r of random tokens, uniform among those that the
 * protocol draws; a token may stand in r more than once.
 */
export function repeatedSequence(
  { protocol, seed }: Pick<Lab, "protocol" | "seed">,
  experiment: ExperimentCode,
  k: number,
  { length, times }: RepeatedShape,
): Int32Array {
  const { lowestId, highestId, bos } = protocol;
  const stream = new ItemStream([seed, experiment], [0, k]);
  const tokens = Array.from(
    { length },
    (_, i) => lowestId + stream.draw(i, highestId - lowestId + 1),
  );
  return Int32Array.from([bos, ...Array.from({ length: times }, () => tokens).flat()]);
}
