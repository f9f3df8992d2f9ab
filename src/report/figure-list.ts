import { beforeAfterFigure, beforeAfterPanels } from "./before-after.js";
import {
  readBeforeAfter,
  readPowersClasses,
  readPowersHistogram,
  readPowersScatter,
  readStrengths,
} from "./captions.js";
import { csvText, type DataTable } from "./data-table.js";
import {
  beforeAfterTable,
  neighboursHistogramTable,
  powersHistogramTable,
  powersScatterTable,
  strengthsTable,
} from "./figure-tables.js";
import type { FigureOptions } from "./figure.js";
import { headsAblation } from "./heads-ablation.js";
import { readHeadsAblation, readHeadsScatter, readHeadsScores } from "./heads-captions.js";
import { headsScatter } from "./heads-scatter.js";
import { headsScores, headsScoresPanels } from "./heads-scores.js";
import { headsAblationTable, headsScatterTable, headsScoresTable } from "./heads-tables.js";
import { ladderTable } from "./ladder-points.js";
import { readNeighboursHistogram, readNeighboursLadder } from "./neighbour-captions.js";
import { neighboursHistogram } from "./neighbours-histogram.js";
import { neighboursLadder } from "./neighbours-ladder.js";
import type { Panels } from "./panel-grid.js";
import { powerName, powersName, powerTitle } from "./power-names.js";
import { powersClasses, powersClassesPanels } from "./powers-classes.js";
import { powersHistogram } from "./powers-histogram.js";
import { powersScatter } from "./powers-scatter.js";
import type { ReportData } from "./report-data.js";
import { strengthsFigure } from "./strengths.js";

/** A figure before it is drawn. */
export interface FigureSpec {
  /** Name of its files, without an ending. */
  readonly name: string;
  /** The section of the report that it belongs to. */
  readonly section: "scenarios" | "powers" | "neighbours" | "heads";
  readonly title: string;
  /** How to read it, with its numbers. */
  readonly reading: string;
  readonly table: () => DataTable;
  readonly draw: (options: FigureOptions) => SVGSVGElement;
  /** Its panels one by one, for a page that lays them out to its width. */
  readonly panels?: (options: FigureOptions) => Panels;
}

/** What can be drawn of a run, in the order of the report. */
export function figureSpecs(data: FigureData): readonly FigureSpec[] {
  const { scenarios = [], powers, neighbours, heads } = data;
  const specs: FigureSpec[] = [];
  if (scenarios.length > 0) {
    specs.push(
      {
        name: "strengths",
        section: "scenarios",
        title: "Induction strengths",
        reading: readStrengths(scenarios),
        table: () => strengthsTable(scenarios),
        draw: (options) => strengthsFigure(scenarios, options),
      },
      {
        name: "before-after",
        section: "scenarios",
        title: "Before and after",
        reading: readBeforeAfter(scenarios),
        table: () => beforeAfterTable(scenarios),
        draw: (options) => beforeAfterFigure(scenarios, options),
        panels: (options) => beforeAfterPanels(scenarios, options),
      },
    );
  }
  if (powers !== undefined && powers.rows.length > 0) {
    specs.push(
      {
        name: "powers-histogram",
        section: "powers",
        title: `Distribution of ${powersName(powers)}`,
        reading: readPowersHistogram(powers),
        table: () => powersHistogramTable(powers),
        draw: (options) => powersHistogram(powers, options),
      },
      {
        name: "powers-scatter",
        section: "powers",
        title: `${powerTitle(powers, "a")} and ${powerName(powers, "b")}`,
        reading: readPowersScatter(powers),
        table: () => powersScatterTable(powers, false),
        draw: (options) => powersScatter(powers, options),
      },
    );
    // One class is the figure before once more.
    if (powers.classes.length > 1) {
      specs.push({
        name: "powers-classes",
        section: "powers",
        title: `${powerTitle(powers, "a")} and ${powerName(powers, "b")} by class of token`,
        reading: readPowersClasses(powers),
        table: () => powersScatterTable(powers, true),
        draw: (options) => powersClasses(powers, options),
        panels: (options) => powersClassesPanels(powers, options),
      });
    }
  }
  if (neighbours !== undefined) {
    specs.push(
      {
        name: "neighbours-histogram",
        section: "neighbours",
        title: "B, its neighbours and random tokens",
        reading: readNeighboursHistogram(neighbours),
        table: () => neighboursHistogramTable(neighbours),
        draw: (options) => neighboursHistogram(neighbours, options),
      },
      {
        name: "neighbours-ladder",
        section: "neighbours",
        title: "From B to random tokens",
        reading: readNeighboursLadder(neighbours),
        table: () => ladderTable(neighbours),
        draw: (options) => neighboursLadder(neighbours, options),
      },
    );
  }
  if (heads !== undefined && heads.heads.length > 0) {
    specs.push(
      {
        name: "heads-scores",
        section: "heads",
        title: "Detector scores of heads",
        reading: readHeadsScores(heads),
        table: () => headsScoresTable(heads),
        draw: (options) => headsScores(heads, options),
        panels: (options) => headsScoresPanels(heads, options),
      },
      {
        name: "heads-ablation",
        section: "heads",
        title: "Effect of ablating each head",
        reading: readHeadsAblation(heads),
        table: () => headsAblationTable(heads),
        draw: (options) => headsAblation(heads, options),
      },
      {
        name: "heads-scatter",
        section: "heads",
        title: "Induction score and effect of ablation",
        reading: readHeadsScatter(heads),
        table: () => headsScatterTable(heads),
        draw: (options) => headsScatter(heads, options),
      },
    );
  }
  return specs;
}

/** What figures are drawn from. */
export type FigureData = Pick<ReportData, "scenarios" | "powers" | "neighbours" | "heads">;

/** A figure with the numbers behind it. */
export interface Figure {
  /** Name of its files, without an ending: `powers-scatter`. */
  readonly name: string;
  readonly title: string;
  /** How to read it, with its numbers. */
  readonly reading: string;
  readonly svg: SVGSVGElement;
  /** The numbers that were drawn, as CSV. */
  readonly csv: string;
}

/**
 * All figures of a run, in the order of its report: the one list behind the report, the files of a run
 * folder, PNG images and the gallery.
 */
export function figures(data: FigureData, options: FigureOptions): readonly Figure[] {
  return figureSpecs(data).map(({ name, title, reading, table, draw }) => ({
    name,
    title,
    reading,
    svg: draw(options),
    csv: csvText(table()),
  }));
}
