import type { NeighboursSummary, PowersSummary, ScenarioSummary } from "../induction/summary.js";
import type { Histogram, Histogram2D } from "../stats/index.js";
import { binEdges } from "./bins.js";
import { className } from "./class-names.js";
import type { Cell, DataColumn, DataTable } from "./data-table.js";
import { plottedNeighbours } from "./neighbour-series.js";
import { powerName } from "./power-names.js";
import { rowsOfClass } from "./powers-classes.js";
import { scenarioName } from "./scenario-names.js";
import { cellsOf, scatterFrame } from "./scatter-panel.js";
import { displayToken } from "./token-text.js";

interface Series<H> {
  /** In the CSV file. */
  readonly column: string;
  readonly name: string;
  readonly histogram: H;
}

const displayText = (text: string | null) => (text === null ? "none" : displayToken(text, 0));

const columnName = (name: string) => name.replace(/\W+/g, "_");

/** Counts per bin; series with bins of their own follow each other. */
function histogramTable(
  caption: string,
  value: string,
  series: readonly Series<Histogram>[],
): DataTable {
  const axisOf = ({ lo, hi, counts }: Histogram) => `${lo} ${hi} ${counts.length}`;
  const axes = new Map(series.map(({ histogram }) => [axisOf(histogram), histogram]));
  const rows = [...axes].flatMap(([axis, first]) => {
    const edges = [-Infinity, ...binEdges(first), Infinity];
    const counts = series.map(({ histogram }) =>
      axisOf(histogram) === axis ? [histogram.below, ...histogram.counts, histogram.above] : [],
    );
    return edges
      .slice(1)
      .map((to, i): Cell[] => [edges[i] ?? 0, to, ...counts.map((column) => column[i] ?? "")]);
  });
  const ends = [
    { name: `${value}_from`, label: "from (nats)" },
    { name: `${value}_to`, label: "to (nats)" },
  ];
  return { caption, columns: [...ends, ...series.map(counted)], rows };
}

const counted = ({ column, name }: { column: string; name: string }): DataColumn => ({
  name: column,
  label: name,
});

/** Counts of the cells that are not empty in every series; all series have the same cells. */
function cellsTable(
  caption: string,
  [x, y]: readonly [{ name: string; label: string }, { name: string; label: string }],
  series: readonly Series<Histogram2D>[],
): DataTable {
  const first = series[0]?.histogram;
  const rows: Cell[][] = [];
  if (first !== undefined) {
    const edges = (axis: Histogram2D["x"]) =>
      binEdges({
        lo: axis.lo,
        hi: axis.hi,
        counts: new Array<number>(axis.bins).fill(0),
        below: 0,
        above: 0,
      });
    const [xs, ys] = [edges(first.x), edges(first.y)];
    for (let cell = 0; cell < first.counts.length; cell++) {
      const counts = series.map(({ histogram }) => histogram.counts[cell] ?? 0);
      if (counts.every((count) => count === 0)) continue;
      const [i, j] = [cell % first.x.bins, Math.floor(cell / first.x.bins)];
      rows.push([xs[i] ?? 0, xs[i + 1] ?? 0, ys[j] ?? 0, ys[j + 1] ?? 0, ...counts]);
    }
  }
  const columns = [x, y].flatMap(({ name, label }) => [
    { name: `${name}_from`, label: `${label} from (nats)` },
    { name: `${name}_to`, label: "to (nats)" },
  ]);
  return { caption, columns: [...columns, ...series.map(counted)], rows };
}

/** The numbers of the figure of strengths: sequence pairs per bin and scenario. */
export function strengthsTable(scenarios: readonly ScenarioSummary[]): DataTable {
  const series = scenarios.map((summary) => ({
    column: columnName(summary.scenario),
    name: scenarioName(summary),
    histogram: summary.strengths,
  }));
  return histogramTable("Sequence pairs per bin of induction strength", "strength", series);
}

/** The numbers of the log-odds before and after: sequence pairs per cell and scenario. */
export function beforeAfterTable(scenarios: readonly ScenarioSummary[]): DataTable {
  const series = scenarios.map((summary) => ({
    column: columnName(summary.scenario),
    name: scenarioName(summary),
    histogram: summary.beforeAfter,
  }));
  const axes = [
    { name: "induction", label: "log-odds of B, induction:" },
    { name: "control", label: "log-odds of B, control:" },
  ] as const;
  return cellsTable("Sequence pairs per cell, cells without any left out", axes, series);
}

/** The numbers of the distribution of powers: tokens per bin and role. */
export function powersHistogramTable(powers: PowersSummary): DataTable {
  const series = (["a", "b"] as const).map((role) => ({
    column: `${role}_power`,
    name: powerName(powers, role),
    histogram: powers[role].histogram,
  }));
  return histogramTable("Tokens per bin of power", "power", series);
}

/** The numbers of B power against A power: the points, or tokens per cell. */
export function powersScatterTable(powers: PowersSummary, byClass: boolean): DataTable {
  const { rows, cells, domain } = scatterFrame(powers.rows);
  const names = (["a", "b"] as const).map((role) => ({
    name: `${role}_power`,
    label: powerName(powers, role),
  }));
  const groups = byClass
    ? powers.classes.map((one) => ({ name: one.class, rows: rowsOfClass(rows, one.class) }))
    : [{ name: "tokens" as const, rows }];
  if (cells !== null) {
    const series = groups.map((group) => ({
      column: columnName(group.name),
      name: group.name === "tokens" ? "tokens" : className(group.name),
      histogram: cellsOf(group.rows, domain),
    }));
    const axes = names.map(({ name, label }) => ({ name, label: `${label}:` }));
    const [x, y] = axes as [(typeof axes)[0], (typeof axes)[0]];
    return cellsTable("Tokens per cell, cells without any left out", [x, y], series);
  }
  return {
    caption: "Powers of the tokens, nats",
    columns: [
      { name: "token", label: "id" },
      { name: "text", label: "token", show: displayText },
      ...(byClass ? [{ name: "class", label: "class" }] : []),
      ...names,
    ],
    rows: groups.flatMap((group) =>
      group.rows.map(({ token, text, a, b }): Cell[] => [
        token,
        text,
        ...(byClass ? [group.name] : []),
        a.mean,
        b.mean,
      ]),
    ),
  };
}

/** The numbers of the strengths of B, its neighbours and random tokens: sequence pairs per bin. */
export function neighboursHistogramTable(data: NeighboursSummary): DataTable {
  const series = plottedNeighbours(data).map(({ column, name, summary }) => ({
    column,
    name,
    histogram: summary.strengths,
  }));
  return histogramTable("Sequence pairs per bin of induction strength", "strength", series);
}
