import type { ClassSummary, Correlation, PowersSummary } from "../induction/summary.js";
import { correlationText } from "./captions.js";
import { className } from "./class-names.js";
import { html, type Html } from "./html.js";
import { formatCount, formatList, formatNumber, keepTogether } from "./numbers.js";
import { powerTitle } from "./power-names.js";
import { table } from "./tables.js";

const intervalText = (correlation: Correlation | null) =>
  correlation === null
    ? "n too small, or no variance"
    : `${formatNumber(correlation.r, 3)} (${formatNumber(correlation.low, 3)} to ${formatNumber(correlation.high, 3)})`;

/** The powers of each class of tokens, and over all of them, as a table. */
export function classTable(powers: PowersSummary): Html {
  const name = (role: "a" | "b") => powerTitle(powers, role);
  const columns = [
    { label: "tokens that are" },
    { label: "n", numeric: true },
    { label: `${name("a")}: mean`, numeric: true },
    { label: "sd", numeric: true },
    { label: `${name("b")}: mean`, numeric: true },
    { label: "sd", numeric: true },
    { label: "r (95 % interval)", numeric: true },
  ];
  const cells = (
    label: string,
    tokens: number,
    { a, b, correlation }: Omit<ClassSummary, "class" | "tokens">,
  ) => [
    label,
    formatCount(tokens),
    formatNumber(a.mean),
    formatNumber(a.sd),
    formatNumber(b.mean),
    formatNumber(b.sd),
    intervalText(correlation),
  ];
  const rows = [
    ...powers.classes.map((one) => cells(className(one.class), one.tokens, one)),
    cells("all", powers.rows.length, powers),
  ];
  const caption =
    "Powers by class of token, nats. Leading space: the text begins with one; word part: letters or " +
    "digits without one; punctuation: neither; bytes: parts of characters. r: Pearson correlation of " +
    "A power and B power over the tokens of the class.";
  return table(caption, columns, rows, "Classes of tokens");
}

/** Whether an interval leaves 0 out, and on which side. */
const sign = ({ low, high }: Correlation) => (low > 0 ? 1 : high < 0 ? -1 : 0);

/**
 * Compares the correlation over all tokens with those within classes. Where they differ, the
 * correlation over all comes from how classes differ (Simpson's paradox), as in the published data of
 * the 2023 post.
 */
export function classSentence({ classes, correlation, rows }: PowersSummary): string {
  const overall = `Over all ${formatCount(rows.length)} tokens ${correlationText({ correlation })}.`;
  const known = classes.flatMap((one) =>
    one.correlation === null ? [] : [{ name: className(one.class), r: one.correlation }],
  );
  if (correlation === null || known.length === 0) {
    return `${overall} No comparison with single classes: too few tokens.`;
  }
  if (classes.length === 1) return `${overall} All tokens are of one class.`;
  const side = sign(correlation);
  const named = (test: (r: Correlation) => boolean) =>
    known.filter(({ r }) => test(r)).map(({ name, r }) => `${name} (${formatNumber(r.r)})`);
  const groups = [
    { words: "of the same sign for", list: named((r) => side !== 0 && sign(r) === side) },
    { words: "of the opposite sign for", list: named((r) => side !== 0 && sign(r) === -side) },
    { words: "different from 0 for", list: named((r) => side === 0 && sign(r) !== 0) },
    { words: "not distinguishable from 0 for", list: named((r) => sign(r) === 0) },
  ].filter(({ list }) => list.length > 0);
  const within = groups.map(({ words, list }) => `${words} ${formatList(list)}`).join("; ");
  const { r: all } = correlation;
  const opposite = known.some(({ r }) => side !== 0 && sign(r) === -side);
  const weaker = known.every(({ r }) => (side < 0 ? r.low > all : side > 0 && r.high < all));
  const verdict =
    opposite || weaker
      ? " So part or all of the correlation over all tokens comes from how the classes differ, not " +
        "from tokens of one kind (Simpson's paradox)."
      : "";
  return `${overall} Within classes the correlation is ${within}.${verdict}`;
}

/** Table and sentence of the classes. */
export function classBlock(powers: PowersSummary): Html {
  if (powers.classes.length === 0) return html``;
  return html`${classTable(powers)}
    <p class="text">${keepTogether(classSentence(powers))}</p>`;
}
