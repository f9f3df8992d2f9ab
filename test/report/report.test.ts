import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";

import { rankTokens, renderReport, type ReportData } from "../../src/report/index.js";
import { createDocument } from "../../src/report/node-document.js";
import {
  fourScenarios,
  frame,
  neighboursOf,
  powersOf,
  scenario,
  syntheticRows,
} from "./synthetic.js";

const document = createDocument();
const scenarios = fourScenarios(300);
const rows = syntheticRows(600, 64);
const powers = powersOf(rows, 64);
const render = (data: Partial<ReportData>) => renderReport({ ...frame, ...data }, { document });
const parse = (text: string) => parseHTML(text).document;
const words = (text: string) => (parse(text).body.textContent ?? "").replace(/\s+/g, " ");
const neighbours = neighboursOf(300);
const full = render({ scenarios, powers, neighbours, notes: ["partial: --limit 100"] });

describe("renderReport", () => {
  it("gives the answer first, with its numbers", () => {
    const answers = [...parse(full).querySelectorAll("header .answer")].map((p) =>
      (p.textContent ?? "").replaceAll("\u00a0", " "),
    );
    const { mean, se } = scenarios[3]!.strength;
    expect(answers[0]).toContain(
      `In attn-only-2l-mini a random pair A, B has an induction strength of ${mean.toFixed(2)} ± ` +
        `${se?.toFixed(2)} nats (n = 300 sequence pairs)`,
    );
    expect(answers[0]).toContain(`by about ${Math.exp(mean).toFixed(0)} (geometric mean)`);
    expect(answers[1]).toContain("Over 600 tokens (n = 64 sequence pairs each as A and as B)");
  });

  it("has the sections in order and headings without gaps", () => {
    const page = parse(full);
    const ids = [...page.querySelectorAll("section, footer")].map((part) => part.id);
    expect(ids).toEqual(["scenarios", "powers", "tables", "neighbours", "protocol", "provenance"]);
    const levels = [...page.querySelectorAll("h1, h2, h3")].map((part) => part.localName);
    expect(levels).toEqual(["h1", "h2", "h2", "h2", "h2", "h2", "h2"]);
  });

  it("is one file that asks for nothing and runs nothing", () => {
    expect(full).toContain(
      "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:",
    );
    expect(full.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
    for (const link of parse(full).querySelectorAll("a")) {
      expect(link.getAttribute("href")).toMatch(/^data:(image\/svg\+xml|text\/csv);charset=utf-8,/);
      expect(link.getAttribute("download")).toMatch(/^[a-z-]+\.(svg|csv)$/);
    }
    expect(full).not.toMatch(/<script|<link|<img|@import|url\(|\son\w+=/i);
    expect(full).toMatch(/<meta charset="utf-8" ?\/?>/);
    expect(full).toContain('content="width=device-width, initial-scale=1"');
  });

  it("names every figure and numbers them from one", () => {
    const page = parse(full);
    const numbers = [...page.querySelectorAll("figcaption strong")].map(
      (part) => /^Figure (\d)\./.exec(part.textContent ?? "")?.[1],
    );
    expect(numbers).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    for (const svg of page.querySelectorAll("svg")) {
      expect(svg.getAttribute("role")).toBe("img");
      expect(svg.getAttribute("aria-label")).not.toBe("");
      expect(svg.querySelector("title")).not.toBeNull();
      expect(svg.querySelector("desc")).not.toBeNull();
    }
  });

  it("gives every table a caption, scopes and a box to scroll in", () => {
    for (const table of parse(full).querySelectorAll("table")) {
      expect(table.querySelector("caption")?.textContent?.trim()).not.toBe("");
      expect(table.closest(".scroll")?.getAttribute("tabindex")).toBe("0");
      for (const th of table.querySelectorAll("th")) {
        expect(th.getAttribute("scope")).toBe(th.closest("thead") === null ? "row" : "col");
      }
      const width = table.querySelectorAll("thead th").length;
      for (const tr of table.querySelectorAll("tbody tr")) expect(tr.children.length).toBe(width);
    }
  });

  it("repeats the histograms as tables whose counts add up", () => {
    const page = parse(full);
    const tables = ["strengths", "powers-histogram"].map((name) =>
      page.querySelector(`#figure-${name} details table`),
    );
    const [strengths, tokens] = tables.map((table) =>
      [...(table?.querySelectorAll("tbody tr") ?? [])].map((tr) =>
        [...tr.querySelectorAll("td")].slice(1).map((td) => Number(td.textContent)),
      ),
    );
    const sums = (table: number[][] = []) =>
      table.reduce<number[]>((sum, row) => row.map((value, i) => value + (sum[i] ?? 0)), []);
    expect(sums(strengths)).toEqual([300, 300, 300, 300]);
    expect(sums(tokens)).toEqual([600, 600]);
  });

  it("states provenance, protocol and notes", () => {
    const text = words(full);
    for (const part of [
      frame.command,
      frame.version,
      frame.model.sha256,
      "onnxruntime-node 1.30.0",
      "float32",
      "256 sequence pairs",
      "vocabulary 8,192",
      "Preset roger-2023",
      "partial: --limit 100",
      ...frame.protocol.flatMap(({ name, value, note }) => [name, value, note ?? ""]),
    ]) {
      expect(text).toContain(part);
    }
  });

  it("gives the same bytes for the same data", () => {
    const again = render({ scenarios, powers, neighbours, notes: ["partial: --limit 100"] });
    expect(again).toBe(full);
  });
});

describe("parts", () => {
  it("reports powers alone", () => {
    const page = parse(render({ powers }));
    expect([...page.querySelectorAll("section")].map((part) => part.id)).toEqual([
      "powers",
      "tables",
      "protocol",
    ]);
    expect(page.querySelector(".answer")?.textContent).toContain("In attn-only-2l-mini, over");
    expect(page.querySelector("figcaption strong")?.textContent).toContain("Figure 1.");
  });

  it("reports one scenario alone, in its own words", () => {
    const page = parse(render({ scenarios: [scenario("fixed-a", 50, -2, 1)] }));
    const answer = page.querySelector(".answer")?.textContent?.replaceAll("\u00a0", " ");
    expect(answer).toContain("the pair A = ·Fab, B random has an induction strength of −");
    expect(answer).toContain("divides the odds of B");
    expect(page.querySelector("#powers")).toBeNull();
  });

  it("says so when there are no results", () => {
    expect(words(render({}))).toContain("This run holds no results yet.");
  });
});

describe("small n", () => {
  it.each([
    ["one pair", { scenarios: [scenario("fixed-b", 1, 3, 1)] }],
    ["two tokens, one pair each", { powers: powersOf(syntheticRows(2, 1), 1) }],
    ["one token", { powers: powersOf(syntheticRows(1, 1), 1) }],
  ])("%s: says that n is too small", (_name, data) => {
    const text = render(data);
    expect(words(text)).toContain("n too small");
    expect(text).not.toMatch(/NaN|undefined|\bnull\b|Infinity/);
  });

  it("prints no NaN, undefined or null in a full report either", () => {
    expect(full).not.toMatch(/NaN|undefined|\bnull\b|Infinity/);
  });

  it("calls a reliability below zero what it is", () => {
    const noisy = { ...powers, a: { ...powers.a, reliability: -3.2, trueSd: 0 } };
    const text = words(render({ powers: noisy }));
    expect(text).toContain("0 (all noise)");
    expect(text).not.toContain("−3.2");
  });
});

describe("token tables", () => {
  const ranked = (some: typeof rows) => rankTokens({ rows: some, partners: "all" }, "a");

  it("ranks by power, both ends, ties by id", () => {
    const [top, bottom] = rankTokens(powers, "b");
    const sorted = rows.map((row) => row.b.mean).toSorted((p, q) => q - p);
    expect(top?.rows.map((row) => row.b.mean)).toEqual(sorted.slice(0, 10));
    expect(bottom?.rows.map((row) => row.b.mean)).toEqual(sorted.slice(-10).reverse());
    const tied = rows.slice(0, 3).map((row) => ({ ...row, a: rows[0]!.a }));
    expect(ranked(tied.toReversed())[0]?.rows.map((row) => row.token)).toEqual([4, 5, 6]);
  });

  it("lists all tokens once when there are few", () => {
    expect(ranked(rows.slice(0, 19)).map((list) => list.rows.length)).toEqual([19]);
    expect(ranked(rows.slice(0, 20)).map((list) => list.rows.length)).toEqual([10, 10]);
    expect(ranked([])).toEqual([]);
  });

  it("shows both values where the tokens were measured again", () => {
    const [top] = rankTokens(powers, "a");
    const best = top!.rows[0]!;
    const remeasured = [{ ...best, a: { n: 999, mean: 1.25, se: 0.5, sd: 3 } }];
    const page = parse(render({ powers, remeasured }));
    const first = page.querySelector("#tables tbody tr")?.textContent;
    expect(first).toContain("1.25 ± 0.50");
    expect(first).toContain("999");
    expect(page.querySelectorAll("#tables tbody tr")[1]?.textContent).toContain("not measured");
    expect(page.querySelector("#tables p")?.textContent).toContain("fresh sequences");
  });

  it("cannot be broken by a token's text", () => {
    const texts = [
      "<script>alert(1)</script>",
      '"><img src=x onerror=alert(1)>',
      "</table></style>",
      "&lt;",
      "\u0000\u0015\n",
      "\u202eevil",
    ];
    const hostile = syntheticRows(6, 16).map((row, i) => ({ ...row, text: texts[i] ?? null }));
    const fixed = {
      ...scenarios[0]!,
      a: { id: 1, text: texts[0]! },
      b: { id: 2, text: texts[1]! },
    };
    const title = "<b>title</b>";
    const text = render({ title, powers: powersOf(hostile, 16), scenarios: [fixed] });
    expect(text).not.toMatch(/<script|<img|[\u0000-\u0008\u000e-\u001f\u202e]/);
    const page = parse(text);
    const cells = [...page.querySelectorAll("#tables table")[0]!.querySelectorAll("bdi")];
    expect(cells.map((cell) => cell.textContent).toSorted()).toEqual(
      [
        ...texts.slice(0, 4).map((t) => t.replaceAll(" ", "·")),
        "\\x00\\x15\\n",
        "\\u202eevil",
      ].toSorted(),
    );
    expect(page.querySelector("h1")?.textContent?.trim()).toBe(title);
  });
});
