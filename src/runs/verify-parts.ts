import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { LabError } from "../errors.js";
import type { PartRecord } from "./journal.js";
import { readPartIdentity, sameIdentity } from "./part-file.js";
import { inspectPart } from "./inspect-part.js";
import { partPath, type PlannedBlock } from "./plan.js";
import { shardAt, shardText } from "./shard-files.js";
import type { Source } from "./sources.js";
import { readOrNull } from "./whole-file.js";

/** What is wrong with the parts of a divided run. */
export interface Problem {
  readonly kind: "lost" | "duplicated" | "damaged" | "foreign";
  /** What is wrong with what, in words. */
  readonly text: string;
  /** Parts that must be measured again. */
  readonly parts: readonly number[];
}

/** A part that is as it was recorded, and whose journal says so. */
export interface VerifiedPart {
  readonly record: PartRecord;
  readonly source: Source;
}

/** What is asked of the parts of a divided run. */
export interface VerifyOptions {
  /** The run's folder. */
  readonly dir: string;
  /** Hash of the plan. */
  readonly plan: string;
  /** All blocks of the plan, and those that must be there. */
  readonly blocks: readonly PlannedBlock[];
  readonly needed: readonly PlannedBlock[];
  /** All journals; that of the plain run in `dir` may repeat what others record. */
  readonly sources: readonly Source[];
}

/** Problems that are listed; the others are counted. */
const shown = 6;

/**
 * Looks at every recorded part of a divided run: whether it is of this plan, there, whole, recorded once,
 * and whether all that are needed are recorded.
 */
export async function verifyParts(
  options: VerifyOptions,
): Promise<{ readonly parts: VerifiedPart[]; readonly problems: Problem[] }> {
  const { dir, plan, blocks, needed, sources } = options;
  const byPart = new Map(blocks.map((block) => [block.part, block]));
  const problems: Problem[] = sources
    .filter((source) => source.plan !== null && source.plan !== plan)
    .map((source) => foreign(`${join(source.dir, source.file)}: of another plan`));
  const recorded = new Map<number, VerifiedPart[]>();
  for (const source of sources.filter((one) => one.plan === null || one.plan === plan)) {
    for (const record of source.records) {
      const block = byPart.get(record.part);
      if (block === undefined || !sameIdentity(record, { plan, ...block })) {
        const where = join(source.dir, source.file);
        problems.push(foreign(`${where}: a line of another plan (${record.file})`));
        continue;
      }
      recorded.set(record.part, [...(recorded.get(record.part) ?? []), { source, record }]);
    }
  }
  const parts: VerifiedPart[] = [];
  for (const { part } of blocks) {
    const [first, ...more] = distinct(recorded.get(part) ?? []);
    if (first === undefined) continue;
    if (more.length > 0) {
      const names = [first, ...more].map(({ source }) => join(source.dir, source.file));
      const text = `${partPath(part)}: recorded ${names.length} times, by ${names.join(" and ")}`;
      problems.push({ kind: "duplicated", text, parts: [part] });
      continue;
    }
    const { damage, foreign: other } = await inspectPart(first.source.dir, first.record);
    if (damage === null) parts.push(first);
    else {
      const text = `${join(first.source.dir, first.record.file)}: ${damage}`;
      problems.push(other === true ? foreign(text) : { kind: "damaged", text, parts: [part] });
    }
  }
  problems.push(...lost(needed.filter(({ part }) => !recorded.has(part))));
  const known = new Set([...recorded.keys()].map((part) => basename(partPath(part))));
  problems.push(...(await unrecorded(dir, plan, known)));
  return { parts, problems };
}

/** One record of each work that measured a part: a plain run repeats what shards recorded. */
function distinct(list: readonly VerifiedPart[]): readonly VerifiedPart[] {
  if (list.length < 2) return list;
  // Measured again since another journal's file was lost or damaged: that record counts no more.
  const standing = list.filter(({ record }) => record.replaces === true);
  const [last] = standing;
  if (last !== undefined && standing.every(({ record }) => record.sha256 === last.record.sha256)) {
    return [last];
  }
  const own = list.filter(({ source }) => source.file.startsWith("shards"));
  const rest = list.filter((one) => !own.includes(one));
  const repeated = ({ record }: VerifiedPart) =>
    own.some((one) => one.record.sha256 === record.sha256);
  const others = rest.filter((one) => !repeated(one));
  // The same bytes of two plain runs are the same work.
  const [first, ...more] = others;
  const unlike = more.filter(({ record }) => record.sha256 !== first?.record.sha256);
  return [...own, ...(first === undefined ? [] : [first]), ...unlike];
}

/** Parts that nobody recorded, in ranges. */
function lost(missing: readonly PlannedBlock[]): Problem[] {
  return rangesOf(missing.map(({ part }) => part)).map(({ from, to }) => ({
    kind: "lost",
    text: `${from === to ? `part ${from}` : `parts ${from} to ${to}`}: not measured`,
    parts: Array.from({ length: to - from + 1 }, (_, i) => from + i),
  }));
}

/** Increasing numbers as ranges, both ends included. */
export function rangesOf(numbers: readonly number[]): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last.to + 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges;
}

/** Files among the parts that no journal records and that are not of this plan. */
async function unrecorded(
  dir: string,
  plan: string,
  known: ReadonlySet<string>,
): Promise<Problem[]> {
  const folder = join(dir, "parts");
  const names = await readdir(folder).catch((): string[] => []);
  const problems: Problem[] = [];
  for (const name of names.toSorted()) {
    if (known.has(name) || name.startsWith(".") || name.endsWith(".tmp")) continue;
    const where = join(folder, name);
    const found = readPartIdentity((await readOrNull(where)) ?? new Uint8Array());
    if (found?.plan === plan && name === basename(partPath(found.part))) continue;
    problems.push(foreign(`${where}: ${found === null ? "not a part" : "a part of another run"}`));
  }
  return problems;
}

function foreign(text: string): Problem {
  return { kind: "foreign", text, parts: [] };
}

/**
 * The error of parts that cannot be merged, with the way out.
 *
 * @param command The command line that starts the run, and how many shards it was divided into.
 */
export function problemsError(
  dir: string,
  problems: readonly Problem[],
  {
    command,
    needed,
    of,
  }: {
    readonly command: string;
    readonly needed: readonly PlannedBlock[];
    readonly of: number | null;
  },
): LabError {
  const list = problems.slice(0, shown).map(({ text }) => text);
  const more = problems.length - shown;
  if (more > 0) list.push(`and ${more} more`);
  const places = new Map(needed.map(({ part }, place) => [part, place]));
  const has = (...kinds: readonly Problem["kind"][]) =>
    problems.some(({ kind }) => kinds.includes(kind));
  const missing = new Set<string>();
  for (const part of problems.flatMap(({ kind, parts }) => (kind === "duplicated" ? [] : parts))) {
    const place = places.get(part);
    if (place === undefined || of === null) continue;
    missing.add(shardText(shardAt(place, needed.length, of)));
  }
  const hints: string[] = [];
  if (missing.size > 0) {
    const shards = [...missing].slice(0, shown).join(", ");
    const what = has("damaged") ? "measure again" : "measure what is missing";
    hints.push(
      missing.size === 1
        ? `${what}: ${command} --shard ${shards}`
        : `${what}: ${command} --shard I/N, for each of ${shards}${missing.size > shown ? ", …" : ""}`,
    );
  } else if (has("lost", "damaged")) {
    hints.push(`measure what is missing: ${command}`);
  }
  if (has("duplicated")) {
    hints.push(
      `two shards measured the same parts: remove the journal under shards/ of one of them (and its .json), then run what only that one had: ${command} --shard I/N`,
    );
  }
  if (has("foreign")) hints.push("move away what is of others");
  const count = problems.length === 1 ? "this" : `${problems.length} problems`;
  return new LabError(
    `${dir}: expected every part once and whole, got ${count}: ${list.join("; ")}`,
    {
      hint: hints.join("; "),
      exitCode: 3,
    },
  );
}
