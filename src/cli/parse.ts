/** Parsers of option values: each returns what the command needs or says what was expected. */
import { InvalidArgumentError } from "commander";
import type { IndexRange } from "../induction/index.js";

/** A whole number from `lowest` up. */
export function wholeFrom(lowest: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value) && value >= lowest) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${lowest}, got "${text}".`);
  };
}

/** A whole number from `lowest` to `highest`. */
export function wholeBetween(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(
      `Expected a whole number from ${lowest} to ${highest}, got "${text}".`,
    );
  };
}

/** A number of sequence pairs; all their log-odds are held at once, which bounds it. */
export const sequenceCount = wholeBetween(1, 2 ** 24);

/** A seed: the random generator's key has 32 bits for it. */
export const seed = wholeBetween(0, 2 ** 32 - 1);

/** `N,N`: tokens before the first pair, and between it and the last A. */
export function gaps(text: string): [number, number] {
  const match = /^(\d+),(\d+)$/.exec(text);
  if (match !== null) return [Number(match[1]), Number(match[2])];
  throw new InvalidArgumentError(`Expected two whole numbers N,N, got "${text}".`);
}

/** `FROM:TO`, both included; `to` of the result is one past the last. */
export function idRange(text: string): IndexRange {
  const match = /^(\d+):(\d+)$/.exec(text);
  const [from, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && from <= last) return { from, to: last + 1 };
  throw new InvalidArgumentError(`Expected FROM:TO with ids FROM <= TO, got "${text}".`);
}

/** A folder's path, which is not empty: an unset variable of a shell gives an empty one. */
export function folder(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError(`Expected a folder, got "".`);
}

/** `yes` or `no`. */
export function yesNo(text: string): boolean {
  if (text === "yes" || text === "no") return text === "yes";
  throw new InvalidArgumentError(`Expected yes or no, got "${text}".`);
}

/** Ids separated by commas. */
export function ids(text: string): number[] {
  const values = text.split(",");
  if (values.every((value) => /^\d+$/.test(value))) return values.map(Number);
  throw new InvalidArgumentError(`Expected ids separated by commas, got "${text}".`);
}
