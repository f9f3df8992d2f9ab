import type { HeadRow, HeadsSummary, Interval95 } from "../induction/heads/heads-summary.js";
import type { Cell, DataColumn, DataTable } from "./data-table.js";
import { headsByEffect, headScores, listedAs } from "./heads-choice.js";
import { headPoints } from "./heads-scatter.js";

const ends = (interval: Interval95): readonly Cell[] => interval ?? [null, null];

/** A mean and the ends of its interval. */
const withEnds = (name: string, label: string): readonly DataColumn[] => [
  { name, label },
  { name: `${name}_low`, label: "from" },
  { name: `${name}_high`, label: "to" },
];

const headColumn: DataColumn = { name: "head", label: "head" };
const listedColumn: DataColumn = { name: "listed_as", label: "listed as" };

/** The numbers of the heat maps: each head's scores with 95 % intervals. */
export function headsScoresTable(summary: HeadsSummary): DataTable {
  return {
    caption: "Detector scores with 95 % intervals, mean attention from 0 to 1",
    columns: [
      headColumn,
      ...headScores.flatMap(({ column, name }) => withEnds(column, name)),
      listedColumn,
    ],
    rows: summary.heads.map((row): Cell[] => [
      row.name,
      ...headScores.flatMap(({ key }) => [row[key], ...ends(row.intervals[key])]),
      listedAs(summary, row),
    ]),
  };
}

/** The numbers of the effects of ablation, in the order of the figure. */
export function headsAblationTable(summary: HeadsSummary): DataTable {
  const { lowest, highest } = headsByEffect(summary);
  return {
    caption: "Effect of ablation on the induction strength with 95 % intervals, nats",
    columns: [
      headColumn,
      ...withEnds("mean_ablation", "mean ablation"),
      ...withEnds("zero_ablation", "zero ablation"),
    ],
    rows: [...lowest, ...highest].map(({ name, ablation, zeroAblation, intervals }): Cell[] => [
      name,
      ablation.mean,
      ...ends(intervals.ablation),
      zeroAblation.mean,
      ...ends(intervals.zeroAblation),
    ]),
  };
}

/** The numbers of the effect of ablation against the induction score. */
export function headsScatterTable(summary: HeadsSummary): DataTable {
  const drawn = new Set(headPoints(summary).map(({ name }) => name));
  const rows = summary.heads.filter(({ name }) => drawn.has(name));
  return {
    caption: "Induction score, and effect of mean ablation in nats, with 95 % intervals",
    columns: [
      headColumn,
      ...withEnds("induction", "induction score"),
      ...withEnds("mean_ablation", "mean ablation"),
      listedColumn,
    ],
    rows: rows.map((row): Cell[] => [
      row.name,
      row.induction,
      ...ends(row.intervals.induction),
      row.ablation.mean,
      ...ends(row.intervals.ablation),
      listedAs(summary, row),
    ]),
  };
}

/** All that is known of all heads, for a CSV file. */
export function headsTable(summary: HeadsSummary): DataTable {
  const column = (name: string): DataColumn => ({ name, label: name });
  const scores = [
    ...headScores,
    { key: "prefixMatching", column: "prefix_matching", name: "prefix matching" },
  ] as const;
  const effects = [
    ["ablation", "mean_ablation"],
    ["zeroAblation", "zero_ablation"],
    ["attribution", "attribution"],
  ] as const;
  const circuits = ["ov_copying", "ov_top1", "q_composition", "k_composition", "v_composition"];
  const cells = (row: HeadRow): Cell[] => [
    row.name,
    row.layer,
    row.head,
    listedAs(summary, row),
    ...scores.flatMap(({ key }) => [row[key], ...ends(row.intervals[key])]),
    ...headScores.map(({ key }) => row.random[key]),
    row.copying,
    row.copyingTop1,
    row.composition?.q ?? null,
    row.composition?.k ?? null,
    row.composition?.v ?? null,
    ...effects.flatMap(([key]) => [row[key].mean, row[key].se, ...ends(row.intervals[key])]),
  ];
  return {
    caption: "All heads",
    columns: [
      ...["head", "layer", "index", "listed_as"].map(column),
      ...scores.flatMap(({ column: name }) => withEnds(name, name)),
      ...headScores.map(({ column: name }) => column(`random_${name}`)),
      ...circuits.map(column),
      ...effects.flatMap(([, name]) =>
        [name, `${name}_se`, `${name}_low`, `${name}_high`].map(column),
      ),
    ],
    rows: summary.heads.map(cells),
  };
}
