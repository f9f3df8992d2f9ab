import { join } from "node:path";
import { z } from "zod";
import type { Json } from "./canonical-json.js";
import { specSchema } from "./plan-spec.js";
import { modelSchema, parametersSchema, stageSchema } from "./manifest.js";
import { readSchemaFile } from "./schema-file.js";
import { writeWhole } from "./whole-file.js";

/** The file that says what a run measures and how; all its processes share it. */
export const planName = "plan.json";

/** The schema of {@link PlanFile}. */
export const planSchemaName = "induction-lab/plan/1";

const json: z.ZodType<Json> = z.json();
const pathSchema = z.enum(["plain", "last-token"]);
const source = z.enum(["calibration", "default", "flag"]);

const planSchema = z.strictObject({
  schema: z.literal(planSchemaName),
  /** The tool's version, and the command that made the plan: for people, and word by word. */
  version: z.string(),
  command: z.string(),
  args: z.array(z.string()),
  /** Hash of parameters, fixed values and stages: what every part of the run bears. */
  plan: z.string(),
  model: modelSchema,
  /** What a run under this plan may not change, by name, each with where its value came from. */
  parameters: parametersSchema,
  /** What the numbers rest on besides the parameters; it may not change either. */
  fixed: z.record(z.string(), json),
  notes: z.array(z.string()),
  /** As in the manifest, with the sequence pairs of a block. */
  stages: z.array(stageSchema.extend({ block: z.int().positive() })),
  /** What the stages are made from again, without the model. */
  spec: specSchema,
  /** The options that open the model again. */
  lab: z.record(z.string(), json),
  choices: z.strictObject({
    batch: z.int().positive(),
    threads: z.int().positive(),
    path: pathSchema,
    /** Sequence pairs of a block: what is measured, kept and resumed as one. */
    block: z.int().positive(),
  }),
  chosenBy: z.strictObject({ batch: source, threads: source, path: source, block: source }),
  /** What was tried, in order; `null` where nothing was left to choose. */
  calibration: z
    .array(
      z.strictObject({
        path: pathSchema,
        threads: z.int().positive(),
        batch: z.int().positive(),
        sequencesPerSecond: z.number(),
      }),
    )
    .nullable(),
  /** What `--se` asked for, nats, and what the pilot made of it; `null` without. */
  precision: z
    .strictObject({
      se: z.number().positive(),
      variances: json,
      /** Sequences per token and role (crossed: rounds), and those of them with a control. */
      sequences: z.int().positive(),
      controls: z.int().positive(),
      /** The standard error to expect of them, nats. */
      expected: z.number(),
    })
    .nullable(),
  /** Estimates, by one process. */
  forecast: z.strictObject({
    stages: z.array(
      z.strictObject({
        id: z.string(),
        experiment: z.string(),
        pairs: z.int(),
        sequences: z.int(),
        parts: z.int(),
        seconds: z.number(),
        bytes: z.number(),
      }),
    ),
    seconds: z.number(),
    /** On disk. */
    bytes: z.number(),
    /** Most bytes that the process had in memory while it calibrated. */
    memory: z.number(),
  }),
});

/** A run's `plan.json`: see docs/files.md. */
export type PlanFile = Readonly<z.infer<typeof planSchema>>;

/** How a plan measures: what calibration chose, or flags fixed. */
export type PlanChoices = PlanFile["choices"];

/**
 * Reads a folder's plan; `null` if there is none.
 *
 * @throws LabError (exit code 2) if there is one that is not ours, or of another version.
 */
export function readPlan(dir: string): Promise<PlanFile | null> {
  return readSchemaFile(join(dir, planName), {
    what: "a plan",
    name: planSchemaName,
    schema: planSchema,
  });
}

/**
 * Writes a folder's plan, whole; by one process at a time.
 *
 * @throws LabError if it cannot be written.
 */
export function writePlan(dir: string, plan: PlanFile): Promise<void> {
  // A vocabulary would fill a line per token: what is not for people stands on one line.
  const lines = Object.entries(plan).map(([key, value]) => {
    const text = key === "spec" ? JSON.stringify(value) : JSON.stringify(value, null, 2);
    return `  ${JSON.stringify(key)}: ${text.replaceAll("\n", "\n  ")}`;
  });
  return writeWhole(join(dir, planName), `{\n${lines.join(",\n")}\n}\n`, "tmp");
}
