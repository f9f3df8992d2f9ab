/**
 * Figures as pure functions from data to SVG, and the report of a run as one HTML file. Everything
 * here takes the document it draws with, so it runs in Node and in the browser alike.
 */
export { answerSentences } from "./answer.js";
export { beforeAfterFigure, beforeAfterPanel, beforeAfterScale } from "./before-after.js";
export type { PanelOptions } from "./before-after.js";
export {
  correlationText,
  readBeforeAfter,
  readPowersClasses,
  readPowersHistogram,
  readPowersScatter,
  readStrengths,
} from "./captions.js";
export type { CountScale } from "./count-scale.js";
export { provenanceLine, svgFile } from "./figure-file.js";
export type { Provenance } from "./figure-file.js";
export { figures } from "./figure-list.js";
export type { Figure, FigureData } from "./figure-list.js";
export type { FigureOptions } from "./figure.js";
export { headsAblation } from "./heads-ablation.js";
export { headsScatter } from "./heads-scatter.js";
export { headsScores } from "./heads-scores.js";
export { neighboursHistogram } from "./neighbours-histogram.js";
export { neighboursLadder } from "./neighbours-ladder.js";
export { formatCount, formatEstimate, formatMeanSe, formatNumber } from "./numbers.js";
export { powersClasses } from "./powers-classes.js";
export { powersHistogram } from "./powers-histogram.js";
export { powersScatter } from "./powers-scatter.js";
export { publishedFigure } from "./published-figure.js";
export type { ProtocolItem, ReportData, ReportEngine, ReportModel } from "./report-data.js";
export { reportFiles } from "./report-files.js";
export { renderReport } from "./report.js";
export type { ReportOptions } from "./report.js";
export { scenarioName, scenarioPair } from "./scenario-names.js";
export { strengthsFigure } from "./strengths.js";
export { svgText } from "./svg-text.js";
export { darkTheme, pageTheme, paperTheme, themeCss } from "./theme.js";
export type { Theme } from "./theme.js";
export { displayToken, displayTokenRef } from "./token-text.js";
export { rankTokens } from "./token-tables.js";
export type { RankedPowers, RankedRows, Role } from "./token-tables.js";
