import { describe, expect, it } from "vitest";

import { axisRange, binEdges, countedInside, outline } from "../../src/report/bins.js";
import { classColour, countClass, countLabels, countScale } from "../../src/report/count-scale.js";
import { darkTheme, pageTheme, paperTheme, themeCss, type Theme } from "../../src/report/theme.js";

describe("bins", () => {
  const histogram = { lo: 0, hi: 6, counts: [0, 2, 0, 3, 0, 0], below: 1, above: 0 };

  it("outlines from the first filled bin to the last", () => {
    expect(binEdges(histogram)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(outline(histogram)).toEqual([
      { edge: 1, count: 0 },
      { edge: 1, count: 2 },
      { edge: 2, count: 0 },
      { edge: 3, count: 3 },
      { edge: 4, count: 0 },
    ]);
    expect(countedInside(histogram)).toBe(5);
  });

  it("outlines nothing where nothing was counted", () => {
    expect(outline({ ...histogram, counts: [0, 0] })).toEqual([]);
  });

  it("gives a range without width one unit", () => {
    expect(axisRange(3, 3)).toEqual([2.5, 3.5]);
    expect(axisRange(3, 4)).toEqual([3, 4]);
  });
});

describe("count scale", () => {
  it.each([
    [[0, 1], ["1"]],
    [
      [0, 5],
      ["1", "2–3", "4–5"],
    ],
    [[127], ["1", "2–3", "4–7", "8–15", "16–31", "32–63", "64–127"]],
    [[128], ["1–2", "3–8", "9–26", "27–80", "81–128"]],
    [[], ["1"]],
  ])("labels counts up to %j as %j", (counts, labels) => {
    expect(countLabels(countScale(counts))).toEqual(labels);
  });

  it("puts every count into the class whose label holds it", () => {
    const scale = countScale([20]);
    expect([0, 1, 2, 3, 4, 7, 8, 15, 16, 20].map((count) => countClass(scale, count))).toEqual([
      -1, 0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]);
  });

  it("uses at most seven colours, from the first to the last", () => {
    for (const max of [1, 2, 10, 127, 128, 4096, 48262, 1e9]) {
      const scale = countScale([max]);
      const colours = scale.from.map((_, i) => classColour(scale, i));
      expect(new Set(colours).size).toBe(scale.from.length);
      expect(countClass(scale, max)).toBe(scale.from.length - 1);
      if (colours.length > 1) expect([colours[0], colours.at(-1)]).toEqual([0, 6]);
    }
  });
});

/** Relative luminance of `#rrggbb` (WCAG 2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const value = parseInt(colour.slice(i, i + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((p, q) => p - q);
  return (light + 0.05) / (dark + 0.05);
}

describe.each([
  ["light", paperTheme],
  ["dark", darkTheme],
] as [string, Theme][])("%s theme", (_name, theme) => {
  it("keeps text and lines at 4.5 to 1 or more", () => {
    for (const role of ["ink", "muted", "a", "b", "both", "neither", "accent"] as const) {
      expect(contrast(theme[role], theme.paper), role).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("orders the colours of counts by contrast with the paper", () => {
    const steps = theme.counts.map((colour) => contrast(colour, theme.paper));
    expect(steps).toEqual(steps.toSorted((p, q) => p - q));
    expect(steps[0]).toBeGreaterThan(1.5);
  });
});

it("declares every custom property that the page theme refers to, light and dark", () => {
  const css = themeCss();
  const used = [...Object.values(pageTheme)].flat().map((value) => String(value).slice(4, -1));
  expect(used.length).toBe(16);
  for (const reference of used) {
    const [name = "", fallback = ""] = reference.split(", ");
    expect(css.split(`${name}:`).length - 1, name).toBe(2);
    expect(css).toContain(`${name}:${fallback}`);
  }
});
