import { randomUUID } from "node:crypto";
import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { getHFHubCachePath, getRepoFolderName } from "@huggingface/hub";
import { checkRepoName, checkRevision, isCommit } from "./hub.js";
import { codeOf } from "../disk.js";
import { diskError, fileSize, isMissing } from "./hub-disk.js";
import { checkFileName } from "./model-files.js";

/** A file in the cache. */
export interface CachedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Where things lie for one repository, in the layout that all clients of the hub share. */
export interface RepoFolder {
  readonly folder: string;
  /** Files `refs/<revision>`, each with a commit. */
  readonly refs: string;
  /** Contents, named by their hash. */
  readonly blobs: string;
  /** Folders `snapshots/<commit>`, with links to the contents. */
  readonly snapshots: string;
  /** Locks of downloads under way. */
  readonly locks: string;
}

/**
 * The folders of a repository in the cache; they need not exist.
 *
 * The layout is that of Python's `huggingface_hub` ("Understand caching" in its documentation).
 *
 * @param cacheDir The cache; by default what `HF_HUB_CACHE`, `HF_HOME` or the system says.
 * @throws LabError of wrong usage if `repo` cannot be the name of one.
 */
export function repoFolder(cacheDir: string | undefined, repo: string): RepoFolder {
  checkRepoName(repo);
  const cache = resolve(cacheDir ?? getHFHubCachePath());
  const name = getRepoFolderName({ type: "model", name: repo });
  const folder = join(cache, name);
  return {
    folder,
    refs: join(folder, "refs"),
    blobs: join(folder, "blobs"),
    snapshots: join(folder, "snapshots"),
    locks: join(cache, ".locks", name),
  };
}

/** Where a file of a snapshot lies in the cache, once it is there. */
export function snapshotPath(at: RepoFolder, commit: string, path: string): string {
  checkFileName(path, at.folder);
  return join(at.snapshots, commit, ...path.split("/"));
}

/** The commit that a revision means in the cache; null if the cache does not know it. */
export async function cachedCommit(at: RepoFolder, revision: string): Promise<string | null> {
  checkRevision(revision);
  if (isCommit(revision)) return revision;
  const path = join(at.refs, ...revision.split("/"));
  try {
    const commit = (await readFile(path, "utf8")).trim();
    return isCommit(commit) ? commit : null;
  } catch (error) {
    if (isMissing(error) || codeOf(error) === "EISDIR") return null;
    throw diskError(path, error);
  }
}

/** Notes which commit a revision means; of a commit there is nothing to note. */
export async function writeRef(at: RepoFolder, revision: string, commit: string): Promise<void> {
  checkRevision(revision);
  if (isCommit(revision) || (await cachedCommit(at, revision)) === commit) return;
  const path = join(at.refs, ...revision.split("/"));
  await replace(path, (temporary) => writeFile(temporary, commit));
}

/** Makes a file under another name and renames it, so that it is never seen in part. */
async function replace(path: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await make(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw diskError(path, error);
  }
}

const noLinks = new Set(["EPERM", "EACCES", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "UNKNOWN"]);

/**
 * Puts a blob into a snapshot: as a relative link, or as a copy where the system makes no links.
 *
 * @param makeLink How a symbolic link is made.
 */
export async function linkBlob(
  at: RepoFolder,
  commit: string,
  path: string,
  etag: string,
  makeLink: (target: string, path: string) => Promise<void> = symlink,
): Promise<void> {
  const pointer = snapshotPath(at, commit, path);
  const blob = join(at.blobs, etag);
  const target = relative(dirname(pointer), blob);
  if ((await readlink(pointer).catch(() => null)) === target) return;
  await replace(pointer, async (temporary) => {
    try {
      await makeLink(target, temporary);
    } catch (error) {
      if (!noLinks.has(codeOf(error) ?? "")) throw error;
      await copyFile(blob, temporary);
    }
  });
}

/** Names that `replace` gives for a moment, and that a killed process leaves. */
const temporaryName = /\.[0-9a-f-]{36}\.tmp$/;

/** Names of what a folder holds, at any depth, folders themselves left out; none if it is not there. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory() && !temporaryName.test(entry.name))
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(dir, error);
  }
}

/** The files of a snapshot whose content is in the cache, sorted by path. */
export async function snapshotFiles(at: RepoFolder, commit: string): Promise<CachedFile[]> {
  const dir = join(at.snapshots, commit);
  const files: CachedFile[] = [];
  for (const path of await namesIn(dir)) {
    const size = await fileSize(join(dir, path));
    if (size !== null) files.push({ path, size });
  }
  return files;
}
