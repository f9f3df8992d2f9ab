import type { Estimate, NeighboursSummary, NeighbourSummary } from "../induction/summary.js";
import type { DataTable } from "./data-table.js";
import { interval95 } from "./interval.js";

/** A mean strength at one place of the ladder from B to random tokens, nats. */
export interface LadderPoint {
  /** A rank of nearness to B, or one of the ends. */
  readonly place: "b" | "random" | number;
  readonly mean: number;
  /** Ends of the 95 % interval; the mean itself where n is too small for one. */
  readonly low: number;
  readonly high: number;
}

const ladder = (data: NeighboursSummary) => [
  { place: "b" as const, summary: data.b },
  ...data.ranks.map((summary) => ({ place: summary.rank, summary })),
  { place: "random" as const, summary: data.random },
];

/** The points of both series; places without a finite mean are left out. */
export function ladderPoints(data: NeighboursSummary): {
  readonly logOdds: readonly LadderPoint[];
  readonly logits: readonly LadderPoint[];
} {
  const points = (pick: (summary: NeighbourSummary) => Estimate) =>
    ladder(data).flatMap(({ place, summary }): LadderPoint[] => {
      const estimate = pick(summary);
      if (estimate.n === 0 || !Number.isFinite(estimate.mean)) return [];
      const { mean } = estimate;
      return [{ place, mean, ...(interval95(estimate) ?? { low: mean, high: mean }) }];
    });
  return {
    logOdds: points(({ strength }) => strength),
    logits: points(({ logitStrength }) => logitStrength),
  };
}

/** The numbers behind the ladder: one row per place, the half-way lines last. */
export function ladderTable(data: NeighboursSummary): DataTable {
  const cells = (estimate: Estimate) => {
    if (estimate.n === 0 || !Number.isFinite(estimate.mean)) return [null, null, null];
    const interval = interval95(estimate);
    return [estimate.mean, interval?.low ?? null, interval?.high ?? null];
  };
  const rows = ladder(data).map(({ place, summary }) => [
    ...(typeof place === "number" ? ["neighbour", place] : [place === "b" ? "B" : "random", ""]),
    summary.strength.n,
    ...cells(summary.strength),
    ...cells(summary.logitStrength),
  ]);
  const half = (pick: (summary: NeighbourSummary) => Estimate) => {
    const [b, random] = [pick(data.b), pick(data.random)];
    const middle = (b.mean + random.mean) / 2;
    return b.n === 0 || random.n === 0 || !Number.isFinite(middle) ? null : middle;
  };
  const halfWay = [
    "half-way",
    "",
    Math.min(data.b.strength.n, data.random.strength.n),
    half(({ strength }) => strength),
    "",
    "",
    half(({ logitStrength }) => logitStrength),
    "",
    "",
  ];
  return {
    caption: "Mean strength with 95 % interval by place, nats",
    columns: [
      { name: "place", label: "place" },
      { name: "rank", label: "rank" },
      { name: "n", label: "n" },
      { name: "log_odds", label: "log-odds" },
      { name: "log_odds_low", label: "from" },
      { name: "log_odds_high", label: "to" },
      { name: "logits", label: "logits" },
      { name: "logits_low", label: "from" },
      { name: "logits_high", label: "to" },
    ],
    rows: [...rows, halfWay],
  };
}
