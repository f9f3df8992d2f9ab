import { describe, expect, it } from "vitest";
import { comparePublished } from "../../src/induction/compare-published.js";
import type { PowerRow } from "../../src/induction/summary.js";
import { darkTheme, publishedFigure, svgText } from "../../src/report/index.js";
import { createDocument } from "../../src/report/node-document.js";
import { normals } from "./synthetic.js";

const document = createDocument();

function comparison(tokens: number, shift = 0) {
  const normal = normals(tokens);
  const rows = Array.from({ length: tokens }, (_, token) => {
    const [a, b] = [5 + 2 * normal(), 4 + 2 * normal()];
    const row = (by: number): PowerRow => {
      const power = (truth: number) => ({ n: 256, mean: truth + by + 0.2 * normal(), se: 0.2 });
      return {
        ...{ token, text: null },
        ...{ a: { ...power(a), sd: 3.2 }, b: { ...power(b), sd: 3.2 } },
      };
    };
    return [row(shift), row(0)] as const;
  });
  return comparePublished(
    rows.map(([run]) => run),
    rows.map(([, published]) => published),
    0.05,
  );
}

const panelsOf = (svg: SVGElement) => [...svg.querySelectorAll("svg")];

describe("the figure of a run against published powers", () => {
  it("is one named image of four panels, the same bytes each time", () => {
    const data = comparison(1000);
    const svg = publishedFigure(data, { document });
    expect(svg.getAttribute("role")).toBe("img");
    expect(panelsOf(svg).map((panel) => panel.querySelector("title")?.textContent)).toEqual([
      "A power: this run against what was published",
      "B power: this run against what was published",
      "z of the A power",
      "z of the B power",
    ]);
    const text = svgText(svg);
    expect(text).toBe(svgText(publishedFigure(data, { document })));
    expect(text).not.toMatch(/ (?:d|transform|x|y|x1|x2|y1|y2)="[^"]*\d\.\d{3}/);
    expect(text).not.toMatch(/NaN|undefined|Infinity|null/);
    expect(text).toContain("tokens per cell");
    expect(text).toContain(`sd ${(data.a.z.sd as number).toFixed(3)}`);
    expect(svgText(publishedFigure(data, { document, theme: darkTheme }))).not.toContain("#1b5fa6");
  });

  it("draws few tokens as points, published across and the run up", () => {
    const data = comparison(30, 4);
    const [a, , z] = panelsOf(publishedFigure(data, { document }));
    const dots = [...(a?.querySelectorAll("circle") ?? [])];
    expect(dots).toHaveLength(30);
    // Pixels per nat, and the diagonal: a run 4 nats higher lies above it.
    const line = a?.querySelector('[aria-label="link"] path')?.getAttribute("d") ?? "";
    const [x1 = NaN, y1 = NaN, x2 = NaN, y2 = NaN] = line.match(/-?[\d.]+/g)?.map(Number) ?? [];
    expect(x2 - x1).toBeCloseTo(y1 - y2, 6);
    for (const dot of dots) {
      const [x, y] = ["cx", "cy"].map((name) => Number(dot.getAttribute(name)));
      const diagonal = y1 - ((x as number) - x1);
      expect(y).toBeLessThan(diagonal - 20);
    }
    // z is near 4 / (0.2 √2) = 14: the axis reaches it, and the curve stays at 0.
    const ticks = [...(z?.querySelectorAll('[aria-label="x-axis tick label"] text') ?? [])];
    expect(ticks.map((tick) => tick.textContent)).toContain("10");
  });

  it("says how many tokens lie outside the axis of z", () => {
    const text = svgText(publishedFigure(comparison(20, 30), { document }));
    expect(text).toContain("not drawn: 20 tokens (A power), 20 tokens (B power).");
    expect(svgText(publishedFigure(comparison(20), { document }))).not.toContain("not drawn");
  });
});
