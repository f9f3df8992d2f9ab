import { listFiles, modelInfo, pathsInfo } from "@huggingface/hub";
import { LabError } from "../errors.js";
import { type HubFile, hubFileOf, isCommit, repoAt } from "./hub.js";
import { noSuchFile } from "./hub-errors.js";
import type { HubConnection } from "./hub-request.js";

/** More files than any model has: a listing that goes on for ever ends here. */
const mostFiles = 100_000;

/** Runs a call of `@huggingface/hub`; what is not an error of ours was an answer that makes no sense. */
async function asked<T>(
  { signal }: HubConnection,
  where: string,
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof SyntaxError || error instanceof TypeError || isApiError(error)))
      throw error;
    throw new LabError(`${where}: expected an answer of the hub, got ${error.message}`, {
      hint: "check HF_ENDPOINT: the server does not answer as the hub does",
      cause: error,
    });
  }
}

/** The package's plain errors of what it cannot read. */
function isApiError(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof LabError) && error.name === "Error";
}

/** The commit that a revision means on the hub now. */
export async function askCommit(
  connection: HubConnection,
  repo: string,
  revision: string,
): Promise<string> {
  const where = repoAt(repo, revision);
  const { sha } = await asked(connection, where, () =>
    modelInfo({
      name: repo,
      revision,
      additionalFields: ["sha"],
      hubUrl: connection.endpoint,
      fetch: connection.fetchFor({ repo, revision }),
    }),
  );
  if (typeof sha === "string" && isCommit(sha)) return sha;
  throw new LabError(`${where}: expected a commit from the hub, got ${JSON.stringify(sha)}`, {
    hint: "check HF_ENDPOINT: the server does not answer as the hub does",
  });
}

/** All files of a repository at a commit, sorted by path. */
export async function askFiles(
  connection: HubConnection,
  repo: string,
  commit: string,
): Promise<readonly HubFile[]> {
  const where = repoAt(repo, commit);
  return asked(connection, where, async () => {
    const files = new Map<string, HubFile>();
    const entries = listFiles({
      repo: { type: "model", name: repo },
      revision: commit,
      recursive: true,
      hubUrl: connection.endpoint,
      fetch: connection.fetchFor({ repo, revision: commit }),
    });
    let count = 0;
    for await (const entry of entries) {
      if (++count > mostFiles) {
        throw new LabError(`${where}: expected at most ${mostFiles} files, got more`);
      }
      const file = hubFileOf(entry, where);
      if (file !== null) files.set(file.path, file);
    }
    return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  });
}

/**
 * The files of these paths at a commit, in the order of the paths.
 *
 * @throws LabError if there is no file at one of them.
 */
export async function askPaths(
  connection: HubConnection,
  repo: string,
  commit: string,
  paths: readonly string[],
): Promise<readonly HubFile[]> {
  const where = repoAt(repo, commit);
  const entries = await asked(connection, where, () =>
    pathsInfo({
      repo: { type: "model", name: repo },
      revision: commit,
      paths: [...paths],
      hubUrl: connection.endpoint,
      fetch: connection.fetchFor({ repo, revision: commit }),
    }),
  );
  const files = new Map<string, HubFile>();
  for (const entry of entries) {
    const file = hubFileOf(entry, where);
    if (file !== null) files.set(file.path, file);
  }
  return paths.map((path) => {
    const file = files.get(path);
    if (file === undefined) throw noSuchFile({ repo, revision: commit, path }, connection.endpoint);
    return file;
  });
}
