import type { TokenClass } from "../induction/summary.js";

const names: Readonly<Record<TokenClass, string>> = {
  "leading-space": "leading space",
  "word-part": "word part",
  punctuation: "punctuation",
  bytes: "bytes",
  "no-text": "without text",
};

/** A class of tokens in words. */
export function className(name: TokenClass): string {
  return names[name];
}
