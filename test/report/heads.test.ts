import type { Plot } from "@observablehq/plot";
import { csvParse } from "d3-dsv";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";

import type { HeadsSummary } from "../../src/induction/index.js";
import {
  answerSentences,
  darkTheme,
  figures,
  headsAblation,
  headsScatter,
  headsScores,
  pageTheme,
  paperTheme,
  renderReport,
  type Theme,
  svgText,
} from "../../src/report/index.js";
import { scoreClass, scoreClasses } from "../../src/report/heads-scale.js";
import { createDocument } from "../../src/report/node-document.js";
import { headsOf, headsRun, type SyntheticHeads } from "./synthetic-heads.js";

const document = createDocument();
const two = headsOf({ layers: 2, heads: 8 });
const many = headsOf({ layers: 12, heads: 12 });
const single = headsOf({ layers: 1, heads: 4, n: 1, pair: false });
const none = headsOf({ layers: 2, heads: 4, induction: false });

const csvOf = (heads: HeadsSummary, name: string) =>
  csvParse(figures({ heads }, { document }).find((figure) => figure.name === name)?.csv ?? "");

const page = (options: SyntheticHeads) =>
  parseHTML(renderReport(headsRun(options), { document })).document;
const words = (element: Element | null) =>
  (element?.textContent ?? "").replace(/[\s\u00a0]+/g, " ").trim();

function scaleOf(svg: SVGElement, name: "x" | "y") {
  const scale = (svg as unknown as Plot).scale(name);
  if (scale?.invert === undefined) throw new Error(`no scale ${name}`);
  return { apply: scale.apply, invert: scale.invert };
}

describe.each([
  ["two layers", two],
  ["12 × 12 heads", many],
  ["one layer, one sequence, no pair", single],
  ["nothing listed", none],
  ["one head", headsOf({ layers: 1, heads: 1 })],
  ["64 × 48 heads", headsOf({ layers: 48, heads: 64 })],
])("figures of heads: %s", (_name, heads) => {
  const drawn = figures({ heads }, { document, theme: pageTheme });

  it("are three, named and described, with the same bytes each time", () => {
    expect(drawn.map(({ name }) => name)).toEqual([
      "heads-scores",
      "heads-ablation",
      "heads-scatter",
    ]);
    const again = figures({ heads }, { document, theme: pageTheme });
    drawn.forEach(({ svg }, i) => {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")).toBe(svg.firstElementChild?.textContent);
      expect([...svg.children].slice(0, 2).map((child) => child.localName)).toEqual([
        "title",
        "desc",
      ]);
      expect(svg.querySelectorAll('[role="img"]').length).toBe(0);
      expect(svgText(again[i]!.svg)).toBe(svgText(svg));
    });
  });

  it("hold no NaN, undefined, null or endless number, no id and no address", () => {
    for (const { svg, csv, title, reading } of drawn) {
      const text = svgText(svg);
      expect(text + csv + title + reading).not.toMatch(/NaN|undefined|\bnull\b|Infinity/);
      expect(text).not.toMatch(/ (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*\d\.\d{3}/);
      expect(text.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/ id="|url\(|http/);
    }
  });
});

describe.each([
  ["heads-scores", () => headsScores(two, { document })],
  ["heads-ablation", () => headsAblation(two, { document })],
  ["heads-scatter", () => headsScatter(two, { document })],
])("%s", (name, draw) => {
  it("looks as it did", async () => {
    await expect(`${svgText(draw())}\n`).toMatchFileSnapshot(`./snapshots/${name}.svg`);
  });
});

describe("heat maps of scores", () => {
  it("are of heads of which some are listed", () => {
    expect([two.previousTokenHeads.length, two.inductionHeads.length]).toEqual([1, 2]);
    expect([none.previousTokenHeads, none.inductionHeads]).toEqual([[], []]);
  });

  const panelsOf = (heads: HeadsSummary) => [...headsScores(heads, { document }).children];
  const named = (heads: HeadsSummary, label: string) =>
    panelsOf(heads).find((panel) => panel.getAttribute("aria-label") === label)!;

  it("draw a cell for each head, its number in it where there is room", () => {
    const panel = named(two, "Heads by induction score");
    const cells = panel.querySelectorAll('[aria-label="cell"]:not([aria-description]) rect');
    expect(cells.length).toBe(16);
    const texts = [...panel.querySelectorAll('[aria-label="text"] text')].map(words);
    expect(texts.toSorted()).toEqual(
      two.heads.map(({ induction }) => induction.toFixed(2)).toSorted(),
    );
    const wide = headsScores(headsOf({ layers: 4, heads: 32 }), { document });
    expect(wide.querySelectorAll('[aria-label="text"]').length).toBe(0);
  });

  it.each([
    ["Heads by previous-token score", two.previousTokenHeads],
    ["Heads by duplicate-token score", []],
    ["Heads by induction score", two.inductionHeads],
  ])("%s: outlines the listed heads at their places", (label, list) => {
    const panel = named(two, label);
    const outlines = [...panel.querySelectorAll('[aria-description="listed"] rect')];
    expect(outlines.length).toBe(list.length);
    for (const name of list) {
      const row = two.heads.find((one) => one.name === name)!;
      const cell = [
        ...panel.querySelectorAll('[aria-label="cell"]:not([aria-description]) rect'),
      ].find((rect) => words(rect.querySelector("title")).startsWith(`${row.name}: `))!;
      expect(
        outlines.some((rect) =>
          ["x", "y", "width", "height"].every(
            (key) => rect.getAttribute(key) === cell.getAttribute(key),
          ),
        ),
      ).toBe(true);
    }
    expect(words(panel)).toContain(list.length > 0 ? `listed: ${list.join(", ")}` : "not a reason");
  });

  it("say where nothing is listed", () => {
    expect(words(named(none, "Heads by induction score"))).toContain("none listed");
    const outlines = '[aria-description="listed"] rect';
    expect(headsScores(none, { document }).querySelectorAll(outlines).length).toBe(0);
  });

  it("colour scores by class, from the least of it on", () => {
    const classes = scoreClasses(paperTheme);
    const found = [-0.01, 0, 0.049, 0.05, 0.39, 0.4, 0.8, 1].map((score) =>
      scoreClass(classes, score),
    );
    expect(found).toEqual([0, 0, 0, 1, 2, 3, 5, 5]);
  });

  it.each([
    ["light", paperTheme],
    ["dark", darkTheme],
  ] as const)("have numbers of enough contrast on their cells: %s", (_name, theme: Theme) => {
    const parse = (colour: string) =>
      [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
    const luminance = (channels: readonly number[]) => {
      const [r = 0, g = 0, b = 0] = channels.map((share) =>
        share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = parse(theme.paper);
    for (const { fill, opacity, text } of scoreClasses(theme)) {
      const under = parse(fill).map((value, i) => opacity * value + (1 - opacity) * paper[i]!);
      const [p, q] = [luminance(under), luminance(parse(text))];
      expect((Math.max(p, q) + 0.05) / (Math.min(p, q) + 0.05)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("have a CSV of every score with its interval", () => {
    const rows = csvOf(two, "heads-scores");
    expect(rows.map(({ head }) => head)).toEqual(two.heads.map(({ name }) => name));
    rows.forEach((row, i) => {
      const head = two.heads[i]!;
      expect(Number(row.induction)).toBeCloseTo(head.induction, 6);
      expect(Number(row.previous_token_low)).toBeCloseTo(head.intervals.previousToken![0], 6);
      expect(Number(row.duplicate_token_high)).toBeCloseTo(head.intervals.duplicateToken![1], 6);
      expect(row.listed_as?.split(", ").includes("induction")).toBe(
        two.inductionHeads.includes(head.name),
      );
    });
    expect(csvOf(single, "heads-scores")[0]).toMatchObject({ induction_low: "" });
  });
});

describe("effects of ablation", () => {
  it("stand in order of the effect, mean and interval at their places", () => {
    const svg = headsAblation(two, { document });
    const x = scaleOf(svg, "x");
    const sorted = two.heads.toSorted((p, q) => p.ablation.mean - q.ablation.mean);
    const at = (label: string) =>
      [...svg.querySelectorAll(`[aria-description="${label}"] > *`)].map((dot) => {
        const [, left, top] = /translate\(([\d.]+),([\d.]+)\)/.exec(
          dot.getAttribute("transform") ??
            `translate(${dot.getAttribute("cx") ?? ""},${dot.getAttribute("cy") ?? ""})`,
        ) ?? ["", "", ""];
        return { value: x.invert(Number(left)) as number, top: Number(top) };
      });
    const [mean, zero] = [at("mean ablation"), at("zero ablation")];
    expect([mean.length, zero.length]).toEqual([16, 16]);
    sorted.forEach((row, i) => {
      expect(mean[i]?.value).toBeCloseTo(row.ablation.mean, 1);
      expect(zero[i]?.value).toBeCloseTo(row.zeroAblation.mean, 1);
    });
    const tops = mean.map(({ top }) => top);
    expect(tops).toEqual(tops.toSorted((p, q) => p - q));
    const bars = [...svg.querySelectorAll('[aria-label="rule"]')]
      .map((group) => [...group.querySelectorAll("line")])
      .filter((lines) => lines.length === 16);
    sorted.forEach(({ intervals }, i) => {
      const ends = ["x1", "x2"].map(
        (name) => x.invert(Number(bars[1]?.[i]?.getAttribute(name))) as number,
      );
      expect(ends[0]).toBeCloseTo(intervals.ablation![0], 1);
      expect(ends[1]).toBeCloseTo(intervals.ablation![1], 1);
    });
    const bold = [...svg.querySelectorAll('[font-weight="700"] text')].map(words);
    expect(bold.toSorted()).toEqual([...two.inductionHeads].toSorted());
  });

  it("of many heads are both ends, and say how many lie between", () => {
    const sorted = many.heads.toSorted((p, q) => p.ablation.mean - q.ablation.mean);
    const shown = [...sorted.slice(0, 16), ...sorted.slice(-8)].map(({ name }) => name);
    expect(csvOf(many, "heads-ablation").map(({ head }) => head)).toEqual(shown);
    const text = svgText(headsAblation(many, { document }));
    expect(text).toContain("120 heads between");
    expect(text).toContain("of 144. The effect is");
    const all = headsOf({ layers: 4, heads: 8 });
    expect(csvOf(all, "heads-ablation").length).toBe(32);
    expect(svgText(headsAblation(all, { document }))).toContain("All heads, sorted");
  });
});

describe("score against effect", () => {
  it("draws each head at its score and effect, and names the listed ones", () => {
    const svg = headsScatter(two, { document });
    const [x, y] = [scaleOf(svg, "x"), scaleOf(svg, "y")];
    const dots = [...svg.querySelectorAll('[aria-description="induction heads"] circle')];
    const seen = dots.map((dot) => [
      x.invert(Number(dot.getAttribute("cx"))) as number,
      y.invert(Number(dot.getAttribute("cy"))) as number,
    ]);
    const listed = two.heads.filter(({ name }) => two.inductionHeads.includes(name));
    expect(seen.length).toBe(listed.length);
    listed.forEach((row, i) => {
      expect(seen[i]?.[0]).toBeCloseTo(row.induction, 2);
      expect(seen[i]?.[1]).toBeCloseTo(row.ablation.mean, 1);
    });
    const names = [...svg.querySelectorAll('[aria-label="heads"] text')].map(words);
    expect(names.toSorted()).toEqual([...two.inductionHeads, ...two.previousTokenHeads].toSorted());
    expect(csvOf(two, "heads-scatter").length).toBe(16);
  });

  it("names a head that is not listed where its ablation costs much", () => {
    const heads = two.heads.map((row) =>
      row.name === "L0H1"
        ? {
            ...row,
            ablation: { mean: -2, se: 0.1 },
            intervals: { ...row.intervals, ablation: [-2.2, -1.8] as const },
          }
        : row,
    );
    const svg = headsScatter({ ...two, heads }, { document });
    expect([...svg.querySelectorAll('[aria-label="heads"] text')].map(words)).toContain("L0H1");
  });
});

describe("the report of a run of heads", () => {
  const full = page({ layers: 2, heads: 8 });

  it("answers with the listed heads, their scores and effects", () => {
    const answers = answerSentences(headsRun({ layers: 2, heads: 8 }));
    expect(answers.length).toBe(2);
    for (const name of two.inductionHeads) {
      const { induction, ablation } = two.heads.find((row) => row.name === name)!;
      const effect = `−${Math.abs(ablation.mean).toFixed(2)} ± ${ablation.se?.toFixed(2) ?? ""} nats`;
      expect(answers[0]).toContain(
        `${name} (score ${induction.toFixed(2)}, mean ablation ${effect})`,
      );
    }
    expect(answers[0]).toContain("are listed as induction heads");
    expect(answers[1]).toMatch(/^Previous-token heads, with their scores: L0H3 \(0\.\d\d\)\.$/);
  });

  it("answers why none is listed", () => {
    const best = Math.max(...none.heads.map(({ induction }) => induction));
    const [first, second] = answerSentences(headsRun({ layers: 2, heads: 4, induction: false }));
    expect(first).toContain("no head is listed as an induction head: the highest score is");
    expect(first).toContain(`${best.toFixed(2)} (L`);
    expect(first).toContain("and the threshold is 0.40");
    expect(second).toBe("No head is listed as a previous-token head.");
    const noEffect: HeadsSummary = { ...two, inductionHeads: [] };
    expect(answerSentences({ ...headsRun({ layers: 2, heads: 8 }), heads: noEffect })[0]).toContain(
      "but the interval of its ablation effect",
    );
    expect(answerSentences(headsRun({ layers: 1, heads: 4, n: 1 }))[0]).toContain(
      "n too small for an interval",
    );
  });

  it("has its section before the protocol, three figures and one table of all heads", () => {
    const ids = [...full.querySelectorAll("section, footer")].map(({ id }) => id);
    expect(ids).toEqual(["heads", "protocol", "provenance"]);
    expect([...full.querySelectorAll("figure")].map(({ id }) => id)).toEqual([
      "figure-heads-scores",
      "figure-heads-ablation",
      "figure-heads-scatter",
    ]);
    const table = full.querySelector("#heads > .scroll table");
    const rows = [...(table?.querySelectorAll("tbody tr") ?? [])];
    expect(rows.map((row) => words(row.querySelector("th")).slice(0, 4))).toEqual(
      two.heads.map(({ name }) => name),
    );
    const widths = rows.map((row) => row.children.length);
    expect(new Set(widths)).toEqual(new Set([table?.querySelectorAll("thead th").length]));
    expect(words(table)).not.toMatch(/NaN|undefined|null|not finite/);
    expect(words(full.querySelector("header"))).toContain("and for scores of heads sequences.");
  });

  it("says how a head is listed, on which weights, and what the best pair does", () => {
    const text = words(full.querySelector("#heads"));
    expect(text).toContain("lower 95 % limit of that score exceeds 0.40");
    expect(text).toContain("on processed weights (fold layer norm, center)");
    expect(text).toContain("L1H1 and L1H6 lower the strength most together");
    expect(text).toContain("estimated on the second (n = 256 sequence pairs)");
    expect(text).toContain("random pairs of heads give −0.21 ± 0.03 nats");
    const without = words(page({ layers: 1, heads: 4, n: 1, pair: false }).querySelector("#heads"));
    expect(without).toContain("No pair of heads was ablated.");
  });

  it("of many heads shows those listed and the highest, and offers all as CSV", () => {
    const big = page({ layers: 12, heads: 12 });
    const rows = big.querySelectorAll("#heads > .scroll tbody tr");
    expect(rows.length).toBeGreaterThanOrEqual(24);
    expect(rows.length).toBeLessThanOrEqual(24 + 4);
    expect(words(big.querySelector("#heads > .scroll caption"))).toContain("of 144 heads");
    const names = [...rows].map((row) => words(row.querySelector("th")));
    for (const name of [...many.inductionHeads, ...many.previousTokenHeads]) {
      expect(names.some((text) => text.startsWith(name))).toBe(true);
    }
    const href = big.querySelector('a[download="heads.csv"]')?.getAttribute("href") ?? "";
    const csv = csvParse(decodeURIComponent(href.slice(href.indexOf(",") + 1)));
    expect(csv.length).toBe(144);
    csv.forEach((row, i) => {
      expect(Number(row.mean_ablation_se)).toBeCloseTo(many.heads[i]!.ablation.se ?? NaN, 5);
      expect(row.k_composition === "").toBe(many.heads[i]!.composition === null);
    });
  });
});
