import { usageError } from "../errors.js";
import { type Checkpoint, checkpointsIn, chooseCheckpoint, pythiaStep } from "./checkpoints.js";
import { folderFiles } from "./folder.js";
import { defaultRevision } from "./hub.js";
import { hubOptionsFromEnvironment } from "./hub-environment.js";
import { type HubClient, hubClient, type HubOptions } from "./hub-node.js";
import { type ModelFiles, readFile } from "./model-files.js";
import { findWeights } from "./open-weights.js";
import { findKnownModel, type KnownModel } from "./registry.js";
import { type ResolvedModel, resolveModel } from "./resolve-model.js";

/** Options of {@link openModel}. */
export interface OpenModelOptions {
  /** Branch, tag or commit of a model on the hub; `main` unless given. */
  readonly revision?: string;
  /** The training checkpoint, by its label: steps or tokens; the final weights unless given. */
  readonly checkpoint?: number;
  /** How the hub is reached; what is not given is as the environment says. */
  readonly hub?: HubOptions;
}

/** A model whose files are at hand; nothing large has been read or downloaded yet. */
export interface OpenedModel {
  /** What results call the model. */
  readonly name: string;
  readonly known: KnownModel | null;
  /** The model's files; those on the hub are downloaded as they are opened. */
  readonly files: ModelFiles;
  /** Where tokenizer.json is, if not among `files`. */
  readonly tokenizerFiles: ModelFiles | null;
  /** The file of weights, or the index of several. */
  readonly weights: string;
  /** Which version on the hub the files are; `null` for a folder. */
  readonly origin: {
    readonly repo: string;
    /** As it was asked for. */
    readonly revision: string;
    /** The commit that it meant: 40 hexadecimal digits. */
    readonly commit: string;
    /** `null` for the final weights. */
    readonly checkpoint: Pick<Checkpoint, "label" | "unit"> | null;
  } | null;
}

/** A client of the hub: what is not given is as the environment says. */
export function hubClientOf(options: HubOptions = {}): HubClient {
  return hubClient({ ...hubOptionsFromEnvironment(process.env), ...options });
}

/**
 * Finds the files of a model: of a known one by its name, of `owner/name` on the hub, or in a folder.
 *
 * @example
 * const { files, weights } = await openModel("pythia-70m", { checkpoint: 3000 });
 * @throws LabError of wrong usage for an unknown name or checkpoint, a plain one where the hub cannot
 *   be reached or which file holds the weights is not clear.
 */
export async function openModel(
  nameOrDir: string,
  options: OpenModelOptions = {},
): Promise<OpenedModel> {
  const model = resolveModel(nameOrDir);
  if (model.repo !== null) return openOnHub(model, hubClientOf(options.hub), options);
  const { name, known, folder } = model;
  if (options.revision !== undefined) {
    throw usageError(
      `--revision ${options.revision}: expected a model on the hub, got the files of ${nameOrDir}`,
      "leave --revision out",
    );
  }
  const files = folderFiles(folder);
  const { weights } = await weightsOf(files, options.checkpoint);
  const card = known ?? (await cardOf(files));
  return { name, known: card, files, tokenizerFiles: null, weights, origin: null };
}

/** {@link openModel} for a model on the hub, by a client that stays with one commit per revision. */
export async function openOnHub(
  { name, known, repo }: ResolvedModel & { readonly repo: string },
  client: HubClient,
  { revision, checkpoint }: OpenModelOptions,
): Promise<OpenedModel> {
  const branch = isPythia(known, repo) ? pythiaBranch(name, revision, checkpoint) : null;
  const asked = branch?.revision ?? revision ?? defaultRevision;
  const files = await client.files(repo, asked);
  const chosen = await weightsOf(files, branch === null ? checkpoint : undefined);
  const elsewhere = known?.tokenizerRepo ?? null;
  return {
    name,
    known,
    files,
    tokenizerFiles: elsewhere === null ? null : await client.files(elsewhere),
    weights: chosen.weights,
    origin: {
      repo,
      revision: asked,
      commit: files.commit,
      checkpoint: branch?.checkpoint ?? chosen.checkpoint,
    },
  };
}

/**
 * The card that a folder's config.json names (`model_name`, as an export writes it), if it is of the
 * same sizes: a copy of a known model draws the same sequences.
 */
async function cardOf(files: ModelFiles): Promise<KnownModel | null> {
  const bytes = await readFile(files, "config.json");
  if (bytes === null) return null;
  let config: Record<string, unknown>;
  try {
    config = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  } catch {
    // Whoever reads the config says what is wrong with it.
    return null;
  }
  const { model_name: named } = config ?? {};
  const known = typeof named === "string" ? findKnownModel(named) : null;
  if (known === null) return null;
  const { layers, heads, dModel, dVocab } = known.architecture;
  const same =
    config.n_layers === layers &&
    config.n_heads === heads &&
    config.d_model === dModel &&
    config.d_vocab === dVocab;
  return same ? known : null;
}

type Label = Pick<Checkpoint, "label" | "unit">;

async function weightsOf(
  files: ModelFiles,
  wanted: number | undefined,
): Promise<{ readonly weights: string; readonly checkpoint: Label | null }> {
  if (wanted === undefined) return { weights: await findWeights(files), checkpoint: null };
  const all = checkpointsIn(await files.list());
  const { file, label, unit } = chooseCheckpoint(all, wanted, files.where);
  return { weights: file, checkpoint: { label, unit } };
}

/** Whether each checkpoint is a branch of the repository; Pythia's variants are published alike. */
export function isPythia(known: KnownModel | null, repo: string): boolean {
  if (known !== null) return known.checkpoints === "pythia";
  return /^EleutherAI\/pythia-/.test(repo);
}

function pythiaBranch(
  name: string,
  revision: string | undefined,
  wanted: number | undefined,
): { readonly revision: string; readonly checkpoint: Label } | null {
  if (wanted === undefined) {
    const step = /^step(\d{1,6})$/.exec(revision ?? "")?.[1];
    if (revision === undefined || step === undefined) return null;
    return { revision, checkpoint: { label: Number(step), unit: "steps" } };
  }
  const label = pythiaStep(wanted, name);
  if (revision !== undefined && revision !== `step${label}`) {
    throw usageError(
      `--checkpoint ${wanted}: expected no --revision beside it, got ${revision}`,
      "a checkpoint of a Pythia model is a revision: give one of the two",
    );
  }
  return { revision: `step${label}`, checkpoint: { label, unit: "steps" } };
}
