import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { usageError } from "../errors.js";
import { lockName } from "./lock.js";
import { type Manifest, manifestName } from "./manifest.js";
import { journalName } from "./part-store.js";
import { planName } from "./plan-file.js";
import { codeOf } from "../disk.js";
import { type FileContent, makeFolder, piecesOf, unwritable, writeWhole } from "./whole-file.js";

/** The files that a run makes from its parts: contents, whole or in pieces, by path in its folder. */
export type RunFiles = Readonly<Record<string, FileContent>>;

/** Names in a run's folder that only a run may have. */
const reserved = [
  journalName,
  "parts",
  "shards",
  "summary.json",
  "report.html",
  "tables",
  "figures",
];

/**
 * Refuses a folder in which something of others would be written over.
 *
 * @throws LabError (exit code 2) that names it.
 */
export async function checkFolder(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: unknown): string[] => {
    if (codeOf(error) === "ENOENT") return [];
    throw unwritable(dir, error);
  });
  if (names.includes(manifestName) || names.includes(planName)) return;
  const taken = names.find((name) => reserved.includes(name));
  if (taken === undefined) return;
  throw usageError(
    `${dir}: expected a new folder or a run, got ${taken} without a ${manifestName}`,
    "choose another folder with -o",
  );
}

/**
 * Writes the files of a run, each whole, and returns what the manifest says of them.
 *
 * @throws LabError if one cannot be written.
 */
export async function writeFiles(dir: string, files: RunFiles): Promise<Manifest["files"]> {
  const written: Manifest["files"][number][] = [];
  for (const [file, content] of Object.entries(files)) {
    checkPath(file);
    const path = join(dir, file);
    await makeFolder(dirname(path));
    const counted = new Counted(content);
    await writeWhole(path, counted.pieces(), "tmp");
    written.push({ file, ...counted.result() });
  }
  return written;
}

/** Counts and hashes what is written while it is written: pieces are made once and not kept. */
class Counted {
  readonly #content: FileContent;
  readonly #hash = createHash("sha256");
  #bytes = 0;

  constructor(content: FileContent) {
    this.#content = content;
  }

  *pieces(): Generator<Uint8Array> {
    for (const piece of piecesOf(this.#content)) {
      const bytes = typeof piece === "string" ? Buffer.from(piece) : piece;
      this.#hash.update(bytes);
      this.#bytes += bytes.length;
      yield bytes;
    }
  }

  result(): { readonly bytes: number; readonly sha256: string } {
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }
}

/** Keeps the files of a run inside its folder, and off the files that keep the run itself. */
function checkPath(file: string): void {
  const path = normalize(file);
  const own: string[] = [manifestName, planName, journalName, lockName];
  if (isAbsolute(path) || /^(\.\.|parts|shards)([\\/]|$)/.test(path) || own.includes(path)) {
    throw new RangeError(`files: expected a path in the run's folder, got "${file}"`);
  }
}
