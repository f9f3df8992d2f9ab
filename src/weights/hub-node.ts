import { join } from "node:path";
import { LabError } from "../errors.js";
import { openFile } from "./folder.js";
import {
  checkRevision,
  defaultRevision,
  type HubFile,
  type HubProgress,
  isCommit,
  repoAt,
} from "./hub.js";
import { fetchBlob } from "./hub-blob.js";
import {
  cachedCommit,
  linkBlob,
  type RepoFolder,
  repoFolder,
  snapshotFiles,
  snapshotPath,
  writeRef,
} from "./hub-cache.js";
import { type CachedRepo, removeRepo, scanRepo } from "./hub-cache-scan.js";
import { fileSize } from "./hub-disk.js";
import { askCommit, askFiles, askPaths } from "./hub-listing.js";
import { hubConnection, type HubConnectionOptions } from "./hub-request.js";
import { checkFileName, type ModelFiles } from "./model-files.js";

/** How a client of the hub works. */
export interface HubOptions extends HubConnectionOptions {
  /** The cache, shared with other clients of the hub; by default the one of all of them. */
  readonly cacheDir?: string;
  /** Asks no server, and takes what the cache holds. */
  readonly offline?: boolean;
  /** Told of every piece that arrives. */
  readonly progress?: (progress: HubProgress) => void;
}

/** The hub and its cache on disk. A client asks once what commit a revision means, and stays with it. */
export interface HubClient {
  /**
   * The commit (40 hexadecimal digits) that a revision means, and the files there; offline both are
   * the cache's, which does not know all files: null.
   */
  snapshot(
    repo: string,
    revision?: string,
  ): Promise<{ readonly commit: string; readonly files: readonly HubFile[] | null }>;

  /**
   * Downloads what the cache lacks, verifies it, and gives the folder of the snapshot. A commit whose
   * files are all there needs no network.
   *
   * @throws LabError if a file is not there or cannot be had.
   */
  pull(
    repo: string,
    revision: string | undefined,
    paths: readonly string[],
  ): Promise<{ readonly commit: string; readonly folder: string }>;

  /**
   * The files of a repository at the commit that a revision means now. `list` asks the hub, or the
   * cache when offline; `open` downloads what the cache lacks.
   */
  files(repo: string, revision?: string): Promise<ModelFiles & { readonly commit: string }>;

  /** What the cache holds of a repository; null if it holds nothing. */
  cached(repo: string): Promise<CachedRepo | null>;

  /**
   * Deletes a repository from the cache, or one revision of it with the contents that no other
   * revision uses; gives the bytes that became free, 0 if there was nothing.
   */
  remove(repo: string, revision?: string): Promise<number>;
}

const noNetwork = "check the network, or use --offline to take what is cached";
const pullFirst = "pull it once with a network, without --offline";

/** What a key's task gave, tried again after it failed. */
function once<T>(): (key: string, task: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, Promise<T>>();
  return (key, task) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    const made = task();
    kept.set(key, made);
    made.catch(() => kept.delete(key));
    return made;
  };
}

/** A repository at a commit, and the revision by which it was asked for. */
interface Place {
  readonly repo: string;
  readonly revision: string;
  readonly commit: string;
  readonly at: RepoFolder;
}

/**
 * A client of the hub. It writes nothing but the cache: nothing on stdout or stderr.
 *
 * @example
 * const hub = hubClient(hubOptionsFromEnvironment(process.env));
 * const { folder } = await hub.pull("NeelNanda/Attn_Only_2L512W_C4_Code", "main", ["config.json"]);
 * @throws LabError of wrong usage if the endpoint or the token cannot be one. Its methods throw
 * LabErrors, or the signal's reason if aborted.
 */
export function hubClient(options: HubOptions = {}): HubClient {
  const { cacheDir, offline = false, progress } = options;
  const connection = hubConnection(options, noNetwork);
  const commitOnce = once<string>();
  const filesOnce = once<readonly HubFile[]>();

  async function placeOf(repo: string, revision = defaultRevision): Promise<Place> {
    const at = repoFolder(cacheDir, repo);
    checkRevision(revision);
    if (offline) {
      const commit = await cachedCommit(at, revision);
      if (commit !== null && (await snapshotFiles(at, commit)).length > 0) {
        return { repo, revision, commit, at };
      }
      throw new LabError(`${repoAt(repo, revision)}: expected in the cache, got nothing of it`, {
        hint: pullFirst,
      });
    }
    const commit = isCommit(revision)
      ? revision
      : await commitOnce(`${repo}@${revision}`, () => askCommit(connection, repo, revision));
    return { repo, revision, commit, at };
  }

  const listingOf = ({ repo, commit }: Place) =>
    filesOnce(`${repo}@${commit}`, () => askFiles(connection, repo, commit));

  const sizeOf = ({ at, commit }: Place, path: string) => fileSize(snapshotPath(at, commit, path));

  async function download(place: Place, files: readonly HubFile[]): Promise<void> {
    const { repo, commit, at } = place;
    const allTotal = files.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const file of files) {
      const onReceived = (received: number) => {
        const allReceived = before + received;
        progress?.({ file: file.path, received, total: file.size, allReceived, allTotal });
      };
      if ((await sizeOf(place, file.path)) === file.size) {
        onReceived(file.size);
      } else {
        await fetchBlob(at, { connection, repo, commit, file, onReceived });
        await linkBlob(at, commit, file.path, file.etag);
      }
      before += file.size;
    }
  }

  /** Notes in the cache what the revision means, for the next time without a network. */
  async function note({ at, revision, commit }: Place): Promise<void> {
    // A cache that others fill and we may only read serves us all the same.
    await writeRef(at, revision, commit).catch(() => undefined);
  }

  async function missingOf(place: Place, paths: readonly string[]): Promise<string[]> {
    const missing: string[] = [];
    for (const path of paths) if ((await sizeOf(place, path)) === null) missing.push(path);
    return missing;
  }

  return {
    async snapshot(repo, revision) {
      const place = await placeOf(repo, revision);
      return { commit: place.commit, files: offline ? null : await listingOf(place) };
    },
    async pull(repo, revision, asked) {
      const paths = [...new Set(asked)];
      for (const path of paths) checkFileName(path, repoAt(repo, revision));
      const place = await placeOf(repo, revision);
      const missing = await missingOf(place, paths);
      if (offline && missing.length > 0) {
        throw new LabError(
          `${repoAt(repo, place.revision)}: expected ${missing.join(", ")} in the cache, got none`,
          { hint: pullFirst },
        );
      }
      const isLocal = offline || (isCommit(place.revision) && missing.length === 0);
      if (!isLocal && paths.length > 0) {
        await download(place, await askPaths(connection, repo, place.commit, paths));
        await note(place);
      }
      return { commit: place.commit, folder: join(place.at.snapshots, place.commit) };
    },
    async files(repo, revision) {
      const place = await placeOf(repo, revision);
      const where = `${repo}@${place.commit.slice(0, 7)}${offline ? " (offline, from the cache)" : ""}`;
      return {
        where,
        commit: place.commit,
        async list() {
          const files = await (offline ? snapshotFiles(place.at, place.commit) : listingOf(place));
          return files.map(({ path }) => path);
        },
        async open(name) {
          checkFileName(name, where);
          if ((await sizeOf(place, name)) === null) {
            const file = offline
              ? undefined
              : (await listingOf(place)).find((f) => f.path === name);
            if (file === undefined) return null;
            await download(place, [file]);
          }
          if (!offline) await note(place);
          return openFile(snapshotPath(place.at, place.commit, name));
        },
      };
    },
    cached: async (repo) => scanRepo(repoFolder(cacheDir, repo)),
    remove: async (repo, revision) => removeRepo(repoFolder(cacheDir, repo), revision),
  };
}
