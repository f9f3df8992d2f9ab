/** Time of this process, and measurements in interleaved rounds. */

/**
 * @typedef {object} Time seconds
 * @property {number} cpu user and system time of the whole process, all threads together
 * @property {number} wall
 */

/**
 * @typedef {object} Variant one way to do some work
 * @property {string} name
 * @property {number} work what one run does: sequences, or floating-point operations
 * @property {"cpu" | "wall"} clock
 * @property {() => Promise<Time>} run
 */

/** Times what a function does. @param {() => Promise<unknown>} work @returns {Promise<Time>} */
export async function timed(work) {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await work();
  const wall = (performance.now() - before) / 1e3;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpu: (user + system) / 1e6, wall };
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (Number(low) + Number(high)) / 2;
}

/**
 * Runs every variant in every round, so that a change of the machine's load meets all of them, after
 * one run of each that does not count.
 *
 * @param {readonly Variant[]} variants
 * @param {number} rounds
 * @param {(message: string) => void} say
 * @returns {Promise<Map<string, number>>} the median rate of each by its name, work per second
 */
export async function measureRounds(variants, rounds, say) {
  /** @type {Map<string, number[]>} */
  const rates = new Map(variants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    say(round === 0 ? "warming up" : `round ${round} of ${rounds}`);
    for (const { name, work, clock, run } of variants) {
      const time = await run();
      if (round > 0) rates.get(name)?.push(work / time[clock]);
    }
  }
  return new Map([...rates].map(([name, values]) => [name, median(values)]));
}
