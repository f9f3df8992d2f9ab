import { ItemStream, shuffle } from "../random/index.js";
import { crossedEstimates } from "./crossed-estimates.js";
import type { Experiment } from "./experiment.js";
import { columnOf, type PairRows, rowCount } from "./pair-rows.js";
import { summarisePowers } from "./powers-summary.js";
import { drawPair, experimentCodes, type Protocol, type SequencePair } from "./protocol.js";
import { type Lab, measurePairs, onlyB } from "./strength-meter.js";
import type { Estimate, PowerRow, PowersSummary, TokenRef } from "./summary.js";
import { joinRows } from "./units.js";

/** The tokens that are paired with each other, and in how many rounds. */
export interface CrossedParams {
  readonly tokens: readonly TokenRef[];
  /** Rounds with an induction sequence of each token. */
  readonly rounds: number;
  /**
   * Rounds with a control; `rounds` unless given. The first min(rounds, controls) rounds measure both
   * members of each pair; the others one alone, and the column of the other is NaN.
   */
  readonly controls?: number;
  /** `all` where the tokens are the whole sampling range of the protocol. */
  readonly partners: "all" | "restricted";
}

/** Counts no sequence: the permutation of a round has a stream of its own. */
const permutationK = 0xffffffff;

/**
 * Which token each token meets in a round: place i of the tokens is A, place `partners[i]` is B. A
 * uniform permutation, so that each token is A once and B once; where A = B is not allowed, tokens that
 * would meet themselves are rotated among each other (one alone: with the token after it).
 */
export function crossedPartners(
  { protocol, seed }: Pick<Lab, "protocol" | "seed">,
  count: number,
  round: number,
): Int32Array {
  const stream = new ItemStream([seed, experimentCodes.crossed], [round, permutationK]);
  const partners = shuffle(count, stream, 0);
  if (protocol.allowAEqualsB || count < 2) return partners;
  const own = Array.from(partners.keys()).filter((i) => partners[i] === i);
  const rotated = own.length === 1 ? [own[0] as number, ((own[0] as number) + 1) % count] : own;
  const targets = rotated.map((i) => partners[i] as number);
  for (const [j, i] of rotated.entries()) {
    partners[i] = targets[(j + 1) % targets.length] as number;
  }
  return partners;
}

/** The sequence pair in which the token at place k is A in a round. */
export function crossedSequence(
  { protocol, seed }: { readonly protocol: Protocol; readonly seed: number },
  tokens: readonly TokenRef[],
  partners: Int32Array,
  round: number,
  k: number,
): SequencePair {
  const a = (tokens[k] as TokenRef).id;
  const b = (tokens[partners[k] as number] as TokenRef).id;
  return drawPair(
    protocol,
    { seed, experiment: experimentCodes.crossed, unit: round, k },
    { a, b },
  );
}

/** Which rounds measure both members, and which member the further ones measure. */
export function crossedRounds({ rounds, controls = rounds }: Omit<CrossedParams, "tokens">): {
  readonly all: number;
  readonly shared: number;
  readonly further: "induction" | "control";
} {
  return {
    all: Math.max(rounds, controls),
    shared: Math.min(rounds, controls),
    further: rounds > controls ? "induction" : "control",
  };
}

/**
 * A power and B power of each token by the crossed design: in each round a random permutation pairs
 * every token as A with every token as B, so that each sequence pair counts for two tokens.
 */
export const crossedPowers: Experiment<CrossedParams, PowersSummary> = {
  id: "crossed-powers",
  units: (params) => ({ count: crossedRounds(params).all, sequences: params.tokens.length }),
  sequences(params, { from, to }) {
    const both = crossedRounds(params).shared * params.tokens.length;
    // A pair of which one member is measured is one sequence.
    return to - from + Math.max(0, Math.min(to, both) - from);
  },
  async measure(lab, params, { from, to }) {
    const { tokens } = params;
    const count = tokens.length;
    const partnersOf = new Map<number, Int32Array>();
    const draw = (index: number) => {
      const round = Math.floor(index / count);
      const partners = partnersOf.get(round) ?? crossedPartners(lab, count, round);
      partnersOf.set(round, partners);
      const k = index % count;
      return { unit: round, k, pair: crossedSequence(lab, tokens, partners, round, k) };
    };
    const { shared, further } = crossedRounds(params);
    const middle = Math.max(from, Math.min(to, shared * count));
    const pieces: PairRows[] = [];
    if (middle > from || to === from) {
      pieces.push(await measurePairs(lab, { from, to: middle }, draw));
    }
    if (to > middle) {
      const readout = { ...onlyB, members: further };
      pieces.push(await measurePairs(lab, { from: middle, to }, draw, readout));
    }
    return pieces.length === 1 ? (pieces[0] as PairRows) : joinRows(pieces);
  },
  async summarise(params, pieces) {
    const { tokens, rounds, controls = rounds, partners: kind } = params;
    const size = tokens.length * crossedRounds(params).all;
    const place = new Map(tokens.map((token, i) => [token.id, i]));
    const partner = new Int32Array(size);
    const controlAB = new Uint8Array(size);
    const induction = new Float64Array(size);
    const control = new Float64Array(size);
    let at = 0;
    for await (const piece of pieces) {
      const { width, b } = piece;
      induction.set(columnOf(piece.induction, width, 0), at);
      control.set(columnOf(piece.control, width, 0), at);
      controlAB.set(piece.controlAB, at);
      for (let i = 0; i < b.length; i++) partner[at + i] = place.get(b[i] as number) as number;
      at += rowCount(piece);
    }
    const { a, b } = crossedEstimates({
      ...{ tokens: tokens.length, rounds, controls },
      ...{ partner, controlAB, induction, control },
    });
    const rows = tokens.map((token, i): PowerRow => {
      const at = (column: readonly Estimate[]) => column[i] as Estimate;
      const plain = { a: at(a.plain), b: at(b.plain) };
      return { token: token.id, text: token.text, a: at(a.adjusted), b: at(b.adjusted), plain };
    });
    return summarisePowers(rows, {
      ...{ design: "crossed", sequences: rounds, partners: kind },
      ...(controls !== rounds && { controls }),
    });
  },
};
