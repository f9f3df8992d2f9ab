import { ItemStream, shuffle } from "../random/index.js";
import { crossedEstimates } from "./crossed-estimates.js";
import type { Experiment } from "./experiment.js";
import { rowCount, strengthsOf } from "./pair-rows.js";
import { summarisePowers } from "./powers-summary.js";
import { drawPair, experimentCodes, type Protocol, type SequencePair } from "./protocol.js";
import { type Lab, measurePairs } from "./strength-meter.js";
import type { Estimate, PowerRow, PowersSummary, TokenRef } from "./summary.js";

/** The tokens that are paired with each other, and in how many rounds. */
export interface CrossedParams {
  readonly tokens: readonly TokenRef[];
  readonly rounds: number;
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

/**
 * A power and B power of each token by the crossed design: in each round a random permutation pairs
 * every token as A with every token as B, so that each sequence pair counts for two tokens.
 */
export const crossedPowers: Experiment<CrossedParams, PowersSummary> = {
  id: "crossed-powers",
  units: ({ tokens, rounds }) => ({ count: rounds, sequences: tokens.length }),
  measure(lab, { tokens }, range) {
    const count = tokens.length;
    const rounds = new Map<number, Int32Array>();
    return measurePairs(lab, range, (index) => {
      const round = Math.floor(index / count);
      const partners = rounds.get(round) ?? crossedPartners(lab, count, round);
      rounds.set(round, partners);
      const k = index % count;
      return { unit: round, k, pair: crossedSequence(lab, tokens, partners, round, k) };
    });
  },
  async summarise({ tokens, rounds, partners: kind }, pieces) {
    const size = tokens.length * rounds;
    const place = new Map(tokens.map((token, i) => [token.id, i]));
    const partner = new Int32Array(size);
    const strength = new Float64Array(size);
    let at = 0;
    for await (const piece of pieces) {
      strength.set(strengthsOf(piece), at);
      for (const [i, b] of piece.b.entries()) partner[at + i] = place.get(b) as number;
      at += rowCount(piece);
    }
    const { a, b } = crossedEstimates({ tokens: tokens.length, rounds, partner, strength });
    const rows = tokens.map((token, i): PowerRow => {
      const at = (column: readonly Estimate[]) => column[i] as Estimate;
      const plain = { a: at(a.plain), b: at(b.plain) };
      return { token: token.id, text: token.text, a: at(a.adjusted), b: at(b.adjusted), plain };
    });
    return summarisePowers(rows, { design: "crossed", sequences: rounds, partners: kind });
  },
};
