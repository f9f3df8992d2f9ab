import { momentsOf } from "../stats/index.js";
import { estimateOf } from "./estimate.js";
import type { Experiment } from "./experiment.js";
import { strengthsOf } from "./pair-rows.js";
import { summarisePowers } from "./powers-summary.js";
import { drawPair, experimentCodes, type SequenceKey, type SequencePair } from "./protocol.js";
import { type Lab, measurePairs } from "./strength-meter.js";
import type { Estimate, PowerRow, PowersSummary, TokenRef } from "./summary.js";
import { byUnit } from "./units.js";

/** The tokens whose powers are wanted, and the sequence pairs for each token in each role. */
export interface PowersParams {
  readonly tokens: readonly TokenRef[];
  readonly sequences: number;
  /** `remeasure`: sequences of their own, for tokens that were selected on those of `powers`. */
  readonly fresh?: "powers" | "remeasure";
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
  fresh: "powers" | "remeasure" = "powers",
): SequencePair {
  const unit = powersUnit(token, role);
  const key: SequenceKey = { seed, experiment: experimentCodes[fresh], unit, k };
  return drawPair(protocol, key, role === "a" ? { a: token } : { b: token });
}

/** The unit depends on the token alone, so that another range leaves its sequences as they were. */
function powersUnit(token: number, role: Role): number {
  return 2 * token + (role === "a" ? 0 : 1);
}

/**
 * A power and B power of each token, the post's design: mean strength with the token as A (or B) and
 * a uniform partner, on fresh sequences per token and role.
 */
export const powers: Experiment<PowersParams, PowersSummary> = {
  id: "powers",
  units: ({ tokens, sequences }) => ({ count: 2 * tokens.length, sequences }),
  measure(lab, params, range) {
    return measurePairs(lab, range, (index) => {
      const { token, role } = unitOf(params, Math.floor(index / params.sequences));
      const k = index % params.sequences;
      const pair = powersSequence(lab, { token, role }, k, params.fresh);
      return { unit: powersUnit(token, role), k, pair };
    });
  },
  async summarise({ tokens, sequences }, pieces) {
    const estimates: Estimate[] = [];
    for await (const unit of byUnit(pieces, sequences)) {
      estimates.push(estimateOf(momentsOf(strengthsOf(unit))));
    }
    const rows = tokens.map((token, i): PowerRow => {
      const [a, b] = [estimates[i], estimates[tokens.length + i]] as [Estimate, Estimate];
      return { token: token.id, text: token.text, a, b };
    });
    return summarisePowers(rows, { design: "post", sequences, partners: "all" });
  },
};
