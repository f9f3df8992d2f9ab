import { LabError, usageError } from "../errors.js";
import type { HubClient } from "./hub-node.js";
import { type ModelFiles, readFile } from "./model-files.js";
import { hubClientOf, type OpenedModel, openOnHub, type OpenModelOptions } from "./open-model.js";
import { resolveModel } from "./resolve-model.js";

/** Files of one repository that lie in the cache. */
export interface PulledFiles {
  readonly repo: string;
  readonly commit: string;
  /** The snapshot in the cache that holds them. */
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** A model whose files lie in the cache. */
export interface PulledModel {
  readonly name: string;
  readonly model: PulledFiles & {
    readonly revision: string;
    readonly checkpoint: NonNullable<OpenedModel["origin"]>["checkpoint"];
    readonly weights: string;
  };
  /** The tokenizer's, if it is in another repository. */
  readonly tokenizer: PulledFiles | null;
}

const tokenizerNames = ["tokenizer.json", "tokenizer_config.json"];

/**
 * Downloads what a model needs to run, and nothing else: config.json, one set of weights, and the
 * tokenizer. What the cache has is kept.
 *
 * @throws LabError of wrong usage for what is not on the hub, a plain one if it cannot be had.
 */
export async function pullModel(
  nameOrDir: string,
  options: OpenModelOptions = {},
): Promise<PulledModel> {
  const resolved = resolveModel(nameOrDir);
  if (resolved.repo === null) {
    throw usageError(
      `model ${nameOrDir}: expected a model on the hub, got one that is here already, in ${resolved.folder}`,
      "induction models ls says where each model is",
    );
  }
  const client = hubClientOf(options.hub);
  const opened = await openOnHub(resolved, client, options);
  const { files, tokenizerFiles, weights, origin } = opened;
  if (origin === null) throw new Error("a model on the hub has an origin");
  const { repo, revision, checkpoint } = origin;
  const tokenizerHere = await present(files, tokenizerNames);
  const needed = ["config.json", ...tokenizerHere, weights];
  if (weights.endsWith(".index.json")) needed.push(...(await shardsOf(files, weights)));
  const model = await pullFiles(client, repo, revision, needed);
  const elsewhere = opened.known?.tokenizerRepo ?? null;
  return {
    name: opened.name,
    model: { ...model, revision, checkpoint, weights },
    tokenizer:
      elsewhere === null || tokenizerFiles === null
        ? null
        : await pullFiles(
            client,
            elsewhere,
            undefined,
            await present(tokenizerFiles, tokenizerNames),
          ),
  };
}

async function present(files: ModelFiles, wanted: readonly string[]): Promise<string[]> {
  const names = await files.list();
  return wanted.filter((name) => names.includes(name));
}

async function pullFiles(
  client: HubClient,
  repo: string,
  revision: string | undefined,
  paths: readonly string[],
): Promise<PulledFiles> {
  const { commit, folder } = await client.pull(repo, revision, paths);
  const cached = await client.cached(repo);
  const there = cached?.revisions.find((one) => one.commit === commit)?.files ?? [];
  const files = there.filter(({ path }) => paths.includes(path));
  return { repo, commit, folder, files: files.map(({ path, size }) => ({ path, size })) };
}

/** The files that an index of weights names. */
async function shardsOf(files: ModelFiles, index: string): Promise<string[]> {
  const bytes = await readFile(files, index);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
  } catch {
    json = null;
  }
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  const shards = typeof map === "object" && map !== null ? new Set(Object.values(map)) : [];
  const names = [...shards].filter((name) => typeof name === "string");
  if (names.length > 0) return names;
  throw new LabError(`${files.where}/${index}: expected weight_map to name files, got none`, {
    hint: "the file is damaged: remove the model and pull it again",
  });
}
