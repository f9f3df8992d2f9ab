import { csvToken } from "../../src/report/token-text.js";
import { csvParse } from "d3-dsv";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";

import type { Correlation, PowersSummary, TokenClass } from "../../src/induction/summary.js";
import { classSentence } from "../../src/report/class-table.js";
import { controlAudit } from "../../src/report/control-audit.js";
import { csvText } from "../../src/report/data-table.js";
import { renderReport, type ReportData } from "../../src/report/index.js";
import { createDocument } from "../../src/report/node-document.js";
import { extremesTable, powersTable } from "../../src/report/powers-table.js";
import {
  crossedRows,
  fourScenarios,
  frame,
  neighboursOf,
  powersOf,
  remeasuredOf,
  scenario,
  syntheticRows,
} from "./synthetic.js";

const document = createDocument();
const powers = powersOf(syntheticRows(600, 64), 64);
const page = (data: Partial<ReportData>) =>
  parseHTML(renderReport({ ...frame, ...data }, { document })).document;
const words = (element: Element | null | undefined) =>
  (element?.textContent ?? "").replace(/\s+/g, " ").trim();
const tableOf = (data: Partial<ReportData>, label: string) =>
  [...(page(data).querySelector(`[aria-label="${label}"]`)?.querySelectorAll("tr") ?? [])].map(
    (tr) => [...tr.children].map(words),
  );

describe("classes of tokens", () => {
  const r = (value: number, reach = 0.02): Correlation => ({
    r: value,
    low: value - reach,
    high: value + reach,
  });
  const withClasses = (
    overall: Correlation | null,
    classes: Partial<Record<TokenClass, Correlation | null>>,
  ): PowersSummary => ({
    ...powers,
    correlation: overall,
    classes: Object.entries(classes).map(([name, correlation]) => ({
      class: name as TokenClass,
      tokens: 100,
      a: { mean: 1, sd: 1 },
      b: { mean: 1, sd: 1 },
      correlation,
    })),
  });

  it("shows n, mean and sd of both powers and r for each class, and for all", () => {
    const [head, ...rows] = tableOf({ powers }, "Classes of tokens");
    expect(head?.[0]).toBe("tokens that are");
    expect(rows.map(([name]) => name)).toEqual([
      "leading space",
      "word part",
      "punctuation",
      "bytes",
      "all",
    ]);
    const [first] = powers.classes;
    expect(rows[0]).toEqual([
      "leading space",
      String(first?.tokens),
      first?.a.mean.toFixed(2),
      first?.a.sd?.toFixed(2),
      first?.b.mean.toFixed(2),
      first?.b.sd?.toFixed(2),
      `${first?.correlation?.r.toFixed(3)} (${first?.correlation?.low.toFixed(3)} to ${first?.correlation?.high.toFixed(3)})`,
    ]);
    expect(rows.slice(0, -1).reduce((sum, row) => sum + Number(row[1]), 0)).toBe(600);
  });

  it("shows the reversal of the synthetic data, which is that of the published ones", () => {
    expect(powers.correlation?.high).toBeLessThan(0);
    expect(classSentence(powers)).toMatch(
      /Within classes the correlation is of the opposite sign for leading space .*Simpson's paradox/,
    );
  });

  it.each<[string, PowersSummary, string | RegExp]>([
    [
      "the same sign throughout",
      withClasses(r(-0.3), { "leading-space": r(-0.31), "word-part": r(-0.29) }),
      /of the same sign for leading space \(−0\.31\) and word part \(−0\.29\)\.$/,
    ],
    [
      "nothing that can be told apart from 0, and not from the whole either",
      withClasses(r(-0.3), { "leading-space": r(-0.1, 0.4), bytes: r(0.1, 0.9) }),
      /not distinguishable from 0 for leading space \(−0\.10\) and bytes \(0\.10\)\.$/,
    ],
    [
      "much weaker in every class",
      withClasses(r(-0.3), { "leading-space": r(-0.05), bytes: r(0.01) }),
      /Simpson's paradox/,
    ],
    [
      "no correlation over all, but within",
      withClasses(r(0.01), { "leading-space": r(0.4), bytes: r(0.3) }),
      /different from 0 for leading space \(0\.40\) and bytes \(0\.30\)\.$/,
    ],
    ["one class", withClasses(r(-0.3), { bytes: r(-0.3) }), /All tokens are of one class\.$/],
    ["too few tokens", withClasses(null, { bytes: null, punctuation: null }), /too few tokens\.$/],
  ])("says of %s no more than there is", (_name, summary, expected) => {
    expect(classSentence(summary)).toMatch(expected);
    expect(classSentence(summary)).not.toMatch(/NaN|undefined|null/);
  });
});

describe("designs and partners", () => {
  const crossed = powersOf(crossedRows(200, 8), 8, { design: "crossed" });

  it("shows plain beside adjusted values of the crossed design", () => {
    const rows = tableOf({ powers: crossed }, "Spread");
    expect(rows.map(([name]) => name)).toEqual([
      "power",
      "A power, adjusted",
      "A power, plain",
      "B power, adjusted",
      "B power, plain",
    ]);
    const plain = crossed.rows.map((row) => row.plain?.a.mean ?? NaN);
    const mean = plain.reduce((sum, value) => sum + value, 0) / plain.length;
    expect(rows[2]?.[3]).toContain(mean.toFixed(2));
    expect(rows[1]?.[3]).toContain(crossed.a.mean.toFixed(2));
    expect(rows[0]?.[2]).toBe("rounds");
    expect(tableOf({ powers }, "Spread").length).toBe(3);
  });

  it("names restricted partners wherever powers are named", () => {
    const restricted = { ...crossed, partners: "restricted" as const };
    const data = { powers: restricted, remeasured: remeasuredOf(restricted, 64) };
    const body = page(data);
    const text = words(body.body);
    for (const part of [
      "the mean restricted A power is",
      "Restricted powers",
      "which is another quantity than the power over the whole vocabulary",
      "Restricted A power, adjusted",
      "Distribution of restricted powers",
      "Strongest 10 by restricted A power",
      "Weakest 10 by restricted B power",
    ]) {
      expect(text).toContain(part);
    }
    for (const svg of body.querySelectorAll("#powers .drawing svg")) {
      expect(words(svg)).toMatch(/[Rr]estricted A power/);
    }
    // Outside of the definitions nothing is called a power without that word.
    const names = body.querySelectorAll(
      "#powers th, #tables th, #tables caption, #powers svg text",
    );
    for (const name of names) {
      if (/. ?power/i.test(words(name))) expect(words(name)).toMatch(/restricted/i);
    }
    expect(words(page({ powers }).body)).not.toMatch(/restricted/i);
  });
});

describe("controls", () => {
  it("compares the share of controls that hold A B with the shuffle's", () => {
    const scenarios = fourScenarios(2200);
    expect(scenarios[0]?.controlAB.mean).toBeCloseTo(1 / 22, 6);
    expect(controlAudit(scenarios, 22)).toMatch(
      /shuffle of 22 tokens .* 1\/22 = 4\.5 % .* Every scenario is within 4 standard errors/,
    );
    expect(tableOf({ scenarios }, "Scenarios")[1]?.at(-1)).toBe("4.55 ± 0.44 %");
  });

  it("names a scenario whose controls are off", () => {
    const [first, ...rest] = fourScenarios(2200);
    const never = { ...first!, controlAB: { n: 2200, mean: 0, se: 0, sd: 0 } };
    expect(controlAudit([never, ...rest], 22)).toContain("away from that: A and B fixed, whose");
  });

  it("claims nothing of other controls or without data", () => {
    const one = scenario("fixed-a", 1, 3, 1);
    expect(controlAudit([one], undefined)).not.toMatch(/22|standard errors/);
    const none = { ...one, controlAB: { n: 0, mean: NaN, se: null, sd: null } };
    expect(controlAudit([none], 22)).not.toMatch(/standard errors|NaN/);
  });
});

describe("neighbours", () => {
  it("gives the share of the way with its interval, in log-odds and in logits", () => {
    const neighbours = neighboursOf(300);
    const [, ...rows] = tableOf({ neighbours }, "Half-way");
    expect(rows.map(([rank]) => rank)).toEqual(["1", "5", "15"]);
    const { ratio, low, high } = neighbours.halfWay[0]!.logits!;
    expect(rows[0]?.[3]).toBe(
      `${ratio.toFixed(2)} (95 % interval ${low.toFixed(2)} to ${high.toFixed(2)})`,
    );
    expect(
      words(page({ neighbours }).querySelector(".answer")).replaceAll("\u00a0", " "),
    ).toContain(`the token nearest to B gets ${neighbours.halfWay[0]!.logOdds!.ratio.toFixed(2)}`);
  });

  it("calls the share not testable where B and random tokens do not differ", () => {
    const neighbours = neighboursOf(512, 0.05);
    const [, ...rows] = tableOf({ neighbours }, "Half-way");
    const verdict = "not testable: B and random tokens differ by less than 0.25 nats";
    expect(rows.map((row) => row[2])).toEqual([verdict, verdict, verdict]);
    expect(words(page({ neighbours }).querySelector(".answer"))).toContain(verdict);
  });

  it("says that one pair is too few", () => {
    const one = { ...neighboursOf(1, 3, 5) };
    const [, ...rows] = tableOf({ neighbours: one }, "Half-way");
    expect(rows[0]?.slice(1)).toEqual(["1", "n too small", "n too small"]);
    const text = renderReport({ ...frame, neighbours: one }, { document });
    expect(text).not.toMatch(/NaN|undefined|\bnull\b|Infinity/);
  });
});

describe("tables of tokens as CSV", () => {
  it("holds all tokens under the names of the run's own tables", () => {
    const rows = csvParse(csvText(powersTable(powers)));
    expect(rows.columns).toEqual("token text a_power a_se a_n b_power b_se b_n".split(" "));
    expect(rows.length).toBe(600);
    powers.rows.forEach(({ token, text, a, b }, i) => {
      const row = rows[i]!;
      expect([row.token, row.text, row.a_n]).toEqual([String(token), csvToken(text ?? ""), "64"]);
      expect(Number(row.a_power)).toBeCloseTo(a.mean, 5);
      expect(Number(row.b_se)).toBeCloseTo(b.se ?? NaN, 5);
    });
  });

  it("puts the values of fresh sequences beside those that selected the tokens", () => {
    const fresh = remeasuredOf(powers, 256);
    const rows = csvParse(csvText(extremesTable(powers, fresh)));
    expect(rows.length).toBe(40);
    expect(rows.columns.slice(-6)).toEqual(
      ["a_power", "a_se", "a_n", "b_power", "b_se", "b_n"].map((name) => `fresh_${name}`),
    );
    const [first] = rows;
    const again = fresh.find((row) => String(row.token) === first?.token);
    expect(Number(first?.fresh_a_power)).toBeCloseTo(again?.a.mean ?? NaN, 5);
    expect(first?.fresh_a_n).toBe("256");
    expect(csvParse(csvText(extremesTable(powers))).columns.length).toBe(9);
    const partly = csvParse(csvText(extremesTable(powers, [again!])));
    const measured = partly.filter((row) => row.fresh_a_power !== "");
    expect(new Set(measured.map((row) => row.token))).toEqual(new Set([first?.token]));
  });
});
