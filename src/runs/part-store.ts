import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import type { ExperimentRows } from "../induction/index.js";
import { sha256 } from "./hash.js";
import { Journal, type PartRecord, readJournal } from "./journal.js";
import {
  decodePart,
  encodePart,
  type PartFormat,
  type PartIdentity,
  readPartIdentity,
  sameIdentity,
} from "./part-file.js";
import { partPath, type PlannedBlock } from "./plan.js";
import { makeFolder, readOrNull, unreadable, writeWhole } from "./whole-file.js";

/** The journal of a run's parts, in its folder. */
export const journalName = "parts.jsonl";

/** What a run's folder must know of its parts. */
export interface PartStoreOptions {
  readonly dir: string;
  /** Hash of the plan. */
  readonly plan: string;
  readonly blocks: readonly PlannedBlock[];
  readonly format: PartFormat;
  /** Where new parts are measured: see the manifest. */
  readonly environment: number;
  /** Told about every part that is not as it was recorded. */
  readonly onNote: (note: string) => void;
}

/**
 * The parts of a run on disk. A part counts once its file has its final name and the journal has its
 * line; whatever happens between the two is measured again.
 */
export class PartStore {
  readonly #options: PartStoreOptions;
  readonly #journal: Journal;
  readonly #records: Map<number, PartRecord>;

  private constructor(options: PartStoreOptions, journal: Journal, records: PartRecord[]) {
    this.#options = options;
    this.#journal = journal;
    this.#records = new Map(records.map((record) => [record.part, record]));
  }

  /**
   * Opens the parts of a run and verifies each that is recorded; what is missing or damaged is named
   * and will be measured again.
   *
   * @throws LabError for parts that belong to something else: nothing of others is written over.
   */
  static async open(options: PartStoreOptions): Promise<PartStore> {
    const { dir, plan, blocks, onNote } = options;
    await makeFolder(join(dir, "parts"));
    const path = join(dir, journalName);
    const { records, damaged } = await readJournal(path);
    for (const line of damaged) onNote(`${path}: line ${line} is damaged: its part is not counted`);
    const foreign = records.find(
      (record) => !sameIdentity(record, { plan, ...(blocks[record.part] as PlannedBlock) }),
    );
    if (foreign !== undefined) {
      throw foreignPart(path, `a line of another plan (${foreign.file})`);
    }
    const good: PartRecord[] = [];
    for (const record of records) {
      const { damage } = await inspect(dir, record);
      if (damage === null) good.push(record);
      else onNote(`${join(dir, record.file)}: ${damage}: measured again`);
    }
    await checkUnrecorded(options, records);
    // A damaged part stays recorded until it is measured again, so that it is known as our own.
    return new PartStore(options, await Journal.open(path, records), good);
  }

  /** How many parts are on disk, verified. */
  get size(): number {
    return this.#records.size;
  }

  has({ part }: PlannedBlock): boolean {
    return this.#records.has(part);
  }

  /**
   * The rows of a part that is on disk, verified once more.
   *
   * @throws LabError if it changed meanwhile.
   */
  read(block: PlannedBlock): Promise<ExperimentRows> {
    return readPart(this.#options.dir, this.#records.get(block.part) as PartRecord);
  }

  /**
   * Keeps the rows of a block: first its file, whole, then its line in the journal.
   *
   * @throws LabError that names the file if the disk is full or cannot be written to.
   */
  async write(block: PlannedBlock, rows: ExperimentRows): Promise<void> {
    const { dir, plan, format, environment } = this.#options;
    const { part, stage, from, to } = block;
    const identity: PartIdentity = { part, plan, stage, from, to };
    const bytes = encodePart(rows, identity, format);
    const file = partPath(part);
    await writeWhole(join(dir, file), bytes, "tmp");
    const content = { bytes: bytes.length, sha256: sha256(bytes), environment };
    const record: PartRecord = { part, file, plan, stage, from, to, ...content };
    await this.#journal.append(record);
    this.#records.set(part, record);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}

/**
 * The rows of a recorded part.
 *
 * @throws LabError if its file is missing or not what was recorded.
 */
export async function readPart(dir: string, record: PartRecord): Promise<ExperimentRows> {
  const where = join(dir, record.file);
  const { bytes, damage } = await inspect(dir, record);
  if (damage !== null) {
    throw new LabError(`${where}: ${damage}`, {
      hint: "run the command of its manifest.json again: only what is missing is measured",
    });
  }
  return decodePart(bytes, record, where);
}

/** A recorded part's bytes, or what is wrong with them. */
type Inspection =
  | { readonly bytes: Uint8Array; readonly damage: null }
  | { readonly bytes: null; readonly damage: string };

async function inspect(dir: string, record: PartRecord): Promise<Inspection> {
  const where = join(dir, record.file);
  const damaged = (damage: string): Inspection => ({ bytes: null, damage });
  if (record.file !== partPath(record.part)) return damaged("recorded under another name");
  const bytes = await readOrNull(where);
  if (bytes === null) return damaged("recorded, but not there");
  if (bytes.length === record.bytes && sha256(bytes) === record.sha256) {
    return { bytes, damage: null };
  }
  const found = readPartIdentity(bytes);
  if (found !== null && found.plan !== record.plan) {
    throw foreignPart(where, "a part of another run");
  }
  return damaged(
    bytes.length === record.bytes
      ? "its bytes are not those recorded (SHA-256 differs)"
      : `expected ${record.bytes} bytes, got ${bytes.length}`,
  );
}

/** Looks at what lies among the parts unrecorded: a leftover of a killed process, or others' files. */
async function checkUnrecorded(
  { dir, plan, blocks, onNote }: PartStoreOptions,
  records: readonly PartRecord[],
): Promise<void> {
  const recorded = new Set(records.map(({ file }) => basename(file)));
  const leftover = /^part-\d{5,}\.parquet\.tmp$/;
  const folder = join(dir, "parts");
  const names = await readdir(folder).catch((cause) => {
    throw unreadable(folder, cause);
  });
  for (const name of names.toSorted()) {
    // Dot files are the system's own.
    if (recorded.has(name) || leftover.test(name) || name.startsWith(".")) continue;
    const where = join(folder, name);
    const found = readPartIdentity((await readOrNull(where)) ?? new Uint8Array());
    if (found === null) throw foreignPart(where, "a file that it did not write");
    const block = blocks[found.part];
    const own = block !== undefined && sameIdentity(found, { plan, ...block });
    if (!own || name !== basename(partPath(found.part))) {
      throw foreignPart(where, "a part of another run");
    }
    // Its process was killed between the file and its line in the journal.
    onNote(`${where}: written, but not recorded: measured again`);
  }
}

function foreignPart(where: string, what: string): LabError {
  return new LabError(`${where}: expected only parts of this run, got ${what}`, {
    hint: "move it away, or choose another folder with -o",
  });
}
