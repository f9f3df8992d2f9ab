import { join } from "node:path";
import { z } from "zod";
import type { Json } from "./canonical-json.js";
import { environmentSchema } from "./environment.js";
import { readSchemaFile } from "./schema-file.js";
import { writeWhole } from "./whole-file.js";

/** The file that makes a folder a run's. */
export const manifestName = "manifest.json";

/** The schema of {@link Manifest}. */
export const manifestSchemaName = "induction-lab/manifest/2";

const json: z.ZodType<Json> = z.json();

/** The measured model, and where it came from. */
export const modelSchema = z.strictObject({
  name: z.string(),
  sha256: z.string(),
  /** Of a model from the hub: the repository and the commit that its revision meant. */
  origin: z
    .strictObject({
      repo: z.string(),
      revision: z.string(),
      commit: z.string(),
      checkpoint: z.strictObject({ label: z.int(), unit: z.enum(["steps", "tokens"]) }).nullable(),
    })
    .optional(),
});

/** Parameters by name, each with where its value came from. */
export const parametersSchema = z.record(
  z.string(),
  z.strictObject({ value: json, source: z.string() }),
);

/** A stage: its sequence pairs, in blocks of one part each, the first of which has this number. */
export const stageSchema = z.strictObject({
  id: z.string(),
  experiment: z.string(),
  pairs: z.int(),
  parts: z.int(),
  firstPart: z.int(),
});

const manifestSchema = z.strictObject({
  schema: z.literal(manifestSchemaName),
  /** The tool's version and the command that wrote this. */
  version: z.string(),
  command: z.string(),
  state: z.enum(["running", "complete"]),
  started: z.iso.datetime(),
  finished: z.iso.datetime().nullable(),
  model: modelSchema,
  /** What a resumed run may not change, by name, each with where its value came from. */
  parameters: parametersSchema,
  /** What the numbers rest on besides the parameters; it may not change either. */
  fixed: z.record(z.string(), json),
  notes: z.array(z.string()),
  /** Hash of parameters, fixed values and stages: what every part of this run bears. */
  plan: z.string(),
  stages: z.array(stageSchema),
  /** What measured; each record of parts.jsonl names one of them by its place. */
  environments: z.array(environmentSchema),
  /** Files made from the parts, as they were written; empty until the run is complete. */
  files: z.array(z.strictObject({ file: z.string(), bytes: z.int(), sha256: z.string() })),
});

/** A run's `manifest.json`: see docs/files.md. */
export type Manifest = Readonly<z.infer<typeof manifestSchema>>;

/** A parameter and where its value came from: `flag`, `preset`, `model card`, `default`. */
export interface Parameter {
  readonly value: Json;
  readonly source: string;
}

/**
 * Reads a folder's manifest; `null` if there is none.
 *
 * @throws LabError if there is one that is not ours, or of another version.
 */
export function readManifest(dir: string): Promise<Manifest | null> {
  return readSchemaFile(join(dir, manifestName), {
    what: "a manifest",
    name: manifestSchemaName,
    schema: manifestSchema,
  });
}

/**
 * Writes a folder's manifest, whole.
 *
 * @throws LabError if it cannot be written.
 */
export function writeManifest(dir: string, manifest: Manifest): Promise<void> {
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  return writeWhole(join(dir, manifestName), text, "tmp");
}
