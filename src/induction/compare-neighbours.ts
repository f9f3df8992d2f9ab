import { momentsOf, normalCdf, normalQuantile, standardError } from "../stats/index.js";
import { compareEstimates, type EstimateDifference } from "./compare.js";
import { differenceOf, type MatchedRows } from "./compare-rows.js";
import { neighbourRanks, neighbours, type NeighbourParams } from "./neighbours.js";
import { columnOf } from "./pair-rows.js";
import type { HalfWay, NeighboursSummary, NeighbourSummary, Ratio } from "./summary.js";

/** Strength of the tokens at one place of the ladder from B to random tokens, in two runs. */
export interface PlaceComparison {
  /** `b`, `random`, or the rank of cosine with B. */
  readonly place: "b" | "random" | number;
  readonly strength: EstimateDifference;
  readonly logitStrength: EstimateDifference;
}

/** A ratio in two runs; p-values by the normal law. */
export interface RatioDifference {
  readonly first: Ratio;
  readonly second: Ratio;
  readonly difference: number;
  readonly se: number;
  /** `null` where the error is 0. */
  readonly z: number | null;
  readonly p: number;
  readonly identical: boolean;
}

/** Share of the way from random tokens to B in two runs; `null` where one of them cannot tell. */
export interface HalfWayComparison {
  readonly rank: number;
  readonly logOdds: RatioDifference | null;
  readonly logits: RatioDifference | null;
}

/** Result 2 of the post in two runs. */
export interface NeighboursComparison {
  /** B, the ranks that both runs have, random tokens. */
  readonly places: readonly PlaceComparison[];
  readonly halfWay: readonly HalfWayComparison[];
}

/** The neighbours of two runs, and the rows of matched sequence pairs. */
export interface ComparedNeighbours {
  readonly first: NeighboursSummary;
  readonly second: NeighboursSummary;
  readonly matched: MatchedRows | null;
}

/** Compares strengths by closeness to B, and the shares of the way. */
export async function compareNeighbours(
  { first, second, matched }: ComparedNeighbours,
  params: Pick<NeighbourParams, "dVocab">,
): Promise<NeighboursComparison> {
  const paired = matched === null ? null : await pairedNeighbours(matched, params);
  const place = (name: PlaceComparison["place"]): PlaceComparison[] => {
    const [x, y] = [placeOf(first, name), placeOf(second, name)];
    if (x === undefined || y === undefined) return [];
    const pairs = paired === null ? undefined : placeOf(paired, name);
    const compare = (of: "strength" | "logitStrength") =>
      compareEstimates(x[of], y[of], pairs?.[of] ?? null);
    return [
      { place: name, strength: compare("strength"), logitStrength: compare("logitStrength") },
    ];
  };
  const ranks = first.ranks.map(({ rank }) => rank);
  return {
    places: (["b", ...ranks, "random"] as const).flatMap(place),
    halfWay: first.halfWay.flatMap((half): HalfWayComparison[] => {
      const other = second.halfWay.find(({ rank }) => rank === half.rank);
      if (other === undefined) return [];
      const compare = (of: "logOdds" | "logits") =>
        compareRatios(half[of], other[of], matched && ratioNoise(matched, params, half, of));
      return [{ rank: half.rank, logOdds: compare("logOdds"), logits: compare("logits") }];
    }),
  };
}

function placeOf(
  { b, random, ranks }: NeighboursSummary,
  place: PlaceComparison["place"],
): NeighbourSummary | undefined {
  if (place === "b") return b;
  return place === "random" ? random : ranks.find(({ rank }) => rank === place);
}

async function pairedNeighbours(
  matched: MatchedRows,
  { dVocab }: Pick<NeighbourParams, "dVocab">,
): Promise<NeighboursSummary> {
  const rows = differenceOf(matched);
  async function* pieces() {
    yield rows;
  }
  return neighbours.summarise({ sequences: rows.unit.length, dVocab }, pieces());
}

const halfInterval = normalQuantile(0.975);

/** What a ratio of paired means makes of each matched pair, and the ratio over them. */
interface RatioNoise {
  readonly difference: number;
  readonly se: number;
}

function compareRatios(
  first: Ratio | null,
  second: Ratio | null,
  paired: RatioNoise | null,
): RatioDifference | null {
  if (first === null || second === null) return null;
  const errorOf = ({ low, high }: Ratio) => (high - low) / 2 / halfInterval;
  const { difference, se } = paired ?? {
    difference: first.ratio - second.ratio,
    se: Math.hypot(errorOf(first), errorOf(second)),
  };
  const identical = se === 0 && difference === 0;
  const z = se === 0 ? null : difference / se;
  const p = z === null ? (identical ? 1 : 0) : 2 * normalCdf(-Math.abs(z));
  return { first, second, difference, se, z, p, identical };
}

/**
 * The difference of the ratios of two runs over matched pairs, by the delta method: each pair moves a
 * ratio mean(x) / mean(y) by (x − ratio · y) / mean(y), and the differences of these are averaged.
 */
function ratioNoise(
  { first, second }: MatchedRows,
  params: Pick<NeighbourParams, "dVocab">,
  { rank }: HalfWay,
  of: "logOdds" | "logits",
): RatioNoise | null {
  const ranks = neighbourRanks(params);
  const influence = (rows: MatchedRows["first"]) => {
    const { width } = rows;
    const [induction, control] =
      of === "logOdds"
        ? [rows.induction, rows.control]
        : [rows.inductionLogits ?? rows.induction, rows.controlLogits ?? rows.control];
    const strengths = (column: number) => {
      const after = columnOf(control, width, column);
      return columnOf(induction, width, column).map((value, i) => value - (after[i] as number));
    };
    const far = strengths(ranks.length + 1);
    const way = (column: number) => strengths(column).map((value, i) => value - (far[i] as number));
    const [near, whole] = [way(ranks.indexOf(rank) + 1), way(0)];
    const length = momentsOf(whole).mean;
    const ratio = momentsOf(near).mean / length;
    return { ratio, of: near.map((value, i) => (value - ratio * (whole[i] as number)) / length) };
  };
  const [x, y] = [influence(first), influence(second)];
  const se = standardError(momentsOf(x.of.map((value, i) => value - (y.of[i] as number))));
  return se === null ? null : { difference: x.ratio - y.ratio, se };
}
