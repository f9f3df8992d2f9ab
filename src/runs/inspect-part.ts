import { join } from "node:path";
import { LabError } from "../errors.js";
import type { ExperimentRows } from "../induction/index.js";
import { sha256 } from "./hash.js";
import type { PartRecord } from "./journal.js";
import { decodePart, readPartIdentity } from "./part-file.js";
import { partPath } from "./plan.js";
import { readOrNull } from "./whole-file.js";

/**
 * The rows of a recorded part.
 *
 * @throws LabError if its file is missing or not what was recorded.
 */
export async function readPart(dir: string, record: PartRecord): Promise<ExperimentRows> {
  const where = join(dir, record.file);
  const { bytes, damage } = await inspectOwn(dir, record);
  if (damage !== null) {
    throw new LabError(`${where}: ${damage}`, {
      hint: "run the command of its manifest.json again: only what is missing is measured",
    });
  }
  return decodePart(bytes, record, where);
}

/** A recorded part's bytes, or what is wrong with them. */
export type Inspection =
  | { readonly bytes: Uint8Array; readonly damage: null; readonly foreign?: false }
  | { readonly bytes: null; readonly damage: string; readonly foreign?: boolean };

/**
 * {@link inspectPart} of a part that must be this run's own.
 *
 * @throws LabError for a part of another run.
 */
export async function inspectOwn(dir: string, record: PartRecord): Promise<Inspection> {
  const inspection = await inspectPart(dir, record);
  if (inspection.foreign === true) {
    throw foreignPart(join(dir, record.file), "a part of another run");
  }
  return inspection;
}

/**
 * Reads a recorded part and compares it with its record; `foreign` for a part of another plan.
 *
 * @throws LabError if its file cannot be read.
 */
export async function inspectPart(dir: string, record: PartRecord): Promise<Inspection> {
  const damaged = (damage: string): Inspection => ({ bytes: null, damage });
  if (record.file !== partPath(record.part)) return damaged("recorded under another name");
  const bytes = await readOrNull(join(dir, record.file));
  if (bytes === null) return damaged("recorded, but not there");
  if (bytes.length === record.bytes && sha256(bytes) === record.sha256) {
    return { bytes, damage: null };
  }
  const found = readPartIdentity(bytes);
  if (found !== null && found.plan !== record.plan) {
    return { bytes: null, damage: "a part of another run", foreign: true };
  }
  return damaged(
    bytes.length === record.bytes
      ? "its bytes are not those recorded (SHA-256 differs)"
      : `expected ${record.bytes} bytes, got ${bytes.length}`,
  );
}

/** The error of something among the parts that is not this run's. */
export function foreignPart(where: string, what: string): LabError {
  return new LabError(`${where}: expected only parts of this run, got ${what}`, {
    hint: "move it away, or choose another folder with -o",
  });
}
