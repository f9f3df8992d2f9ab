import { escapeHtml } from "./html.js";
import type { ReportData } from "./report-data.js";
import { svgText } from "./svg-text.js";

/** What a figure needs to be traced back to its run. */
export type Provenance = Pick<ReportData, "model" | "seed" | "command" | "version">;

/** Where a figure comes from, in one line: tool, weights, seed, command. */
export function provenanceLine({ model, seed, command, version }: Provenance): string {
  return (
    `Made by induction-lab ${version} from ${model.name} (weights SHA-256 ${model.sha256}), ` +
    `seed ${seed}: ${command}`
  );
}

/** A figure as an SVG file of its own, with its provenance at the end of its description. */
export function svgFile(svg: SVGElement, provenance: Provenance): string {
  const line = escapeHtml(` ${provenanceLine(provenance)}`);
  // A function, since `$` in a string would be a pattern; the first description is the figure's own.
  return `${svgText(svg).replace("</desc>", () => `${line}</desc>`)}\n`;
}
