import { csvToken } from "../../src/report/token-text.js";
import { csvParse, type DSVRowArray } from "d3-dsv";
import { describe, expect, it } from "vitest";

import { figures, reportFiles, type ReportData, svgText } from "../../src/report/index.js";
import { svgFile } from "../../src/report/figure-file.js";
import { createDocument } from "../../src/report/node-document.js";
import { fullRun, leastRun, smallRun } from "./gallery-cases.js";
import { neighboursOf, powersOf, syntheticRows } from "./synthetic.js";

const document = createDocument();
const full = fullRun(900);
const csvOf = (data: ReportData, name: string) =>
  csvParse(figures(data, { document }).find((figure) => figure.name === name)?.csv ?? "");

/** The numbers of a column; `inf` as pandas reads it. */
const column = (rows: DSVRowArray<string>, name: string) =>
  rows.map((row) => Number((row[name] ?? "").replace("inf", "Infinity")));
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe("figures", () => {
  const names = [
    "strengths",
    "before-after",
    "powers-histogram",
    "powers-scatter",
    "powers-classes",
    "neighbours-histogram",
    "neighbours-ladder",
  ];

  it("lists what there is to draw, in the order of the report", () => {
    expect(figures(full, { document }).map(({ name }) => name)).toEqual(names);
    expect(figures({ neighbours: neighboursOf(9) }, { document }).map(({ name }) => name)).toEqual(
      names.slice(5),
    );
    const oneClass = powersOf(syntheticRows(1, 4), 4);
    expect(figures({ powers: oneClass }, { document }).map(({ name }) => name)).toEqual(
      names.slice(2, 4),
    );
    expect(figures({}, { document })).toEqual([]);
  });

  it.each([
    ["full", full],
    ["small", smallRun()],
    ["least", leastRun()],
  ])("%s: draws and tabulates without NaN, undefined or null", (_name, data) => {
    for (const { svg, csv, title, reading } of figures(data, { document })) {
      expect(svgText(svg) + csv + title + reading).not.toMatch(/NaN|undefined|\bnull\b|Infinity/);
      expect(csv.split("\n").length).toBeGreaterThan(2);
    }
  });
});

describe("the CSV is what was drawn", () => {
  it("strengths: the counts of each scenario, those outside included", () => {
    const rows = csvOf(full, "strengths");
    full.scenarios?.forEach(({ scenario, strengths: { below, counts, above } }) =>
      expect(column(rows, scenario.replaceAll("-", "_"))).toEqual([below, ...counts, above]),
    );
    expect(column(rows, "strength_from")).toEqual([
      -Infinity,
      ...Array.from({ length: 31 }, (_, i) => i - 10),
    ]);
    expect(column(rows, "strength_to").at(-1)).toBe(Infinity);
  });

  it("before and after: every filled cell of every scenario at its place", () => {
    const rows = csvOf(full, "before-after");
    full.scenarios?.forEach(({ scenario, beforeAfter }) => {
      const rebuilt = new Array<number>(100 * 100).fill(0);
      for (const row of rows) {
        const cell = (value: string | undefined) => Math.round((Number(value) + 18) / 0.24);
        const at = cell(row.control_from) * 100 + cell(row.induction_from);
        rebuilt[at] = Number(row[scenario.replaceAll("-", "_")]);
      }
      expect(rebuilt).toEqual(beforeAfter.counts);
    });
  });

  it("powers: tokens per bin and role", () => {
    const rows = csvOf(full, "powers-histogram");
    expect(column(rows, "a_power").slice(1, -1)).toEqual(full.powers?.a.histogram.counts);
    expect(column(rows, "b_power").slice(1, -1)).toEqual(full.powers?.b.histogram.counts);
    expect(column(rows, "power_from")[1]).toBeCloseTo(full.powers?.a.histogram.lo ?? NaN, 5);
  });

  it("powers: each token falls into a cell, once", () => {
    const rows = csvOf(full, "powers-scatter");
    const inCell = (row: (typeof rows)[number]) =>
      full.powers?.rows.filter(
        ({ a, b }) =>
          a.mean >= Number(row.a_power_from) &&
          a.mean < Number(row.a_power_to) &&
          b.mean >= Number(row.b_power_from) &&
          b.mean < Number(row.b_power_to),
      ).length;
    expect(rows.map((row) => Number(row.tokens))).toEqual(rows.map(inCell));
    expect(sum(column(rows, "tokens"))).toBe(900);
    const classes = csvOf(full, "powers-classes");
    for (const { class: name, tokens } of full.powers?.classes ?? []) {
      expect(sum(column(classes, name.replaceAll("-", "_")))).toBe(tokens);
    }
  });

  it("powers: few tokens are points, with the tokenizer's text", () => {
    const { powers } = smallRun();
    const rows = csvOf(smallRun(), "powers-scatter");
    expect(rows.map(({ text }) => text)).toEqual(
      powers?.rows.map(({ text }) => csvToken(text ?? "")),
    );
    powers?.rows.forEach((row, i) => {
      expect(Number(rows[i]?.a_power)).toBeCloseTo(row.a.mean, 5);
      expect(Number(rows[i]?.b_power)).toBeCloseTo(row.b.mean, 5);
    });
    const classes = csvOf(smallRun(), "powers-classes");
    expect(classes.length).toBe(60);
    expect(new Set(classes.map((row) => row.class)).size).toBe(powers?.classes.length);
  });

  it("neighbours: counts per bin, and means with intervals", () => {
    const { neighbours } = full;
    const rows = csvOf(full, "neighbours-histogram");
    expect(column(rows, "b").slice(1, -1)).toEqual(neighbours?.b.strengths.counts);
    const rank5 = neighbours?.ranks.find(({ rank }) => rank === 5);
    expect(column(rows, "rank_5").slice(1, -1)).toEqual(rank5?.strengths.counts);
    const ladder = csvOf(full, "neighbours-ladder");
    expect(ladder.map(({ place }) => place)).toEqual([
      "B",
      ...(neighbours?.ranks.map(() => "neighbour") ?? []),
      "random",
      "half-way",
    ]);
    const { mean, se } = neighbours?.b.strength ?? { mean: NaN, se: null };
    // Student's 97.5 % quantile at 4,095 degrees of freedom is 1.9605.
    expect(Number(ladder[0]?.log_odds_low)).toBeCloseTo(mean - 1.9605 * (se ?? NaN), 4);
    const half = (mean + (neighbours?.random.strength.mean ?? NaN)) / 2;
    expect(Number(ladder.at(-1)?.log_odds)).toBeCloseTo(half, 5);
  });
});

describe("files", () => {
  it("says in each SVG file where it comes from, and keeps it a standalone file on white", () => {
    const command = 'induction run "a & b" $& </desc>';
    const [figure] = figures(full, { document });
    const text = svgFile(figure!.svg, { ...full, command });
    expect(text).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(text).toContain(
      `Made by induction-lab 0.1.0 from attn-only-2l-mini (weights SHA-256 ${full.model.sha256}), ` +
        `seed 0: induction run &quot;a &amp; b&quot; $&amp; &lt;/desc&gt;</desc>`,
    );
    expect(text).not.toContain("var(");
  });

  it("gives a report and an SVG and a CSV file of each figure", () => {
    const files = reportFiles(full, { document });
    const list = figures(full, { document });
    expect(Object.keys(files)).toEqual([
      "report.html",
      ...list.flatMap(({ name }) => [`figures/${name}.svg`, `figures/${name}.csv`]),
    ]);
    list.forEach(({ name, csv }) => expect(files[`figures/${name}.csv`]).toBe(csv));
    expect(reportFiles(full, { document })).toEqual(files);
  });

  it("keeps the report of the embedded model's whole vocabulary below 3 MB", () => {
    const files = reportFiles(fullRun(8189), { document });
    expect(Buffer.byteLength(files["report.html"] ?? "")).toBeLessThan(3_000_000);
  });
});
