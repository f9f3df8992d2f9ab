import { readFile } from "node:fs/promises";
import { z } from "zod";
import { usageError } from "../errors.js";
import { reasonOf } from "./output.js";

const rowsSchema = z.array(z.array(z.int().min(0)).min(1)).min(1);

/**
 * Reads rows of token ids from a JSON file: `[[1, 2, 3], [1, 4, 5]]`.
 *
 * @throws LabError of wrong usage if it is not that.
 */
export async function readTokenRows(path: string): Promise<number[][]> {
  const expected = (got: string) =>
    usageError(
      `--tokens ${path}: expected rows of token ids as JSON, got ${got}`,
      "such as [[1, 2, 3], [1, 4, 5]]",
    );
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw expected(`no readable file (${reasonOf(error)})`);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw expected("something else");
  }
  const parsed = rowsSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const at = issue?.path.map((part) => `[${String(part)}]`).join("") ?? "";
  throw expected(`${issue?.message.toLowerCase() ?? "something else"}${at && ` at ${at}`}`);
}
