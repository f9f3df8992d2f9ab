import type { TokenRef } from "../induction/summary.js";

/** Separators, controls, formats (direction marks among them), lone surrogates, unassigned. */
const unseen = /[\p{Z}\p{C}·]/gu;

const named = new Map([
  [" ", "·"],
  ["\n", "\\n"],
  ["\r", "\\r"],
  ["\t", "\\t"],
]);

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\u{${hex}}`;
}

/**
 * A token as a reader can see it: a space is `·`, whatever has no shape of its own is an escape
 * (`\n`, `\x15`, `\u200b`), a backslash is doubled where it could be read as one, except before the
 * bytes that the tokenizer itself writes as `\xNN`, since they are no text alone; a combining mark
 * gets a dotted circle to stand on. Without text the id stands in. The result is plain text: HTML
 * still has to escape it.
 */
export function displayToken(text: string | null, id: number): string {
  if (text === null) return `#${id}`;
  if (text === "") return "(empty)";
  return text
    .replace(/\\(?=[\\nrtux])(?!x[89a-f][0-9a-f])/g, "\\\\")
    .replace(unseen, (character) => named.get(character) ?? escapeCharacter(character))
    .replace(/^(?=\p{M})/u, "\u25cc");
}

/**
 * A text as CSV files hold it: control characters other than tab and line ends, NUL above all, which
 * some readers refuse, become `\\xNN`; all else stays as the tokenizer has it.
 */
export function csvToken(text: string): string {
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, escapeCharacter);
}

/** {@link displayToken} for a reference. */
export function displayTokenRef(token: TokenRef): string {
  return displayToken(token.text, token.id);
}

/** A displayed token cut to `length` characters, the last one then an ellipsis. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  return `${characters.slice(0, length - 1).join("")}…`;
}
