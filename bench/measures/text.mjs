/** The rows as a table for people. */

/** @import { Row } from "./rows.mjs" */

/** @param {number} value */
const digits3 = (value) => Number(value.toPrecision(3)).toLocaleString("en");

/** A ratio as people say it: times, or per cent where the floor is below 1. @param {number | null} value @param {Row} row */
function share(value, { floor }) {
  if (value === null) return "";
  return floor !== null && floor < 1 ? `${digits3(100 * value)} %` : `${digits3(value)} ×`;
}

/** @param {number | null} value @param {string} unit */
function amount(value, unit) {
  if (value === null) return "";
  return unit === "bytes" ? `${digits3(value / 1e6)} MB` : digits3(value);
}

/** @param {Row} row */
function cells(row) {
  const { measure, ours, peer, ratio, floor, target, ok, unit } = row;
  const isLimit = floor !== null && target === null;
  const bound = isLimit ? `≤ ${amount(floor, unit)}` : share(floor, row);
  return [
    measure,
    amount(ours, unit),
    amount(peer, unit),
    unit === "bytes" ? "" : unit,
    share(ratio, row),
    bound,
    share(target, row),
    ok === null ? (floor === null ? "" : "not measured") : ok ? "ok" : isLimit ? "ABOVE" : "BELOW",
  ];
}

/** @param {readonly Row[]} rows */
export function table(rows) {
  const head = ["measure", "ours", "peer", "unit", "ratio", "floor", "target", ""];
  const lines = [head, ...rows.map(cells)];
  const widths = head.map((_, c) => Math.max(...lines.map((line) => line[c]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join("  "))
    .map((line) => `${line.trimEnd()}\n`)
    .join("");
}
