import { join } from "node:path";
import type { Environment } from "./environment.js";
import { type PartRecord, readJournal } from "./journal.js";
import { readManifest } from "./manifest.js";
import { journalName } from "./part-store.js";
import { placeOf } from "./run-manifest.js";
import { readShards } from "./shard-files.js";

/** A journal of parts in a run's folder, and what measured them. */
export interface Source {
  /** The run's folder, and the journal's path in it. */
  readonly dir: string;
  readonly file: string;
  /** Hash of the plan that the state beside it names; `null` where there is none. */
  readonly plan: string | null;
  readonly records: readonly PartRecord[];
  /** Numbers of lines that are no records. */
  readonly damaged: readonly number[];
  readonly environments: readonly Environment[];
}

/** The journals of a run's shards. */
export async function shardSources(dir: string): Promise<Source[]> {
  return (await readShards(dir)).map(({ base, journal, state }) => ({
    ...{ dir, file: `${base}.jsonl`, plan: state?.plan ?? null },
    ...{ ...journal, environments: state?.environments ?? [] },
  }));
}

/** The journal of a folder's plain run. */
export async function plainSource(dir: string): Promise<Source> {
  const manifest = await readManifest(dir);
  const journal = await readJournal(join(dir, journalName));
  const environments = manifest?.environments ?? [];
  return { dir, file: journalName, plan: manifest?.plan ?? null, ...journal, environments };
}

/** Records of several journals with the environments of all, each named by its place in one list. */
export function pooled(
  sources: readonly Source[],
  before: readonly Environment[],
): { readonly records: PartRecord[]; readonly environments: readonly Environment[] } {
  let environments = before;
  const records = sources.flatMap((source) => {
    const places = source.environments.map((environment) => {
      const { place, list } = placeOf(environment, environments);
      environments = list;
      return place;
    });
    return source.records.map((record) => ({
      ...record,
      environment: places[record.environment] ?? 0,
    }));
  });
  return { records, environments };
}
