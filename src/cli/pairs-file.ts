import { readFile } from "node:fs/promises";
import { csvParseRows } from "d3-dsv";
import { usageError } from "../errors.js";
import type { Model } from "../model/index.js";
import type { TokenRef } from "../induction/index.js";
import type { PairsOptions } from "./options.js";
import { reasonOf } from "./output.js";
import { requirePair } from "./tokens.js";

/** The pairs that the options name: those of `--pairs`, or the one of `--a` and `--b`. */
export async function namedPairs(
  model: Model,
  options: PairsOptions,
): Promise<{ a: TokenRef; b: TokenRef }[]> {
  const { pairs } = options;
  return pairs === undefined ? [requirePair(model, options)] : readPairs(pairs, model);
}

/**
 * Reads pairs from a CSV file with a header: columns `a` and `b` hold text, `a_id` and `b_id` ids.
 *
 * @throws LabError that names the line and what is wrong with it.
 */
async function readPairs(path: string, model: Model): Promise<{ a: TokenRef; b: TokenRef }[]> {
  let text: string;
  try {
    // Spreadsheets begin such a file with a byte order mark, which the decoder takes away.
    text = new TextDecoder().decode(await readFile(path));
  } catch (cause) {
    throw usageError(
      `--pairs: expected a file that can be read, got ${path} (${reasonOf(cause)})`,
      "check that it exists and that you may read it",
    );
  }
  const [columns = [], ...rows] = csvParseRows(text);
  const has = (which: string) => columns.includes(which) || columns.includes(`${which}_id`);
  if (!has("a") || !has("b") || rows.length === 0) {
    throw usageError(
      `${path}: expected a header with a or a_id, and b or b_id, and one pair a line, got ${rows.length === 0 ? "no pairs" : columns.join(", ")}`,
      "a first line such as a,b or a_id,b_id",
    );
  }
  return rows.map((row, i) => {
    const line = `${path}, line ${i + 2}`;
    if (row.length !== columns.length) {
      throw usageError(
        `${line}: expected ${columns.length} columns, got ${row.length}`,
        'a token that holds a comma stands in quotes: ",",ius',
      );
    }
    const at = (column: string) => row[columns.indexOf(column)];
    const cell = (which: "a" | "b") => {
      const id = at(`${which}_id`);
      if (id === undefined || id === "") {
        const value = at(which);
        return value === undefined || value === "" ? {} : { [which]: value };
      }
      if (!/^\d+$/.test(id))
        throw usageError(`expected an id, got "${id}"`, "text belongs in columns a and b");
      return { [`${which}Id`]: Number(id) };
    };
    try {
      return requirePair(model, { ...cell("a"), ...cell("b") });
    } catch (error) {
      if (error instanceof Error) error.message = `${line}: ${error.message}`;
      throw error;
    }
  });
}
