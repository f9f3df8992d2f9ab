import type { z } from "zod";
import { LabError } from "../errors.js";
import { readOrNull } from "./whole-file.js";

/** A kind of JSON file of a run, which names its schema in its field `schema`. */
export interface SchemaFile<Content> {
  /** What it is, for people: `a plan`. */
  readonly what: string;
  readonly name: string;
  readonly schema: z.ZodType<Content>;
}

/**
 * Reads a JSON file of a run; `null` if there is none.
 *
 * @throws LabError (exit code 2) if there is one that is not ours, or of another version.
 */
export async function readSchemaFile<Content>(
  path: string,
  { what, name, schema }: SchemaFile<Content>,
): Promise<Content | null> {
  const bytes = await readOrNull(path);
  if (bytes === null) return null;
  const content = jsonOrNull(bytes);
  const result = schema.safeParse(content);
  if (result.success) return result.data;
  const { schema: found } = (content ?? {}) as { readonly schema?: unknown };
  const [issue] = result.error.issues;
  const got =
    found === name
      ? `one with a wrong ${issue?.path.join(".") ?? "value"}`
      : typeof found === "string"
        ? `"${found}"`
        : "another file";
  throw new LabError(`${path}: expected ${what} of schema "${name}", got ${got}`, {
    hint:
      typeof found === "string" && found !== name
        ? "call the version that wrote it, or choose another folder"
        : "choose another folder, or move this file away",
    exitCode: 2,
  });
}

/** What a JSON file holds; `null` if it is none. */
export function jsonOrNull(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
