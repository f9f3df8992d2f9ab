import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Files of a repository, by path. */
export type RepoFiles = ReadonlyMap<string, Uint8Array>;

/** A request that reached the double. */
export interface DoubleRequest {
  readonly server: "hub" | "cdn";
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** Bytes of file content that were sent in answer. */
  sent: number;
  status: number;
}

/** Breaks the connection when a file's byte `at` is reached, `times` times. */
export interface Cut {
  readonly at: number;
  times: number;
  /** The connection stays, but nothing more comes. */
  readonly silently?: boolean;
}

/** An answer instead of the right one, `times` times, to requests whose path and query contain `match`. */
export interface FakeAnswer {
  readonly match: string;
  times: number;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How a double of the hub behaves; everything may be changed while it runs. */
export interface HubDoubleOptions {
  /** Repositories with the files of their branch main. */
  readonly repos: ReadonlyMap<string, RepoFiles>;
  /** Which files are in LFS; by default all but .json, .md and .txt. */
  readonly isLfs?: (path: string) => boolean;
  /** Old names that the hub redirects (307), such as gpt2 to openai-community/gpt2. */
  readonly renamed?: ReadonlyMap<string, string>;
  /** The token without which nothing is given. */
  token?: string;
  /** Repositories that ask for agreement to their terms. */
  readonly gated?: ReadonlySet<string>;
  /** Entries of a page of the listing. */
  pageSize?: number;
  /** Whether LFS files are redirected to a second server; by default so. */
  cdn?: boolean;
  /** By path. */
  readonly cuts?: Map<string, Cut>;
  /** By path: the byte that arrives changed. */
  readonly corrupt?: Map<string, number>;
  readonly answers?: FakeAnswer[];
  /** What becomes of a Range header; by default it is obeyed. */
  ranges?: "obey" | "ignore" | "refuse" | "wrong";
  /** Called before a request is answered. */
  onRequest?: (request: DoubleRequest) => void;
}

/** A running double of the hub. */
export interface HubDouble {
  readonly url: string;
  readonly cdnUrl: string;
  readonly requests: DoubleRequest[];
  readonly options: HubDoubleOptions;
  /** Makes a commit with these files and moves a branch to it; gives its id. */
  commit(repo: string, files: RepoFiles, branch?: string): string;
  close(): Promise<void>;
}

/** The id that git gives to a file's content. */
export function gitBlobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** SHA-256 in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

interface Repo {
  readonly commits: Map<string, RepoFiles>;
  readonly branches: Map<string, string>;
}

const exposed =
  "X-Repo-Commit, X-Error-Code, X-Error-Message, ETag, Link, Content-Range, X-Linked-Size, X-Linked-ETag";

function listen(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handler);
  return new Promise<Server>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

/** The storage gets a host name of its own, by which clients tell it from the hub. */
function addressOf(server: Server, host = "127.0.0.1"): string {
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (piece: string) => (text += piece));
    request.on("end", () => resolve(text));
    request.on("error", reject);
  });
}

/**
 * Starts a server that behaves like the hub, as far as loading models goes, and one like the storage
 * that it redirects large files to. Paths, headers and error codes are those of huggingface.co.
 */
export async function startHubDouble(options: HubDoubleOptions): Promise<HubDouble> {
  const repos = new Map<string, Repo>();
  const requests: DoubleRequest[] = [];
  const isLfs = options.isLfs ?? ((path: string) => !/\.(?:json|md|txt)$/.test(path));
  // Content of the storage, by its SHA-256, and the paths by which the options know it.
  const stored = new Map<string, { bytes: Uint8Array; path: string }>();

  function commit(repo: string, files: RepoFiles, branch = "main"): string {
    const hash = createHash("sha1").update(`${repo} ${branch}`);
    for (const [path, bytes] of files) {
      hash.update(`${path} ${sha256(bytes)}`);
      stored.set(sha256(bytes), { bytes, path });
    }
    const id = hash.digest("hex");
    const known = repos.get(repo) ?? { commits: new Map(), branches: new Map() };
    known.commits.set(id, files);
    known.branches.set(branch, id);
    repos.set(repo, known);
    return id;
  }
  for (const [repo, files] of options.repos) commit(repo, files);

  function logged(server: "hub" | "cdn", request: IncomingMessage): DoubleRequest {
    const { method = "", url = "", headers } = request;
    const entry: DoubleRequest = { server, method, url, headers, sent: 0, status: 0 };
    requests.push(entry);
    options.onRequest?.(entry);
    return entry;
  }

  /** Sends a file's content, whole or in part, or what the options make of it. */
  function sendContent(
    entry: DoubleRequest,
    response: ServerResponse,
    path: string,
    content: Uint8Array,
  ): void {
    const bytes = Uint8Array.from(content);
    const spoilt = options.corrupt?.get(path);
    if (spoilt !== undefined) bytes[spoilt]! ^= 0xff;
    const range = /^bytes=(\d+)-$/.exec(entry.headers.range ?? "");
    const ranges = options.ranges ?? "obey";
    let from = range === null || ranges === "ignore" ? 0 : Number(range[1]);
    if (range !== null && (ranges === "refuse" || from >= bytes.length)) {
      entry.status = 416;
      response.writeHead(416, { "Content-Range": `bytes */${bytes.length}` }).end();
      return;
    }
    if (range !== null && ranges === "wrong") from = Math.max(0, from - 1);
    const part = bytes.subarray(from);
    entry.status = range !== null && ranges !== "ignore" ? 206 : 200;
    response.statusCode = entry.status;
    response.setHeader("Accept-Ranges", "bytes");
    response.setHeader("Content-Length", part.length);
    if (entry.status === 206) {
      response.setHeader("Content-Range", `bytes ${from}-${bytes.length - 1}/${bytes.length}`);
    }
    if (entry.method === "HEAD") {
      response.end();
      return;
    }
    const cut = options.cuts?.get(path);
    if (cut === undefined || cut.times === 0) {
      entry.sent = part.length;
      response.end(part);
      return;
    }
    cut.times--;
    entry.sent = Math.max(0, cut.at - from);
    response.flushHeaders();
    // The client gets time to take what was sent before the connection goes.
    response.write(part.subarray(0, entry.sent), () => {
      if (cut.silently !== true) setTimeout(() => response.socket?.destroy(), 30);
    });
  }

  function refuse(entry: DoubleRequest, response: ServerResponse, status: number, code?: string) {
    entry.status = status;
    if (code !== undefined) response.setHeader("X-Error-Code", code);
    response.writeHead(status, { "Content-Type": "application/json" });
    response.end(JSON.stringify({ error: code ?? `status ${status}` }));
  }

  function entryOf(path: string, bytes: Uint8Array) {
    const oid = gitBlobId(bytes);
    const size = bytes.length;
    if (!isLfs(path)) return { type: "file", oid, size, path };
    const lfs = { oid: sha256(bytes), size, pointerSize: 134 };
    return { type: "file", oid, size, lfs, path };
  }

  async function answer(
    entry: DoubleRequest,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", exposed);
    const fake = options.answers?.find(
      ({ match, times }) => times > 0 && entry.url.includes(match),
    );
    if (fake !== undefined) {
      fake.times--;
      entry.status = fake.status;
      response.writeHead(fake.status, fake.headers).end(fake.body);
      return;
    }
    if (entry.method === "OPTIONS") {
      response.writeHead(204, { "Access-Control-Allow-Headers": "*, Authorization" }).end();
      return;
    }
    const url = new URL(entry.url, "http://hub");
    const api = /^\/api\/models\/((?:[^/]+\/)?[^/]+)\/(tree|revision|paths-info)\/([^/]+)$/.exec(
      url.pathname,
    );
    const resolved = /^\/((?:[^/]+\/)?[^/]+)\/(resolve)\/([^/]+)\/(.+)$/.exec(url.pathname);
    const [, repo = "", action = "", encoded = "", file = ""] = api ?? resolved ?? [];
    const newName = options.renamed?.get(repo);
    if (newName !== undefined) {
      entry.status = 307;
      response.writeHead(307, { Location: entry.url.replace(repo, newName) }).end();
      return;
    }
    const authorized = entry.headers.authorization === `Bearer ${options.token}`;
    const anonymous = entry.headers.authorization === undefined;
    if (options.token !== undefined && !authorized) {
      return refuse(entry, response, 401, anonymous ? "RepoNotFound" : undefined);
    }
    const known = repos.get(repo);
    if (known === undefined) return refuse(entry, response, anonymous ? 401 : 404, "RepoNotFound");
    if (options.gated?.has(repo) === true && action === "resolve") {
      return refuse(entry, response, anonymous ? 401 : 403, "GatedRepo");
    }
    const revision = decodeURIComponent(encoded);
    const id = known.branches.get(revision) ?? revision;
    const files = known.commits.get(id);
    if (files === undefined) return refuse(entry, response, 404, "RevisionNotFound");
    response.setHeader("X-Repo-Commit", id);
    const json = (value: unknown) => {
      entry.status = 200;
      response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" });
      response.end(JSON.stringify(value));
    };
    const entries = [...files].map(([path, bytes]) => entryOf(path, bytes));
    const folders = new Set(
      [...files.keys()].flatMap((path) => {
        const parts = path.split("/").slice(0, -1);
        return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
      }),
    );
    const folderEntries = [...folders].map((path) => {
      return { type: "directory", oid: gitBlobId(new TextEncoder().encode(path)), size: 0, path };
    });
    const all = [...folderEntries, ...entries];
    if (action === "revision") {
      return json({
        _id: "0",
        id: repo,
        sha: id,
        private: false,
        downloads: 0,
        likes: 0,
        gated: false,
      });
    }
    if (action === "paths-info") {
      const { paths } = JSON.parse(await bodyOf(request)) as { paths: string[] };
      return json(all.filter(({ path }) => paths.includes(path)));
    }
    if (action === "tree") {
      const recursive = /^(?:true|1)$/i.test(url.searchParams.get("recursive") ?? "");
      const listed = recursive ? all : all.filter(({ path }) => !path.includes("/"));
      const from = Number(url.searchParams.get("cursor") ?? 0);
      const to = from + (options.pageSize ?? 1000);
      if (to < listed.length) {
        url.searchParams.set("cursor", String(to));
        const next = `http://${request.headers.host}${url.pathname}${url.search}`;
        response.setHeader("Link", `<${next}>; rel="next"`);
      }
      return json(listed.slice(from, to));
    }
    const path = decodeURIComponent(file);
    const bytes = files.get(path);
    if (bytes === undefined) return refuse(entry, response, 404, "EntryNotFound");
    if (!isLfs(path)) {
      response.setHeader("ETag", `"${gitBlobId(bytes)}"`);
      return sendContent(entry, response, path, bytes);
    }
    response.setHeader("X-Linked-Size", bytes.length);
    response.setHeader("X-Linked-ETag", `"${sha256(bytes)}"`);
    if (options.cdn === false) {
      response.setHeader("ETag", `"${sha256(bytes)}"`);
      return sendContent(entry, response, path, bytes);
    }
    entry.status = 302;
    response
      .writeHead(302, { Location: `${addressOf(cdn, "localhost")}/${sha256(bytes)}?signed=1` })
      .end();
  }

  const cdn = await listen((request, response) => {
    const entry = logged("cdn", request);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", exposed);
    const content = stored.get(entry.url.slice(1).replace(/\?.*$/, ""));
    if (content === undefined) return void response.writeHead(404).end();
    // A signed address must come without another authorization, as at S3.
    if (entry.headers.authorization !== undefined) return void response.writeHead(400).end();
    response.setHeader("ETag", `"${sha256(content.bytes).slice(0, 32)}"`);
    sendContent(entry, response, content.path, content.bytes);
  });
  const hub = await listen((request, response) => {
    const entry = logged("hub", request);
    answer(entry, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });

  return {
    url: addressOf(hub),
    cdnUrl: addressOf(cdn, "localhost"),
    requests,
    options,
    commit,
    async close() {
      for (const server of [hub, cdn]) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
