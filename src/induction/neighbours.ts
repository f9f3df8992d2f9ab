import { histogram, momentsOf, ratioOfMeans } from "../stats/index.js";
import { estimateOf } from "./estimate.js";
import type { Experiment } from "./experiment.js";
import { NearestTokenFinder } from "./nearest-tokens.js";
import { type PairRows, strengthsOf } from "./pair-rows.js";
import { drawOther, drawPair, experimentCodes, type SequenceKey } from "./protocol.js";
import { type Drawn, type Lab, measurePairs, type Readout } from "./strength-meter.js";
import { summariseStrength } from "./strength.js";
import type { HalfWay, NeighboursSummary, NeighbourSummary, Ratio } from "./summary.js";
import { joinRows } from "./units.js";

/** How many sequence pairs, and how large the vocabulary is (it bounds the ranks). */
export interface NeighbourParams {
  readonly sequences: number;
  readonly dVocab: number;
}

/** The ranks of the curve, about evenly spread on a logarithmic axis, the post's 1, 5 and 15 among them. */
const curve = [1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000];

/** The ranks that the post plots. */
const postRanks = [1, 5, 15];

/** Below this difference between B and random tokens, in nats, there is nothing to be half-way of. */
const leastDifference = 0.25;

/** The ranks that a vocabulary has. */
export function neighbourRanks({ dVocab }: Pick<NeighbourParams, "dVocab">): number[] {
  return curve.filter((rank) => rank < dVocab);
}

/** The one unit: A and B are drawn in every sequence. */
const unit = 0;

function draw({ protocol, seed }: Lab, k: number): Drawn & { readonly random: number } {
  const key: SequenceKey = { seed, experiment: experimentCodes.neighbours, unit, k };
  return { unit, k, pair: drawPair(protocol, key, {}), random: drawOther(protocol, key) };
}

/**
 * Result 2 of the post: how much of B's induction strength its neighbours in the unembedding get. For
 * random A and B, read per row: B, its neighbours by rank, and one random token, the same in both
 * members of the pair.
 */
export const neighbours: Experiment<NeighbourParams, NeighboursSummary> = {
  id: "neighbours",
  units: ({ sequences }) => ({ count: 1, sequences }),
  measure(lab, params, range) {
    const ranks = neighbourRanks(params);
    const finder = new NearestTokenFinder(lab.model, ranks);
    const width = ranks.length + 2;
    const readout: Readout = {
      width,
      logits: true,
      async targets(batch) {
        const near = await finder.find(batch.map(({ pair }) => pair.b));
        const rows = batch.map(({ pair, k }, i) => [
          pair.b,
          ...(near[i]?.ids ?? []),
          draw(lab, k).random,
        ]);
        return Int32Array.from(rows.flat());
      },
    };
    return measurePairs(lab, range, (k) => draw(lab, k), readout);
  },
  async summarise(params, pieces) {
    const all: PairRows[] = [];
    for await (const piece of pieces) all.push(piece);
    const rows = joinRows(all);
    const ranks = neighbourRanks(params);
    const random = ranks.length + 1;
    return {
      sequences: params.sequences,
      b: summariseColumn(rows, 0),
      random: summariseColumn(rows, random),
      ranks: ranks.map((rank, i) => ({ rank, ...summariseColumn(rows, i + 1) })),
      halfWay: postRanks
        .filter((rank) => ranks.includes(rank))
        .map((rank) => halfWayOf(rows, rank, ranks.indexOf(rank) + 1, random)),
    };
  },
};

/** The post's bins for strengths. */
const strengthBins = { bins: 30, lo: -10, hi: 20 };

function summariseColumn(rows: PairRows, column: number): NeighbourSummary {
  return {
    ...summariseStrength(rows, column),
    strengths: histogram(strengthsOf(rows, column), strengthBins),
    logitStrength: estimateOf(momentsOf(logitStrengths(rows, column))),
  };
}

function logitStrengths(
  { inductionLogits = new Float64Array(), controlLogits = new Float64Array(), width }: PairRows,
  column: number,
): Float64Array {
  return strengthsOf({ induction: inductionLogits, control: controlLogits, width }, column);
}

function halfWayOf(rows: PairRows, rank: number, column: number, random: number): HalfWay {
  const share = (strengths: (column: number) => Float64Array): Ratio | null => {
    const [b, near, far] = [strengths(0), strengths(column), strengths(random)];
    const way = b.map((value, i) => value - (far[i] as number));
    if (Math.abs(momentsOf(way).mean) < leastDifference) return null;
    return ratioOfMeans(
      near.map((value, i) => value - (far[i] as number)),
      way,
    );
  };
  return {
    rank,
    logOdds: share((c) => strengthsOf(rows, c)),
    logits: share((c) => logitStrengths(rows, c)),
  };
}
