import type { NeighboursSummary, Ratio } from "../induction/summary.js";
import type { Html } from "./html.js";
import { shareText } from "./neighbour-captions.js";
import { formatCount } from "./numbers.js";
import { table } from "./tables.js";

/** How far from random tokens to B the neighbours are, in log-odds and in logits. */
export function halfWayTable({ halfWay, sequences }: NeighboursSummary): Html {
  const columns = [
    { label: "rank", numeric: true },
    { label: "n", numeric: true },
    { label: "share of the way, log-odds", numeric: true },
    { label: "share of the way, logits", numeric: true },
  ];
  const share = (ratio: Ratio | null) => shareText(ratio, sequences);
  const rows = halfWay.map(({ rank, logOdds, logits }) => [
    formatCount(rank),
    formatCount(sequences),
    share(logOdds),
    share(logits),
  ]);
  const caption =
    "Share of the way from the mean strength of random tokens (0) to that of B (1): half-way is 0.5. " +
    "Intervals by the delta method, paired over the same sequence pairs. Log-odds saturate where B is " +
    "nearly certain; logits do not.";
  return table(caption, columns, rows, "Half-way");
}
