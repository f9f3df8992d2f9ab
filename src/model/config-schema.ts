import { z } from "zod";
import { LabError } from "../errors.js";
import type { ModelConfig } from "./config.js";

/** A size: a whole number from 1 up. */
export const size = z.int().positive();

/** A field that must have one value, because the lab knows no other; absent, it is taken for it. */
export function only<T extends string | number | boolean | null>(value: T, why: string) {
  const error = `must be ${JSON.stringify(value)}: ${why}`;
  return z.literal(value, { error }).default(value as never);
}

/**
 * Checks the fields of a `config.json`.
 *
 * @param family What the file should be the config of, for the way out.
 * @throws LabError that names the file, the first field that is wrong, and what was expected of it.
 */
export function checkFields<T>(
  schema: z.ZodType<T>,
  json: unknown,
  where: string,
  family: string,
): T {
  const parsed = schema.safeParse(json, { reportInput: true });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0] as z.core.$ZodIssue;
  const field = issue.path.length > 0 ? `field "${issue.path.join(".")}": ` : "";
  const missing = issue.code === "invalid_type" && issue.input === undefined;
  const problem = missing
    ? `expected ${issue.expected}, got none`
    : issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  throw new LabError(`${where}: ${field}${problem}`, { hint: `expected the config of ${family}` });
}

/**
 * Refuses rotations that cannot pair the dimensions that they turn.
 *
 * @throws LabError that names the file and the field.
 */
export function checkRotary(config: ModelConfig, where: string): ModelConfig {
  const { rotary, dHead } = config;
  if (rotary === null) return config;
  if (rotary.dim % 2 === 0 && rotary.dim >= 2 && rotary.dim <= dHead) return config;
  throw new LabError(
    `${where}: expected an even number of rotary dimensions up to d_head = ${dHead}, got ${rotary.dim}`,
    { hint: "rotary dimensions turn in pairs" },
  );
}
