import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ExperimentRows } from "../induction/index.js";
import { sha256 } from "./hash.js";
import { foreignPart, inspectOwn, readPart } from "./inspect-part.js";
import { Journal, type PartRecord, readJournal } from "./journal.js";
import {
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
  /** The blocks that this store is asked for. */
  readonly blocks: readonly PlannedBlock[];
  readonly format: PartFormat;
  /** The journal of what this store writes, in the folder; `parts.jsonl` unless given. */
  readonly journal?: string;
  /** Ending of temporary names: no other process that writes at the same time has it. */
  readonly suffix?: string;
  /** Records of the folder's other journals: their parts count too. */
  readonly others?: readonly PartRecord[];
  /** Whether other processes write here at the same time; if none does, the journal takes all records. */
  readonly shared?: boolean;
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
    const { dir, plan, onNote, journal = journalName, others = [], shared = false } = options;
    await makeFolder(join(dir, "parts"));
    const path = join(dir, journal);
    const { records, damaged } = await readJournal(path);
    for (const line of damaged) onNote(`${path}: line ${line} is damaged: its part is not counted`);
    const byPart = new Map(options.blocks.map((block) => [block.part, block]));
    const foreign = records.find((record) => {
      const block = byPart.get(record.part);
      return block === undefined || !sameIdentity(record, { plan, ...block });
    });
    if (foreign !== undefined) {
      throw foreignPart(path, `a line of another plan (${foreign.file})`);
    }
    const candidates = new Map<number, PartRecord[]>();
    for (const record of [...records, ...others.filter(({ part }) => byPart.has(part))]) {
      candidates.set(record.part, [...(candidates.get(record.part) ?? []), record]);
    }
    const good: PartRecord[] = [];
    for (const list of candidates.values()) {
      const damages: string[] = [];
      for (const record of list) {
        const { damage } = await inspectOwn(dir, record);
        if (damage !== null) {
          damages.push(`${join(dir, record.file)}: ${damage}: measured again`);
          continue;
        }
        good.push(record);
        damages.length = 0;
        break;
      }
      if (damages[0] !== undefined) onNote(damages[0]);
    }
    const known = [...candidates.values()].map((list) => list[0] as PartRecord);
    await checkUnrecorded(options, known);
    // A damaged part stays recorded until it is measured again, so that it is known as our own.
    const own = new Map(records.map((record) => [record.part, record]));
    if (!shared) for (const record of good) own.set(record.part, record);
    const kept = [...own.values()].toSorted((x, y) => x.part - y.part);
    return new PartStore(options, await Journal.open(path, kept), good);
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
   * @param environment The place of what measured it, in the manifest's list or the shard's.
   * @throws LabError that names the file if the disk is full or cannot be written to.
   */
  async write(block: PlannedBlock, rows: ExperimentRows, environment: number): Promise<void> {
    const { dir, plan, format, suffix = "tmp", others = [] } = this.#options;
    const { part, stage, from, to } = block;
    const identity: PartIdentity = { part, plan, stage, from, to };
    const bytes = encodePart(rows, identity, format);
    const file = partPath(part);
    await writeWhole(join(dir, file), bytes, suffix);
    const content = { bytes: bytes.length, sha256: sha256(bytes), environment };
    const replaces = others.some((other) => other.part === part) && { replaces: true as const };
    const record: PartRecord = { part, file, plan, stage, from, to, ...content, ...replaces };
    await this.#journal.append(record);
    this.#records.set(part, record);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}

/** Looks at what lies among the parts unrecorded: a leftover of a killed process, or others' files. */
async function checkUnrecorded(
  { dir, plan, blocks, onNote, shared = false }: PartStoreOptions,
  records: readonly PartRecord[],
): Promise<void> {
  const recorded = new Set(records.map(({ file }) => basename(file)));
  const byName = new Map(blocks.map((block) => [basename(partPath(block.part)), block]));
  const leftover = /^part-\d{5,}\.parquet\.(.+\.)?tmp$/;
  const folder = join(dir, "parts");
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause);
  });
  for (const name of names.toSorted()) {
    const where = join(folder, name);
    if (leftover.test(name)) {
      if (!shared) await rm(where, { force: true }).catch(() => undefined);
      continue;
    }
    // Dot files are the system's own. The files of other shards are theirs to look at.
    if (recorded.has(name) || name.startsWith(".") || (shared && !byName.has(name))) continue;
    const found = readPartIdentity((await readOrNull(where)) ?? new Uint8Array());
    if (found === null) throw foreignPart(where, "a file that it did not write");
    const block = byName.get(name);
    if (block === undefined || !sameIdentity(found, { plan, ...block })) {
      throw foreignPart(where, "a part of another run");
    }
    // Its process was killed between the file and its line in the journal.
    onNote(`${where}: written, but not recorded: measured again`);
  }
}
