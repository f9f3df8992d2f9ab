import { LabError, type LabErrorOptions } from "../errors.js";
import { repoAt } from "./hub.js";

/** What a request to the hub was about, for its errors. */
export interface HubSubject {
  readonly repo: string;
  readonly revision?: string;
  readonly path?: string;
}

/** A failure that may pass by itself: a connection that broke, a server that is busy. */
export class HubTrouble extends LabError {
  /** How long the server wants to be left alone, in ms; null if it did not say. */
  readonly retryAfter: number | null;
  /** Whether no connection came about at all, so that asking again at once is of no use. */
  readonly unreachable: boolean;

  constructor(
    message: string,
    options: LabErrorOptions & { retryAfter?: number | null; unreachable?: boolean } = {},
  ) {
    super(message, options);
    this.retryAfter = options.retryAfter ?? null;
    this.unreachable = options.unreachable ?? false;
  }
}

/** Longer than this nobody is kept waiting for a server that asks for patience, in ms. */
const longestWait = 60_000;

/** The wait that a `Retry-After` header asks for, in ms; it holds seconds or a date. */
function retryAfterOf(response: Response): number | null {
  const header = response.headers.get("Retry-After");
  if (header === null) return null;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}

/**
 * The error of an answer that is not the one hoped for. Of a busy or failing server (408, 429, 5xx)
 * it is a {@link HubTrouble}, unless it asks for a longer wait than a minute.
 *
 * Of what was not found the hub says in `X-Error-Code` what it was; without a token it answers 401
 * also for repositories that do not exist, so that private names cannot be guessed.
 *
 * @param endpoint The hub; other hosts are the storage that it sends downloads to.
 */
export function statusError(response: Response, subject: HubSubject, endpoint: string): LabError {
  const { status } = response;
  const { repo, revision, path } = subject;
  const where = repoAt(repo, revision);
  const code = response.headers.get("X-Error-Code");
  const page = `${endpoint}/${repo}`;
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfter = retryAfterOf(response);
    const what = status === 429 ? "429 (too many requests)" : `${status} (the server failed)`;
    const message = `${where}: expected an answer, got ${what}`;
    if (retryAfter !== null && retryAfter > longestWait) {
      const seconds = Math.ceil(retryAfter / 1000);
      return new LabError(message, {
        hint: `the server asks for ${seconds} s of patience: run the same command after that`,
      });
    }
    const hint = "run the same command again in some minutes: what was downloaded is kept";
    return new HubTrouble(message, { hint, retryAfter });
  }
  // A proxy's own answer has no address.
  if (response.url !== "" && !response.url.startsWith(`${endpoint}/`)) {
    const { host } = new URL(response.url);
    return new LabError(`${where}: expected ${path ?? "a file"} from ${host}, got ${status}`, {
      hint: "run the same command again: the hub then gives a new address",
    });
  }
  if (code === "GatedRepo" || status === 403) {
    const hint =
      status === 401
        ? `ask for access on its page ${page} and set HF_TOKEN to your token`
        : `ask for access on its page ${page}, and check that your token may read it`;
    return new LabError(`${where}: expected access, got ${status} (gated)`, { hint });
  }
  if (status === 401) {
    return new LabError(`${where}: expected access, got 401 (unknown or private)`, {
      hint: "check the name, or set HF_TOKEN to a token that may read it",
    });
  }
  if (status !== 404) return new LabError(`${where}: expected an answer, got ${status}`);
  if (code === "RepoNotFound") {
    const expected = `expected on ${endpoint}, got 404 (unknown or private)`;
    return new LabError(`repository ${repo}: ${expected}`, {
      hint: "check the name; a private one needs a token in HF_TOKEN that may read it",
    });
  }
  if (code === "RevisionNotFound") {
    return new LabError(`repository ${repo}: expected a revision ${revision}, got 404`, {
      hint: `its branches and tags are listed on ${page}/tree/main`,
    });
  }
  if (code === "EntryNotFound") return noSuchFile(subject, endpoint);
  return new LabError(`${where}: expected ${path ?? "it"} on ${endpoint}, got 404`, {
    hint: "check the names of repository, revision and file, and HF_ENDPOINT",
  });
}

/** The error of a file that a repository does not have. */
export function noSuchFile({ repo, revision, path }: HubSubject, endpoint: string): LabError {
  return new LabError(`${repoAt(repo, revision)}: expected a file ${path}, found none`, {
    hint: `its files are listed on ${endpoint}/${repo}/tree/${revision ?? "main"}`,
  });
}

/** The system's code of what went wrong underneath, such as `ENOTFOUND`; `fetch` hides it in causes. */
function networkCode(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if ("code" in at && typeof at.code === "string") return at.code;
    if (at instanceof AggregateError && at.errors.length > 0) return networkCode(at.errors[0]);
  }
  return null;
}

/** Codes of connections that were there and broke. All else that stops a request: no connection. */
const broken = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** The error of a request that got no answer. */
export function networkError(cause: unknown, url: string, wayOut: string): HubTrouble {
  const timedOut = cause instanceof Error && cause.name === "TimeoutError";
  const code = networkCode(cause);
  const reason = timedOut
    ? "a timeout"
    : (code ?? (cause instanceof Error ? cause.message : cause));
  return new HubTrouble(`${new URL(url).host}: expected an answer, got none (${String(reason)})`, {
    hint: wayOut,
    cause,
    unreachable: code === null || !broken.has(code),
  });
}
