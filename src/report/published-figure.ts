import type { PublishedComparison } from "../induction/compare-published.js";
import type { FigureOptions } from "./figure.js";
import { formatCounted, formatNumber } from "./numbers.js";
import { panelGrid } from "./panel-grid.js";
import {
  panelCells,
  panelScale,
  panelSize,
  powersPanel,
  powersRange,
  type PublishedPanel,
  type ZFrame,
  zFrame,
  zHistogram,
  zPanel,
} from "./published-panels.js";

/**
 * The powers of a run against published ones: published (x) and run (y) of A and of B, nats, with the
 * diagonal, and how their z spread beside the standard normal law.
 */
export function publishedFigure(
  comparison: PublishedComparison,
  options: FigureOptions,
): SVGSVGElement {
  const { a, b, rows } = comparison;
  const panels: PublishedPanel[] = [
    { name: "A power", column: a, powers: rows.map((row) => row.a) },
    { name: "B power", column: b, powers: rows.map((row) => row.b) },
  ];
  const domain = powersRange(panels);
  const scale = panelScale(panels.map((panel) => panelCells(panel, domain)));
  const frame = zFrame(panels);
  const text = {
    title: "This run and the published powers",
    description: readPublished(panels, frame),
  };
  return panelGrid(
    [
      ...panels.map((panel) => powersPanel(panel, domain, scale, options)),
      ...panels.map((panel) => zPanel(panel, frame, options)),
    ],
    panelSize,
    scale === null ? null : { scale, unit: "tokens per cell" },
    text,
    options,
  );
}

/** How to read the figure, with its numbers. */
function readPublished(panels: readonly PublishedPanel[], { reach }: ZFrame): string {
  const [of] = panels;
  const outside = panels
    .map((panel) => ({ panel, ...zHistogram(panel, reach) }))
    .filter(({ below, above }) => below + above > 0)
    .map(({ panel, below, above }) => `${formatCounted(below + above, "token")} (${panel.name})`);
  const numbers = panels.map(
    ({ name, column: { z } }) =>
      `${name} z mean ${formatNumber(z.mean, 3)}, sd ${formatNumber(z.sd, 3)}`,
  );
  return (
    `Above, each token by its published power (across) and its power in this run (up), ` +
    `${formatCounted(of?.powers.length ?? 0, "token")}; on the dashed diagonal they are the same. ` +
    `Below, z = (run − published) / √(SE² + SE²) over tokens, and dashed the standard normal law, ` +
    `which z follows where chance alone separates the two: ${numbers.join("; ")}.` +
    (outside.length === 0 ? "" : ` Outside the axes of z and not drawn: ${outside.join(", ")}.`)
  );
}
