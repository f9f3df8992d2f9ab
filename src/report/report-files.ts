import { svgFile } from "./figure-file.js";
import { figures } from "./figure-list.js";
import type { ReportData } from "./report-data.js";
import { renderReport, type ReportOptions } from "./report.js";

/**
 * What a run folder holds for readers, by path: `report.html`, and for each figure its SVG on white
 * and the CSV of what was drawn, in `figures/`. The same data give the same bytes.
 */
export function reportFiles(data: ReportData, options: ReportOptions): Record<string, string> {
  const drawn = figures(data, { document: options.document });
  return {
    "report.html": renderReport(data, options),
    ...Object.fromEntries(
      drawn.flatMap(({ name, svg, csv }) => [
        [`figures/${name}.svg`, svgFile(svg, data)],
        [`figures/${name}.csv`, csv],
      ]),
    ),
  };
}
