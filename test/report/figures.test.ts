import type { Plot } from "@observablehq/plot";
import { describe, expect, it } from "vitest";

import {
  beforeAfterFigure,
  beforeAfterPanel,
  beforeAfterScale,
  pageTheme,
  neighboursHistogram,
  neighboursLadder,
  powersClasses,
  powersHistogram,
  powersScatter,
  strengthsFigure,
  svgText,
} from "../../src/report/index.js";
import { countClass } from "../../src/report/count-scale.js";
import { createDocument } from "../../src/report/node-document.js";
import {
  estimate,
  fourScenarios,
  neighboursOf,
  powersOf,
  scenario,
  syntheticRows,
} from "./synthetic.js";

const document = createDocument();
const scenarios = fourScenarios(300);
const powers = powersOf(syntheticRows(600, 64), 64);
const neighbours = neighboursOf(300);
const snapshot = (name: string) => `./snapshots/${name}.svg`;

/** A scale of a plot: data to pixels and back. */
function scaleOf(svg: SVGElement, name: "x" | "y") {
  const scale = (svg as unknown as Plot).scale(name);
  if (scale?.invert === undefined) throw new Error(`no scale ${name}`);
  return { apply: scale.apply, invert: scale.invert };
}

/** The tick labels of an axis, as one text. */
const scaleTicks = (svg: Element) =>
  svg.querySelector('[aria-label="x-axis tick label"]')?.textContent ?? "";

/** All numbers of a path, in pairs of x and y. */
function points(path: Element | null | undefined): [number, number][] {
  const pairs = (path?.getAttribute("d") ?? "").matchAll(/(-?[\d.]+),(-?[\d.]+)/g);
  return [...pairs].map((match) => [Number(match[1]), Number(match[2])]);
}

/** Counts of a step outline, read back from its pixels. */
function heights(svg: SVGElement, line: Element | undefined): number[] {
  const y = scaleOf(svg, "y");
  const seen = points(line);
  // Of a step from (x, y) to (x', y) only the runs along x have width.
  return seen.flatMap(([x, value], i) => {
    const next = seen[i + 1];
    return next !== undefined && next[0] > x && next[1] === value
      ? [y.invert(value) as number]
      : [];
  });
}

describe.each([
  ["powers-histogram", () => powersHistogram(powers, { document })],
  ["powers-scatter", () => powersScatter(powers, { document })],
  ["strengths", () => strengthsFigure(scenarios, { document })],
  ["before-after", () => beforeAfterFigure(scenarios, { document })],
  ["powers-classes", () => powersClasses(powers, { document })],
  ["neighbours-histogram", () => neighboursHistogram(neighbours, { document })],
  ["neighbours-ladder", () => neighboursLadder(neighbours, { document })],
  [
    "neighbours-ladder-few-page-theme",
    () => neighboursLadder(neighboursOf(20, 5, 15), { document, theme: pageTheme }),
  ],
  [
    "before-after-panel-page-theme",
    () =>
      beforeAfterPanel(scenario("fixed-a", 40, 6, 2), {
        document,
        theme: pageTheme,
        scale: beforeAfterScale(scenarios),
      }),
  ],
  [
    "powers-scatter-few",
    () => powersScatter(powersOf(syntheticRows(12, 8), 8), { document, theme: pageTheme }),
  ],
])("%s", (name, draw) => {
  it("draws the same bytes each time", async () => {
    const text = svgText(draw());
    expect(svgText(draw())).toBe(text);
    await expect(`${text}\n`).toMatchFileSnapshot(snapshot(name));
  });

  it("is one named and described image", () => {
    const svg = draw();
    expect(svg.getAttribute("role")).toBe("img");
    expect(svg.getAttribute("aria-label")).toBe(svg.firstElementChild?.textContent);
    expect([...svg.children].slice(0, 2).map((child) => child.localName)).toEqual([
      "title",
      "desc",
    ]);
    expect(svg.querySelectorAll('[role="img"]').length).toBe(0);
  });

  it("rounds its geometry, has no ids and fetches nothing", () => {
    const text = svgText(draw());
    expect(text).not.toMatch(/ (?:d|transform|x|y|x1|x2|y1|y2|width|height)="[^"]*\d\.\d{3}/);
    expect(text).not.toMatch(/ id="|url\(|NaN|undefined|null|Infinity/);
    expect(text.replaceAll("http://www.w3.org/2000/svg", "")).not.toContain("http");
  });
});

describe("powers histogram", () => {
  it("draws as many tokens as there are, and rules at the means", () => {
    const svg = powersHistogram(powers, { document });
    const lines = [...svg.querySelectorAll('[aria-label="line"] path')];
    const [a = [], b = []] = lines.map((line) => heights(svg, line));
    for (const [drawn, { histogram }] of [
      [a, powers.a],
      [b, powers.b],
    ] as const) {
      const filled = histogram.counts.slice(
        histogram.counts.findIndex((count) => count > 0),
        histogram.counts.findLastIndex((count) => count > 0) + 1,
      );
      expect(drawn.reduce((sum, count) => sum + Math.round(count), 0)).toBe(600);
      expect(Math.max(...drawn.map(Math.round))).toBe(Math.max(...filled));
    }
    const rules = [...svg.querySelectorAll('[aria-label="rule"] line')];
    const x = scaleOf(svg, "x");
    const means = rules.slice(0, 2).map((rule) => x.invert(Number(rule.getAttribute("x1"))));
    expect(means[0]).toBeCloseTo(powers.a.mean, 1);
    expect(means[1]).toBeCloseTo(powers.b.mean, 1);
  });

  it("tells A and B apart by more than colour", () => {
    const text = svgText(powersHistogram(powers, { document }));
    expect(text).toContain("A power, mean");
    expect(text.match(/stroke-dasharray="5[ ,]3"/g)?.length).toBeGreaterThanOrEqual(3);
  });
});

describe("strengths", () => {
  it("draws every pair inside the axis, as percent of the scenario's pairs", () => {
    const svg = strengthsFigure(scenarios, { document });
    const lines = [...svg.querySelectorAll('[aria-label="line"] path')];
    expect(lines.length).toBe(4);
    lines.forEach((line, i) => {
      const { strengths, strength } = scenarios[i]!;
      const inside = strength.n - strengths.below - strengths.above;
      const drawn = heights(svg, line).reduce((sum, share) => sum + share, 0);
      expect(drawn).toBeCloseTo((100 * inside) / strength.n, 0);
    });
    const dashes = lines.map((line) =>
      line.closest("[aria-label=line]")?.getAttribute("stroke-dasharray"),
    );
    expect(new Set(dashes).size).toBe(4);
  });

  it("states what lies outside", () => {
    const wide = scenario("fixed-a", 200, 6, 9);
    const outside = wide.strengths.below + wide.strengths.above;
    expect(outside).toBeGreaterThan(0);
    expect(svgText(strengthsFigure([wide], { document }))).toContain(
      `Outside the axes and not drawn: ${outside} pairs (A fixed).`,
    );
  });
});

describe("neighbours", () => {
  it("draws B, the post's ranks and random tokens on one axis, as percent of the pairs", () => {
    const svg = neighboursHistogram(neighbours, { document });
    const lines = [...svg.querySelectorAll('[aria-label="line"] path')];
    const drawn = lines.map((line) => heights(svg, line).reduce((sum, share) => sum + share, 0));
    const plotted = [
      neighbours.b,
      ...neighbours.ranks.filter(({ rank }) => [1, 5, 15].includes(rank)),
      neighbours.random,
    ];
    expect(drawn.length).toBe(5);
    plotted.forEach(({ strengths: { below, above } }, i) =>
      expect(drawn[i]).toBeCloseTo((100 * (300 - below - above)) / 300, 0),
    );
    const x = scaleOf(svg, "x");
    expect([x.invert(46), x.invert(448)]).toEqual([-10, 20]);
  });

  it("draws means and 95 % intervals at the logarithm of the rank, B left and random right", () => {
    const svg = neighboursLadder(neighbours, { document });
    const [x, y] = [scaleOf(svg, "x"), scaleOf(svg, "y")];
    const number = (element: Element, name: string) => Number(element.getAttribute(name));
    const groups = [...svg.querySelectorAll('[aria-label="dot"]')].map((group) =>
      [...group.querySelectorAll("path, circle")].map((dot) => {
        const [, left, top] = /translate\(([\d.]+),([\d.]+)\)/.exec(
          dot.getAttribute("transform") ?? `translate(${number(dot, "cx")},${number(dot, "cy")})`,
        ) ?? ["", "", ""];
        return [x.invert(Number(left)) as number, y.invert(Number(top)) as number] as const;
      }),
    );
    const all = [neighbours.b, ...neighbours.ranks, neighbours.random];
    const [logits = [], logOdds = []] = groups;
    expect([logits.length, logOdds.length]).toEqual([all.length, all.length]);
    all.forEach((one, i) => {
      expect(logOdds[i]?.[1]).toBeCloseTo(one.strength.mean, 1);
      expect(logits[i]?.[1]).toBeCloseTo(one.logitStrength.mean, 1);
    });
    const places = logOdds.map(([place]) => place);
    neighbours.ranks.forEach(({ rank }, i) =>
      expect(places[i + 1]).toBeCloseTo(Math.log10(rank), 1),
    );
    expect(places[0]).toBeLessThan(0);
    expect(places.at(-1)).toBeGreaterThan(3);

    const rules = [...svg.querySelectorAll('[aria-label="rule"]')];
    const bars = rules.map((group) =>
      [...group.querySelectorAll("line")].map((line) =>
        Math.abs(
          (y.invert(number(line, "y1")) as number) - (y.invert(number(line, "y2")) as number),
        ),
      ),
    );
    const found = bars.filter((group) => group.length === all.length);
    expect(found.length).toBe(2);
    // Student's 97.5 % quantile at 299 degrees of freedom is 1.968.
    all.forEach(({ strength }, i) =>
      expect(found[1]?.[i]).toBeCloseTo(2 * 1.968 * (strength.se ?? 0), 1),
    );
  });

  it("draws the half-way lines", () => {
    const svg = neighboursLadder(neighbours, { document });
    const y = scaleOf(svg, "y");
    const lines = [...svg.querySelectorAll('[aria-label="rule"][stroke-dasharray] line')];
    const drawn = lines.map((line) => y.invert(Number(line.getAttribute("y1"))) as number);
    const { b, random } = neighbours;
    expect(drawn[0]).toBeCloseTo((b.logitStrength.mean + random.logitStrength.mean) / 2, 1);
    expect(drawn[1]).toBeCloseTo((b.strength.mean + random.strength.mean) / 2, 1);
  });

  it("draws one pair, no pair and no rank", () => {
    const none = estimate([]);
    const empty = { ...neighbours.b, strength: none, logitStrength: none };
    for (const data of [
      neighboursOf(1, 3, 1),
      { ...neighbours, ranks: [], halfWay: [] },
      { ...neighbours, b: empty, random: empty, ranks: [], halfWay: [] },
    ]) {
      const texts = [neighboursHistogram, neighboursLadder].map((draw) =>
        svgText(draw(data, { document })),
      );
      expect(texts.join("")).not.toMatch(/NaN|undefined|null|Infinity/);
    }
  });
});

describe("powers by class", () => {
  it("puts every token into one panel, on common axes and colours", () => {
    const svg = powersClasses(powers, { document });
    const all = powersScatter(powers, { document });
    const cell = (svg: Element, side: number) =>
      [...svg.querySelectorAll('[aria-label="counts"] path')].reduce((sum, path) => {
        const runs = (path.getAttribute("d") ?? "").matchAll(/M([\d.]+),[\d.]+H([\d.]+)/g);
        return [...runs].reduce(
          (cells, run) => cells + Math.round((Number(run[2]) - Number(run[1])) / (side / 80)),
          sum,
        );
      }, 0);
    const panels = [...svg.querySelectorAll("svg")];
    expect(panels.length).toBe(powers.classes.length);
    // A cell may hold tokens of several classes.
    const sum = panels.reduce((cells, panel) => cells + cell(panel, 258), 0);
    expect(sum).toBeGreaterThanOrEqual(cell(all, 402));
    expect(sum).toBeLessThanOrEqual(600);
    const domains = panels.map((panel) => scaleTicks(panel));
    expect(new Set(domains).size).toBe(1);
  });

  it("names each class, its tokens and its own correlation", () => {
    const text = svgText(powersClasses(powers, { document }));
    for (const one of powers.classes) {
      expect(text).toContain(`${one.tokens} token`);
      if (one.correlation !== null) {
        expect(text).toContain(`r = ${one.correlation.r.toFixed(3).replace("-", "−")}, 95 %`);
      }
    }
  });
});

describe("before and after", () => {
  const one = scenario("neither-fixed", 400, 5, 3);
  const scale = beforeAfterScale([one]);
  const panel = (summary = one) => beforeAfterPanel(summary, { document, scale });

  it("spans the arrow from the mean point to the diagonal", () => {
    const svg = panel();
    const path = svg.querySelector('[aria-label="mean strength"] path');
    const [from = [0, 0], to = [0, 0]] = points(path);
    const [x, y] = [scaleOf(svg, "x"), scaleOf(svg, "y")];
    const { induction, control } = one.logOdds;
    expect(x.invert(from[0])).toBeCloseTo(induction.mean, 2);
    expect(y.invert(from[1])).toBeCloseTo(control.mean, 2);
    expect(x.invert(to[0])).toBeCloseTo(control.mean, 2);
    expect(to[1]).toBe(from[1]);
    const length = (x.invert(from[0]) as number) - (x.invert(to[0]) as number);
    expect(length).toBeCloseTo(one.strength.mean, 2);
  });

  it("gives both axes the same units", () => {
    const svg = panel();
    const [x, y] = [scaleOf(svg, "x"), scaleOf(svg, "y")];
    const span = (scale: typeof x) =>
      Math.abs((scale.apply(6) as number) - (scale.apply(-18) as number));
    expect(span(x)).toBeCloseTo(span(y), 6);
  });

  it("covers each filled cell once, in the colour of its count", () => {
    const svg = panel();
    const cell = 250 / 100;
    const drawn = [...svg.querySelectorAll('[aria-label="counts"] path')].map((path) =>
      [...(path.getAttribute("d") ?? "").matchAll(/M([\d.]+),[\d.]+H([\d.]+)/g)].reduce(
        (sum, match) => sum + Math.round((Number(match[2]) - Number(match[1])) / cell),
        0,
      ),
    );
    const expected = scale.from.map(
      (_, i) => one.beforeAfter.counts.filter((count) => countClass(scale, count) === i).length,
    );
    expect(drawn).toEqual(expected.filter((count) => count > 0));
  });

  it("draws no arrow out of the frame, and says so", () => {
    const far = { ...one, logOdds: { induction: estimate([-30, -31]), control: estimate([-20]) } };
    const text = svgText(panel(far));
    expect(text).not.toContain('aria-label="mean strength"');
    expect(text).toContain("Mean point outside the axes, no arrow: Neither fixed.");
  });

  it("stays small", () => {
    const text = svgText(beforeAfterFigure(fourScenarios(4096), { document }));
    expect(text.length).toBeLessThan(150_000);
  });
});

describe("powers scatter", () => {
  it("counts many tokens in cells and stays small", () => {
    const many = powersOf(syntheticRows(48_000, 16), 16);
    const text = svgText(powersScatter(many, { document }));
    expect(text.length).toBeLessThan(150_000);
    expect(text).toContain("tokens per cell");
    expect(text).toContain(`r = −${Math.abs(many.correlation?.r ?? 0).toFixed(3)}, 95 % interval`);
  });

  it("draws few tokens as points at their powers", () => {
    const few = powersOf(syntheticRows(5, 16), 16);
    const svg = powersScatter(few, { document });
    const [x, y] = [scaleOf(svg, "x"), scaleOf(svg, "y")];
    const dots = [...svg.querySelectorAll('[aria-label="dot"] circle')];
    const seen = dots.map((dot) => [
      x.invert(Number(dot.getAttribute("cx"))) as number,
      y.invert(Number(dot.getAttribute("cy"))) as number,
    ]);
    expect(seen.length).toBe(5);
    few.rows.forEach((row) => {
      const near = seen.some(
        ([a = 0, b = 0]) => Math.abs(a - row.a.mean) < 0.02 && Math.abs(b - row.b.mean) < 0.02,
      );
      expect(near).toBe(true);
    });
  });

  it("escapes the tokens it names", () => {
    const [first, ...rest] = syntheticRows(6, 16);
    const hostile = { ...first!, text: "</g><x>\n", a: { ...first!.a, mean: 30 } };
    const text = svgText(powersScatter(powersOf([hostile, ...rest], 16), { document }));
    expect(text).toContain("&lt;/g&gt;&lt;x&gt;\\n");
    expect(text).not.toContain("<x>");
  });
});

describe("little data", () => {
  it.each([0, 1, 2, 3])("draws %i tokens", (tokens) => {
    const rows = syntheticRows(tokens, 1);
    const small =
      tokens === 0 ? { ...powersOf(syntheticRows(1, 1), 1), rows: [] } : powersOf(rows, 1);
    for (const draw of [powersHistogram, powersScatter]) {
      const text = svgText(draw(small, { document }));
      expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
    }
  });

  it("draws tokens that are all the same", () => {
    const [row] = syntheticRows(1, 16);
    const rows = [0, 1, 2, 3, 4].map((token) => ({ ...row!, token, b: row!.a }));
    const same = powersOf(rows, 16);
    expect(same.correlation).toBeNull();
    const text = svgText(powersScatter(same, { document }));
    expect(text).toContain("correlation: n too small, or no variance");
    expect(text + svgText(powersHistogram(same, { document }))).not.toMatch(/NaN|null|Infinity/);
  });

  it("draws a scenario of one pair, and no scenario", () => {
    const one = scenario("fixed-b", 1, 3, 1);
    const texts = [
      svgText(strengthsFigure([one], { document })),
      svgText(beforeAfterFigure([one], { document })),
      svgText(strengthsFigure([], { document })),
      svgText(beforeAfterFigure([], { document })),
    ];
    expect(texts[0]).toContain("nats (n too small for an SE)");
    expect(texts.join("")).not.toMatch(/NaN|undefined|null|Infinity/);
  });
});
