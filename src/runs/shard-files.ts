import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { codeOf } from "../disk.js";
import { LabError } from "../errors.js";
import { environmentSchema } from "./environment.js";
import { type JournalContent, readJournal } from "./journal.js";
import { jsonOrNull } from "./schema-file.js";
import { readOrNull, unreadable, writeWhole } from "./whole-file.js";

/** The folder in a run's folder where its shards keep what they did. */
export const shardsFolder = "shards";

/** Which share of a run: `index` from 0, of `of`. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

/** `3-of-8`: the name of a shard's files. */
export function shardName({ index, of }: Shard): string {
  return `${index}-of-${of}`;
}

/** `3/8`: a shard as the command line names it. */
export function shardText({ index, of }: Shard): string {
  return `${index}/${of}`;
}

const stateSchema = z.strictObject({
  schema: z.literal("induction-lab/shard/1"),
  /** Hash of the plan. */
  plan: z.string(),
  index: z.int().nonnegative(),
  of: z.int().positive(),
  state: z.enum(["running", "complete", "interrupted"]),
  started: z.iso.datetime(),
  /** When it last kept a part, or ended. */
  updated: z.iso.datetime(),
  /** Sequences of its share, of those kept, and how many it measures a second; 0 before the first. */
  total: z.int().nonnegative(),
  done: z.int().nonnegative(),
  rate: z.number(),
  /** What measured; each line of its journal names one of them by its place. */
  environments: z.array(environmentSchema),
});

/** A shard's `shards/<i>-of-<n>.json`: see docs/files.md. */
export type ShardState = Readonly<z.infer<typeof stateSchema>>;

/** A shard in a run's folder. */
export interface ShardOnDisk extends Shard {
  /** `shards/3-of-8`, without an ending. */
  readonly base: string;
  readonly journal: JournalContent;
  /** `null` where it has not been written. */
  readonly state: ShardState | null;
}

/**
 * Writes a shard's state, whole.
 *
 * @throws LabError if it cannot be written.
 */
export function writeShardState(dir: string, state: ShardState): Promise<void> {
  const path = join(dir, shardsFolder, `${shardName(state)}.json`);
  return writeWhole(path, `${JSON.stringify(state, null, 2)}\n`, "tmp");
}

/**
 * A shard's files; without any it has no records.
 *
 * @throws LabError (exit code 3) for a state that is not ours.
 */
export async function readShard(dir: string, { index, of }: Shard): Promise<ShardOnDisk> {
  const base = join(shardsFolder, shardName({ index, of }));
  const path = join(dir, `${base}.json`);
  const bytes = await readOrNull(path);
  let state: ShardState | null = null;
  if (bytes !== null) {
    const parsed = stateSchema.safeParse(jsonOrNull(bytes));
    if (!parsed.success || parsed.data.index !== index || parsed.data.of !== of) {
      throw new LabError(`${path}: expected the state of shard ${index}/${of}, got another file`, {
        hint: `remove it with ${base}.jsonl, and run that shard again`,
        exitCode: 3,
      });
    }
    state = parsed.data;
  }
  return { index, of, base, journal: await readJournal(join(dir, `${base}.jsonl`)), state };
}

/**
 * The shards that have files in a run's folder, in order.
 *
 * @throws LabError for a file that is not ours, or cannot be read.
 */
export async function readShards(dir: string): Promise<ShardOnDisk[]> {
  const folder = join(dir, shardsFolder);
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    throw unreadable(folder, error);
  });
  const shards = new Map<string, Shard>();
  for (const name of names) {
    const match = /^(\d+)-of-(\d+)\.(json|jsonl|lock)$/.exec(name);
    if (match === null) continue;
    const shard = { index: Number(match[1]), of: Number(match[2]) };
    shards.set(shardName(shard), shard);
  }
  const sorted = [...shards.values()].toSorted((x, y) => x.of - y.of || x.index - y.index);
  return Promise.all(sorted.map((shard) => readShard(dir, shard)));
}

/** The contiguous share of a list that is a shard's. */
export function shareOf<T>(list: readonly T[], { index, of }: Shard): T[] {
  const bound = (i: number) => Math.floor((i * list.length) / of);
  return list.slice(bound(index), bound(index + 1));
}

/** The shard of so many that has an item of a list of that length. */
export function shardAt(item: number, length: number, of: number): Shard {
  let index = Math.min(of - 1, Math.floor((item * of) / Math.max(1, length)));
  const bound = (i: number) => Math.floor((i * length) / of);
  while (index > 0 && bound(index) > item) index--;
  while (index < of - 1 && bound(index + 1) <= item) index++;
  return { index, of };
}
