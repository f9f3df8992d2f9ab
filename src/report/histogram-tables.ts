import type { PowersSummary, ScenarioSummary } from "../induction/summary.js";
import type { Histogram } from "../stats/index.js";
import { binEdges } from "./bins.js";
import { html, type Html } from "./html.js";
import { formatCount, formatNumber } from "./numbers.js";
import { scenarioName } from "./scenario-names.js";
import { table } from "./tables.js";

interface Series {
  readonly name: string;
  readonly histogram: Histogram;
}

/** Counts per bin as a folded table: the figure for those who read numbers. */
function histogramTable(caption: string, series: readonly Series[]): Html {
  const first = series[0]?.histogram;
  const shared = series.every(
    ({ histogram }) =>
      histogram.lo === first?.lo &&
      histogram.hi === first.hi &&
      histogram.counts.length === first.counts.length,
  );
  if (first === undefined || !shared) return html``;
  const edges = binEdges(first);
  const line = (label: string, count: (histogram: Histogram) => number) => [
    label,
    ...series.map(({ histogram }) => formatCount(count(histogram))),
  ];
  const rows = [
    line(`below ${formatNumber(first.lo)}`, (histogram) => histogram.below),
    ...first.counts.map((_, i) =>
      line(
        `${formatNumber(edges[i] ?? 0)} to ${formatNumber(edges[i + 1] ?? 0)}`,
        (histogram) => histogram.counts[i] ?? 0,
      ),
    ),
    line(`above ${formatNumber(first.hi)}`, (histogram) => histogram.above),
  ];
  const columns = [
    { label: "nats", numeric: true },
    ...series.map(({ name }) => ({ label: name, numeric: true })),
  ];
  return html`<details>
    <summary>The same figure as a table</summary>
    ${table(caption, columns, rows, caption)}
  </details>`;
}

/** The numbers of the figure of strengths. */
export function strengthsTable(scenarios: readonly ScenarioSummary[]): Html {
  const series = scenarios.map((summary) => ({
    name: scenarioName(summary),
    histogram: summary.strengths,
  }));
  return histogramTable("Sequence pairs per bin of induction strength", series);
}

/** The numbers of the figure of A powers and B powers. */
export function powersTable(powers: PowersSummary): Html {
  const series = [
    { name: "A power", histogram: powers.a.histogram },
    { name: "B power", histogram: powers.b.histogram },
  ];
  return histogramTable("Tokens per bin of power", series);
}
