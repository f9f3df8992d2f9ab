import { lstat, readdir, readlink, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isCommit } from "./hub.js";
import {
  type CachedFile,
  cachedCommit,
  namesIn,
  type RepoFolder,
  snapshotFiles,
} from "./hub-cache.js";
import { diskError, fileSize, isMissing } from "./hub-disk.js";

/** A commit of which the cache holds files. */
export interface CachedRevision {
  readonly commit: string;
  /** Branches and tags that mean this commit, as far as the cache knows. */
  readonly refs: readonly string[];
  readonly files: readonly CachedFile[];
}

/** What the cache holds of a repository. */
export interface CachedRepo {
  readonly folder: string;
  readonly revisions: readonly CachedRevision[];
  /** Bytes, contents that several revisions share counted once, unfinished downloads too. */
  readonly bytes: number;
}

/** Bytes of a file itself; a link has none. */
async function ownSize(path: string): Promise<number> {
  try {
    const status = await lstat(path);
    return status.isFile() ? status.size : 0;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw diskError(path, error);
  }
}

async function bytesIn(
  dir: string,
  size: (path: string) => Promise<number | null>,
): Promise<number> {
  let bytes = 0;
  for (const name of await namesIn(dir)) bytes += (await size(join(dir, name))) ?? 0;
  return bytes;
}

async function commitsIn(at: RepoFolder): Promise<string[]> {
  try {
    return (await readdir(at.snapshots)).filter(isCommit).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw diskError(at.snapshots, error);
  }
}

/** What the cache holds of a repository; null if it holds nothing. */
export async function scanRepo(at: RepoFolder): Promise<CachedRepo | null> {
  const refsOf = new Map<string, string[]>();
  for (const ref of await namesIn(at.refs)) {
    const commit = await cachedCommit(at, ref);
    if (commit !== null) refsOf.set(commit, [...(refsOf.get(commit) ?? []), ref]);
  }
  const revisions: CachedRevision[] = [];
  for (const commit of await commitsIn(at)) {
    const files = await snapshotFiles(at, commit);
    revisions.push({ commit, refs: refsOf.get(commit) ?? [], files });
  }
  // Python may keep a blob in a store that repositories share, with a link to it in this one.
  const bytes = (await bytesIn(at.blobs, fileSize)) + (await bytesIn(at.snapshots, ownSize));
  return revisions.length === 0 && bytes === 0 ? null : { folder: at.folder, revisions, bytes };
}

/**
 * The files that hold a snapshot's contents: blobs of the repository, or copies in the snapshot.
 * Links are followed once and no further, so that nothing outside of the repository is ever deleted.
 */
async function blobsOf(at: RepoFolder, commit: string): Promise<Set<string>> {
  const blobs = new Set<string>();
  for (const { path } of await snapshotFiles(at, commit)) {
    const pointer = join(at.snapshots, commit, path);
    const target = await readlink(pointer).catch(() => null);
    const blob = target === null ? pointer : resolve(dirname(pointer), target);
    if (target === null || dirname(blob) === at.blobs) blobs.add(blob);
  }
  return blobs;
}

/**
 * Deletes a repository from the cache, or one revision of it with the contents that no other
 * revision uses.
 *
 * @returns Bytes that became free; 0 if there was nothing to delete.
 */
export async function removeRepo(at: RepoFolder, revision?: string): Promise<number> {
  const repo = await scanRepo(at);
  if (repo === null) return 0;
  try {
    if (revision !== undefined) {
      const commit = await cachedCommit(at, revision);
      const gone = repo.revisions.find((one) => one.commit === commit);
      if (gone === undefined) return 0;
      if (repo.revisions.length > 1) return await removeRevision(at, repo, gone);
    }
    const bytes = (await bytesIn(at.blobs, ownSize)) + (await bytesIn(at.snapshots, ownSize));
    await rm(at.folder, { recursive: true, force: true });
    await rm(at.locks, { recursive: true, force: true });
    return bytes;
  } catch (error) {
    throw diskError(at.folder, error);
  }
}

async function removeRevision(
  at: RepoFolder,
  repo: CachedRepo,
  gone: CachedRevision,
): Promise<number> {
  const blobs = await blobsOf(at, gone.commit);
  for (const { commit } of repo.revisions) {
    if (commit === gone.commit) continue;
    for (const blob of await blobsOf(at, commit)) blobs.delete(blob);
  }
  // A process killed in between leaves blobs without a name, never names without a blob.
  for (const ref of gone.refs) await rm(join(at.refs, ref), { force: true });
  const snapshot = join(at.snapshots, gone.commit);
  let bytes = 0;
  // Copies, on systems without links, lie in the snapshot itself and are counted here.
  for (const blob of blobs) bytes += await ownSize(blob);
  await rm(snapshot, { recursive: true, force: true });
  for (const blob of blobs) await rm(blob, { force: true });
  return bytes;
}
