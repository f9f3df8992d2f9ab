import { readFile } from "node:fs/promises";
import { csvParseRows } from "d3-dsv";
import { usageError } from "../errors.js";
import type { Model } from "../model/index.js";
import type { TokenRef } from "../induction/index.js";
import { requirePair } from "./tokens.js";

/**
 * Reads pairs from a CSV file with a header: columns `a` and `b` hold text, `a_id` and `b_id` ids.
 *
 * @throws LabError that names the line and what is wrong with it.
 */
export async function readPairs(
  path: string,
  model: Model,
): Promise<{ a: TokenRef; b: TokenRef }[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw usageError(`--pairs: expected a file that can be read, got ${path} (${reason})`);
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
    const at = (column: string) => row[columns.indexOf(column)];
    const cell = (which: "a" | "b") => {
      const id = at(`${which}_id`);
      if (id === undefined || id === "") {
        const value = at(which);
        return value === undefined || value === "" ? {} : { [which]: value };
      }
      if (!/^\d+$/.test(id))
        throw usageError(`${path}, line ${i + 2}: expected an id, got "${id}"`);
      return { [`${which}Id`]: Number(id) };
    };
    try {
      return requirePair(model, { ...cell("a"), ...cell("b") });
    } catch (error) {
      if (error instanceof Error) error.message = `${path}, line ${i + 2}: ${error.message}`;
      throw error;
    }
  });
}
