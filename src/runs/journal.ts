import { type FileHandle, open } from "node:fs/promises";
import { z } from "zod";
import { readOrNull, unwritable, writeWhole } from "./whole-file.js";

const recordSchema = z.strictObject({
  part: z.int().nonnegative(),
  file: z.string(),
  plan: z.string(),
  stage: z.string(),
  from: z.int().nonnegative(),
  to: z.int().positive(),
  bytes: z.int().positive(),
  sha256: z.string(),
  environment: z.int().nonnegative(),
  /** Set where another journal records the part, whose file was lost or damaged: this one stands. */
  replaces: z.literal(true).optional(),
});

/** What is noted of a finished part: a line of `parts.jsonl`. */
export type PartRecord = Readonly<z.infer<typeof recordSchema>>;

/** The records of a journal. */
export interface JournalContent {
  /** The last record of each part, in the order of the parts. */
  readonly records: readonly PartRecord[];
  /** Numbers, from 1, of whole lines that are no records. */
  readonly damaged: readonly number[];
}

/**
 * Reads a journal; one that is not there has no records. A last line without its end was being written
 * when its process was killed, and does not count.
 */
export async function readJournal(path: string): Promise<JournalContent> {
  const text = new TextDecoder().decode((await readOrNull(path)) ?? new Uint8Array());
  const parsed = text.split("\n").slice(0, -1).map(parseRecord);
  const records = parsed.filter((record) => record !== null);
  return {
    records: [...new Map(records.map((record) => [record.part, record])).values()].toSorted(
      (x, y) => x.part - y.part,
    ),
    damaged: parsed.flatMap((record, i) => (record === null ? [i + 1] : [])),
  };
}

function parseRecord(line: string): PartRecord | null {
  try {
    return recordSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** A journal that grows by one synced line per finished part. */
export class Journal {
  readonly path: string;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /**
   * Opens a journal to go on after these records; whatever else it held is dropped first.
   *
   * @throws LabError if it cannot be written.
   */
  static async open(path: string, records: readonly PartRecord[]): Promise<Journal> {
    await writeWhole(path, records.map(lineOf).join(""), "tmp");
    try {
      return new Journal(path, await open(path, "a"));
    } catch (cause) {
      throw unwritable(path, cause);
    }
  }

  /**
   * @throws LabError if the disk is full or cannot be written to.
   */
  async append(record: PartRecord): Promise<void> {
    try {
      await this.#file.appendFile(lineOf(record));
      await this.#file.datasync();
    } catch (cause) {
      throw unwritable(this.path, cause);
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

function lineOf(record: PartRecord): string {
  return `${JSON.stringify(record)}\n`;
}
