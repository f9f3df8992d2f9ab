import {
  histogram,
  type Moments,
  momentsOf,
  pearson,
  pearsonInterval,
  coMomentsOf,
  reliability,
  standardDeviation,
  standardError,
  trueSpread,
} from "../stats/index.js";
import { estimateOf } from "./estimate.js";
import type { Experiment } from "./experiment.js";
import { drawPair, experimentCodes, type SequenceKey, type SequencePair } from "./protocol.js";
import { strengthsOf } from "./strength.js";
import { type Lab, measurePairs } from "./strength-meter.js";
import type { Estimate, PowerRow, PowersSummary, PowerSpread, TokenRef } from "./summary.js";

/** The tokens whose powers are wanted, and the sequence pairs for each token in each role. */
export interface PowersParams {
  readonly tokens: readonly TokenRef[];
  readonly sequences: number;
}

/** The part that a token plays in a pair. */
export type Role = "a" | "b";

/** Units are the tokens as A, then the tokens as B. */
function unitOf({ tokens }: PowersParams, unit: number): { token: number; role: Role } {
  const role = unit < tokens.length ? "a" : "b";
  return { token: (tokens[unit % tokens.length] as TokenRef).id, role };
}

/** The k-th sequence pair of a token in a role; the other token of the pair is drawn. */
export function powersSequence(
  { protocol, seed }: Pick<Lab, "protocol" | "seed">,
  { token, role }: { readonly token: number; readonly role: Role },
  k: number,
): SequencePair {
  // The unit depends on the token alone, so that another range leaves its sequences as they were.
  const unit = 2 * token + (role === "a" ? 0 : 1);
  const key: SequenceKey = { seed, experiment: experimentCodes.powers, unit, k };
  return drawPair(protocol, key, role === "a" ? { a: token } : { b: token });
}

/**
 * A power and B power of each token, the post's design: mean strength with the token as A (or B) and
 * a uniform partner, on fresh sequences per token and role.
 */
export const powers: Experiment<PowersParams, Moments, PowersSummary> = {
  id: "powers",
  units: ({ tokens, sequences }) => ({ count: 2 * tokens.length, sequences }),
  async measure(lab, params, { from, to }) {
    const { sequences: n } = params;
    const measured = await measurePairs(lab, (to - from) * n, (index) =>
      powersSequence(lab, unitOf(params, from + Math.floor(index / n)), index % n),
    );
    const strengths = strengthsOf(measured);
    return Array.from({ length: to - from }, (_, i) =>
      momentsOf(strengths.subarray(i * n, (i + 1) * n)),
    );
  },
  summarise({ tokens, sequences }, moments) {
    const estimates = moments.map(estimateOf);
    const rows = tokens.map((token, i): PowerRow => {
      const [a, b] = [estimates[i], estimates[tokens.length + i]] as [Estimate, Estimate];
      return { token: token.id, text: token.text, a, b };
    });
    const means = rows.flatMap(({ a, b }) => [a.mean, b.mean]);
    const [lo, hi] = minMax(means);
    const bins = lo < hi ? { bins: 30, lo, hi } : { bins: 30, lo: lo - 0.5, hi: hi + 0.5 };
    return {
      sequences,
      rows,
      a: spreadOf(
        rows.map((row) => row.a),
        bins,
      ),
      b: spreadOf(
        rows.map((row) => row.b),
        bins,
      ),
      correlation: correlationOf(rows),
    };
  },
};

/** The post's bins: 30 over the common range of both columns. */
function spreadOf(
  column: readonly Estimate[],
  bins: { bins: number; lo: number; hi: number },
): PowerSpread {
  const means = column.map((estimate) => estimate.mean);
  const moments = momentsOf(means);
  return {
    tokens: moments.n,
    mean: moments.mean,
    se: standardError(moments),
    sd: standardDeviation(moments),
    reliability: reliability(column),
    trueSd: trueSpread(column),
    histogram: histogram(means, bins),
  };
}

function correlationOf(rows: readonly PowerRow[]): PowersSummary["correlation"] {
  const r = pearson(
    coMomentsOf(
      rows.map((row) => row.a.mean),
      rows.map((row) => row.b.mean),
    ),
  );
  if (r === null) return null;
  const interval = pearsonInterval(r, rows.length, 0.95);
  return interval === null ? null : { r, ...interval };
}

/** Smallest and largest; spreading a whole vocabulary into Math.min would overflow the stack. */
function minMax(values: readonly number[]): [number, number] {
  return values.reduce<[number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  );
}
