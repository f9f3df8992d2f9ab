import * as Plot from "@observablehq/plot";

import type { NeighboursSummary } from "../induction/summary.js";
import { baseOptions, type FigureOptions, finishFigure, themeOf } from "./figure.js";
import { type LadderPoint, ladderPoints } from "./ladder-points.js";
import { type SeriesEntry, seriesLegend } from "./legends.js";
import { readNeighboursLadder } from "./neighbour-captions.js";
import { formatCount } from "./numbers.js";
import type { Theme } from "./theme.js";

/** Where points stand on the horizontal axis, log10 of the rank: B left of 1, random tokens right. */
interface Places {
  readonly b: number;
  readonly random: number;
  readonly domain: [number, number];
  readonly ticks: ReadonlyMap<number, string>;
}

function placesOf(data: NeighboursSummary): Places {
  const last = Math.max(10, ...data.ranks.map(({ rank }) => rank));
  const [b, random] = [-0.35, Math.log10(last) + 0.55];
  const ranks = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000].filter((rank) => rank <= last);
  const ticks = ranks.map((rank) => [Math.log10(rank), formatCount(rank)] as const);
  return {
    b,
    random,
    domain: [b - 0.15, random + 0.3],
    ticks: new Map([[b, "B"], ...ticks, [random, "random"]]),
  };
}

const placeOf = ({ place }: LadderPoint, places: Places) =>
  place === "b" ? places.b : place === "random" ? places.random : Math.log10(place);

interface Style {
  readonly stroke: string;
  readonly symbol: "circle" | "square";
  readonly fill: string;
}

/** Points with their intervals, the line over ranks, the band of random tokens, the half-way line. */
function series(points: readonly LadderPoint[], places: Places, style: Style): Plot.Markish {
  const at = (point: LadderPoint) => placeOf(point, places);
  const [x1, x2] = places.domain;
  const random = points.filter(({ place }) => place === "random");
  const b = points.find(({ place }) => place === "b");
  const half = b === undefined ? [] : random.map(({ mean }) => (b.mean + mean) / 2);
  const { stroke } = style;
  return [
    Plot.rect(random, {
      x1,
      x2,
      y1: "low",
      y2: "high",
      fill: stroke,
      fillOpacity: 0.16,
    }),
    Plot.ruleY(half, { x1, x2, stroke, strokeDasharray: "6 3" }),
    Plot.line(
      points.filter(({ place }) => typeof place === "number"),
      { x: at, y: "mean", stroke, strokeWidth: 1.5 },
    ),
    Plot.ruleX(points, { x: at, y1: "low", y2: "high", stroke }),
    Plot.dot(points, {
      x: at,
      y: "mean",
      symbol: style.symbol,
      r: 3,
      stroke,
      strokeWidth: 1.5,
      fill: style.fill,
    }),
  ];
}

function legendEntries(theme: Theme): readonly SeriesEntry[] {
  return [
    { label: "log-odds", stroke: theme.b, width: 1.5, symbol: "circle" },
    { label: "logits", stroke: theme.counts[5], width: 1.5, symbol: "square" },
    {
      label: "half-way between B and random tokens, each in its colour",
      stroke: theme.muted,
      width: 1.25,
      dash: "6 3",
    },
  ];
}

/**
 * Strength of the tokens near B by rank of cosine, with 95 % intervals, between B at the left and
 * random tokens at the right and as a band; log-odds and logits. x: rank, logarithmic; y: mean
 * strength, nats.
 */
export function neighboursLadder(data: NeighboursSummary, options: FigureOptions): SVGSVGElement {
  const theme = themeOf(options);
  const places = placesOf(data);
  const points = ladderPoints(data);
  const plot = Plot.plot({
    ...baseOptions(options),
    width: 460,
    height: 368,
    marginTop: 70,
    marginLeft: 46,
    marginBottom: 42,
    marginRight: 12,
    x: {
      domain: places.domain,
      label: "rank by cosine with B",
      labelAnchor: "center",
      labelArrow: "none",
      ticks: [...places.ticks.keys()],
      tickFormat: (place: number) => places.ticks.get(place) ?? "",
    },
    y: {
      ...(points.logOdds.length + points.logits.length === 0 ? { domain: [0, 1] } : {}),
      label: "mean strength (nats)",
      labelAnchor: "center",
      labelArrow: "none",
      nice: true,
    },
    marks: [
      Plot.gridY({ stroke: theme.grid, strokeOpacity: 1 }),
      Plot.ruleY([0], { stroke: theme.ink }),
      series(points.logits, places, {
        stroke: theme.counts[5],
        symbol: "square",
        fill: theme.paper,
      }),
      series(points.logOdds, places, { stroke: theme.b, symbol: "circle", fill: theme.b }),
      (_index, _scales, _values, _dimensions, context) =>
        seriesLegend(context.document, legendEntries(theme), { x: 46, y: 12 }, theme.paper),
    ],
  });
  const title = "Strength by nearness to B";
  return finishFigure(plot, { title, description: readNeighboursLadder(data) }, options);
}
