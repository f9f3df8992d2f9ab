import type { TokenClass } from "./summary.js";

/**
 * The class of a token by its text: beginning with a space; without one and with letters or digits;
 * with neither; or bytes that are no text alone (which {@link LabTokenizer} writes as `\xNN`).
 */
export function tokenClass(text: string | null): TokenClass {
  if (text === null) return "no-text";
  if (/\\x[89a-f][0-9a-f]|�/.test(text)) return "bytes";
  if (text.startsWith(" ") && text.trim() !== "") return "leading-space";
  return /[\p{L}\p{N}]/u.test(text) ? "word-part" : "punctuation";
}
