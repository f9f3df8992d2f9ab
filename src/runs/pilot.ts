import { drawPair, experimentCodes, type Lab, measurePairs } from "../induction/index.js";
import { pooledVariances, powerVariances } from "./pilot-components.js";
import type { PowerVariances } from "./power-standard-error.js";

/** Tokens on each side of the pilot's grid: the components of variance come out within some 30 %. */
const side = 32;

/** Keeps the pilot's sequences apart from those of all experiments: `strength` has unit 0 alone. */
const pilotUnit = 1;

/** The components of variance of both powers: plain numbers, nats². */
export interface PilotVariances {
  readonly a: PowerVariances;
  readonly b: PowerVariances;
}

/**
 * Measures what strengths vary by: one sequence pair for each of 32 tokens as A with each of 32 partners
 * as B, and the other way round; tokens and partners are spread evenly over those given. Where these are
 * the same, both halves tell of both powers.
 */
export async function pilot(
  lab: Lab,
  tokens: readonly number[],
  partners: readonly number[],
): Promise<PilotVariances> {
  const own = spread(tokens, 0.25);
  const other = spread(partners, 0.75);
  const count = own.length * other.length;
  const measured = await measurePairs(lab, { from: 0, to: 2 * count }, (index) => {
    const cell = index % count;
    const token = own[Math.floor(cell / other.length)] as number;
    const partner = other[cell % other.length] as number;
    const pair = index < count ? { a: token, b: partner } : { a: partner, b: token };
    const key = {
      seed: lab.seed,
      experiment: experimentCodes.strength,
      unit: pilotUnit,
      k: index,
    };
    return { unit: pilotUnit, k: index, pair: drawPair(lab.protocol, key, pair) };
  });
  const { induction, control, controlAB } = measured;
  const chancePairs = controlAB.map((value, i) => (measured.a[i] === measured.b[i] ? 0 : value));
  const grid = (from: number) => {
    const part = <T extends Float64Array | Uint8Array>(values: T) =>
      values.subarray(from, from + count) as T;
    return powerVariances({
      rows: own.length,
      columns: other.length,
      induction: part(induction),
      control: part(control),
      chancePairs: part(chancePairs),
    });
  };
  const [a, b] = [grid(0), grid(count)];
  const same = tokens.length === partners.length && tokens.every((id, i) => id === partners[i]);
  return same ? pooledVariances(a, b) : { a, b };
}

/** Up to 32 of the ids, evenly spread; `at` says where in each of as many equal pieces. */
function spread(ids: readonly number[], at: number): number[] {
  const count = Math.min(side, ids.length);
  return Array.from(
    { length: count },
    (_, i) => ids[Math.floor(((i + at) * ids.length) / count)] as number,
  );
}
