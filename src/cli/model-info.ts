import { parseConfig } from "../model/index.js";
import {
  type Architecture,
  checkpointsIn,
  defaultRevision,
  type KnownModel,
  type ModelFiles,
  pythiaSteps,
  readFile,
} from "../weights/index.js";
import {
  type CachedRepo,
  folderFiles,
  type HubClient,
  isPythia,
  resolveModel,
} from "../weights/node.js";
import { architectureOf } from "./architecture.js";

/** A file of a model. */
interface InfoFile {
  readonly path: string;
  readonly size: number;
}

/** The checkpoints of a training, from the first label to the last. */
export interface CheckpointRange {
  readonly count: number;
  readonly unit: "steps" | "tokens";
  readonly first: number;
  readonly last: number;
}

/** What there is to say of a model without reading its weights. */
export interface ModelInfo {
  readonly name: string;
  readonly known: KnownModel | null;
  /** The folder of a model that is not on the hub. */
  readonly folder: string | null;
  readonly repo: string | null;
  readonly revision: string | null;
  readonly commit: string | null;
  /** The content of config.json; `null` if it was not at hand. */
  readonly config: unknown;
  /** By config.json or, where that is not at hand, by the registry. */
  readonly architecture: Architecture | null;
  /** All files; only the cached ones if no server was asked; `null` if nothing is at hand. */
  readonly files: readonly InfoFile[] | null;
  readonly checkpoints: CheckpointRange | null;
  readonly cached: CachedRepo | null;
}

/**
 * Looks up a model: in its folder, in the cache, and unless `offline` on the hub.
 *
 * @throws LabError for an unknown name, a config.json of no family that is read, and what cannot be
 * reached.
 */
export async function modelInfo(
  nameOrDir: string,
  client: HubClient,
  { offline, revision }: { readonly offline: boolean; readonly revision: string | undefined },
): Promise<ModelInfo> {
  const { name, known, folder, repo } = resolveModel(nameOrDir);
  if (repo === null) {
    const files = folderFiles(folder);
    const sizes = await sizesOf(files);
    const nothing = { repo, revision: null, commit: null, cached: null };
    const config = await configOf(files, known);
    return { name, known, folder, ...nothing, ...config, files: sizes, checkpoints: range(sizes) };
  }
  const asked = revision ?? defaultRevision;
  const before = await client.cached(repo);
  const base = { name, known, folder, repo, revision: asked };
  if (offline && before === null) {
    const architecture = known?.architecture ?? null;
    const checkpoints = pythiaRange(known, repo);
    const nothing = { commit: null, config: null, files: null, cached: null };
    return { ...base, ...nothing, architecture, checkpoints };
  }
  const { commit, files } = await client.snapshot(repo, asked);
  const config = await configOf(await client.files(repo, asked), known);
  const cached = await client.cached(repo);
  const listed = files ?? cached?.revisions.find((one) => one.commit === commit)?.files ?? [];
  const sizes = listed.map(({ path, size }) => ({ path, size }));
  const checkpoints = pythiaRange(known, repo) ?? range(sizes);
  return { ...base, commit, ...config, files: sizes, checkpoints, cached };
}

async function configOf(
  files: ModelFiles,
  known: KnownModel | null,
): Promise<{ readonly config: unknown; readonly architecture: Architecture | null }> {
  const bytes = await readFile(files, "config.json");
  if (bytes === null) return { config: null, architecture: known?.architecture ?? null };
  const text = new TextDecoder().decode(bytes);
  const { config, layout } = parseConfig(text, `${files.where}/config.json`);
  const architecture = known?.architecture ?? architectureOf(config, layout);
  return { config: JSON.parse(text), architecture };
}

async function sizesOf(files: ModelFiles): Promise<InfoFile[]> {
  const sizes: InfoFile[] = [];
  for (const path of await files.list()) {
    const source = await files.open(path);
    if (source === null) continue;
    sizes.push({ path, size: source.size });
    await source.close();
  }
  return sizes;
}

function range(files: readonly InfoFile[]): CheckpointRange | null {
  const all = checkpointsIn(files.map(({ path }) => path));
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined) return null;
  return { count: all.length, unit: first.unit, first: first.label, last: last.label };
}

function pythiaRange(known: KnownModel | null, repo: string): CheckpointRange | null {
  if (!isPythia(known, repo)) return null;
  const last = pythiaSteps.at(-1) as number;
  return { count: pythiaSteps.length, unit: "steps", first: 0, last };
}
