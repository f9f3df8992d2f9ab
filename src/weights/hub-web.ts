import { z } from "zod";
import { LabError } from "../errors.js";
import {
  checkRepoName,
  checkRevision,
  defaultRevision,
  fileUrl,
  type HubFile,
  hubFileOf,
  type HubProgress,
  isCommit,
  repoAt,
} from "./hub.js";
import { type HubSubject, HubTrouble } from "./hub-errors.js";
import { receive, type Sink } from "./hub-receive.js";
import { type HubConnection, hubConnection, type HubConnectionOptions } from "./hub-request.js";
import { memorySource } from "./byte-source.js";
import { checkFileName, type ModelFiles } from "./model-files.js";

/** How a browser takes models from the hub. */
export interface WebHubOptions extends HubConnectionOptions {
  /** Told of every piece that arrives. */
  readonly progress?: (progress: HubProgress) => void;
  /** The browser's storage of answers; by default its `caches`. Pages without https have none. */
  readonly caches?: Pick<CacheStorage, "open">;
}

/** Name of the Cache that keeps models, for pages that show or empty it. */
export const webCacheName = "induction-lab-models";

type AnswerCache = Pick<Cache, "match" | "put">;

/** Where nothing can be kept, everything is fetched again. */
const noCache: AnswerCache = {
  match: () => Promise.resolve(undefined),
  put: () => Promise.resolve(),
};

/** Pages of a listing: a server whose pages never end is left. */
const mostPages = 1000;

async function keep(cache: AnswerCache, url: string, body: BodyInit, type: string): Promise<void> {
  // What does not fit into the browser's storage is fetched again next time.
  await cache.put(url, new Response(body, { headers: { "Content-Type": type } })).catch(() => null);
}

const commitSchema = z.object({ sha: z.string().refine(isCommit) });

function notTheHub(where: string, what: string): LabError {
  return new LabError(`${where}: expected ${what} from the hub, got something else`, {
    hint: "check the address: the server does not answer as the hub does",
  });
}

async function commitOf(
  connection: HubConnection,
  cache: AnswerCache,
  repo: string,
  revision: string,
): Promise<string> {
  if (isCommit(revision)) return revision;
  const url = `${connection.endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}`;
  let answer: Response | undefined;
  try {
    answer = await connection.fetchFor({ repo, revision })(url);
  } catch (error) {
    answer = error instanceof HubTrouble ? await cache.match(url) : undefined;
    if (answer === undefined) throw error;
  }
  const parsed = commitSchema.safeParse(await answer.json().catch(() => null));
  if (!parsed.success) throw notTheHub(repoAt(repo, revision), "a commit");
  const { sha } = parsed.data;
  await keep(cache, url, JSON.stringify({ sha }), "application/json");
  return sha;
}

async function filesOf(
  connection: HubConnection,
  cache: AnswerCache,
  repo: string,
  commit: string,
): Promise<Map<string, HubFile>> {
  const where = repoAt(repo, commit);
  const url = `${connection.endpoint}/api/models/${repo}/tree/${commit}?recursive=true`;
  const kept = await cache.match(url);
  const entries: unknown[] = [];
  let next: string | undefined = url;
  for (let page = 0; next !== undefined; page++) {
    const answer: Response = kept ?? (await connection.fetchFor({ repo, revision: commit })(next));
    const list: unknown = await answer.json().catch(() => null);
    if (!Array.isArray(list) || page === mostPages) throw notTheHub(where, "a list of files");
    entries.push(...(list as unknown[]));
    const link: string = answer.headers.get("Link") ?? "";
    const [, target] = /<([^>]+)>\s*;\s*rel="next"/.exec(link) ?? [];
    next = target === undefined ? undefined : new URL(target, connection.endpoint).href;
  }
  if (kept === undefined) await keep(cache, url, JSON.stringify(entries), "application/json");
  const files = new Map<string, HubFile>();
  for (const entry of entries) {
    const file = hubFileOf(entry, where);
    if (file !== null) files.set(file.path, file);
  }
  return files;
}

/** Whether bytes are those of a file, by the hash that names it: SHA-256, or git's of a blob. */
async function isContentOf(file: HubFile, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  if (bytes.length !== file.size) return false;
  // Browsers give no hashes to pages without https (but on localhost).
  const subtle = (crypto as Partial<Crypto>).subtle;
  if (subtle === undefined) return true;
  let content = bytes;
  if (file.sha256 === null) {
    const header = new TextEncoder().encode(`blob ${file.size}\0`);
    content = new Uint8Array(header.length + bytes.length);
    content.set(header);
    content.set(bytes, header.length);
  }
  const digest = await subtle.digest(file.etag.length === 64 ? "SHA-256" : "SHA-1", content);
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return hex.join("") === file.etag;
}

function emptyBytes(size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new LabError(`this page: expected ${size} bytes of memory for a file, got none`, {
      hint: "close other pages, or choose a smaller model",
      cause,
    });
  }
}

function memorySink(size: number, onReceived: (received: number) => void) {
  const bytes = emptyBytes(size);
  let received = 0;
  const sink: Sink = {
    get received() {
      return received;
    },
    write(piece) {
      bytes.set(piece, received);
      received += piece.length;
      onReceived(received);
      return Promise.resolve();
    },
    restart() {
      received = 0;
      return Promise.resolve();
    },
  };
  return { bytes, sink };
}

/**
 * The files of a repository on the hub, for browsers. A file is fetched whole when it is opened,
 * verified, and kept in the browser's Cache under its address at the commit; from then on it, and
 * the listing, need no network. Without one, a revision means what it last meant here.
 *
 * @param revision A branch, a tag or a commit.
 * @throws LabError if the repository or the revision is not there or may not be read, or if there is
 * no network and nothing kept; the same from `list` and `open` of what it gives.
 */
export async function webHubFiles(
  repo: string,
  revision: string = defaultRevision,
  options: WebHubOptions = {},
): Promise<ModelFiles & { readonly commit: string }> {
  checkRepoName(repo);
  checkRevision(revision);
  const wayOut = "check the network; models that were opened before open without one";
  const connection = hubConnection(options, wayOut);
  const storage = options.caches ?? (globalThis as { caches?: CacheStorage }).caches;
  // Private windows may refuse storage.
  const cache = (await storage?.open(webCacheName).catch(() => undefined)) ?? noCache;
  const commit = await commitOf(connection, cache, repo, revision);
  const where = `${repo}@${commit.slice(0, 7)}`;

  let listing: Promise<Map<string, HubFile>> | undefined;
  const files = () => {
    listing ??= filesOf(connection, cache, repo, commit).catch((error: unknown) => {
      listing = undefined;
      throw error;
    });
    return listing;
  };

  async function fetchFile(file: HubFile): Promise<Uint8Array<ArrayBuffer>> {
    const url = fileUrl(connection.endpoint, repo, commit, file.path);
    const tell = (received: number) => {
      const allReceived = received;
      const { path, size: total } = file;
      options.progress?.({ file: path, received, total, allReceived, allTotal: total });
    };
    const kept = await cache.match(url);
    if (kept !== undefined) {
      const bytes = new Uint8Array(await kept.arrayBuffer());
      if (bytes.length === file.size) {
        tell(file.size);
        return bytes;
      }
    }
    const subject: HubSubject = { repo, revision: commit, path: file.path };
    const { bytes, sink } = memorySink(file.size, tell);
    await receive(connection, url, file.size, sink, subject);
    if (!(await isContentOf(file, bytes))) {
      throw new LabError(
        `${where}/${file.path}: expected content with hash ${file.etag}, got another`,
        {
          hint: "the download was damaged: open the model again",
        },
      );
    }
    await keep(cache, url, bytes, "application/octet-stream");
    return bytes;
  }

  const underWay = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  return {
    where,
    commit,
    list: async () => [...(await files()).keys()].sort(),
    async open(name) {
      checkFileName(name, where);
      const file = (await files()).get(name);
      if (file === undefined) return null;
      let bytes = underWay.get(name);
      if (bytes === undefined) {
        bytes = fetchFile(file).finally(() => underWay.delete(name));
        underWay.set(name, bytes);
      }
      return memorySource(await bytes, `${where}/${name}`);
    },
  };
}
