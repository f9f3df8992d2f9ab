import { z } from "zod";
import { LabError, usageError } from "../errors.js";
import { checkFileName } from "./model-files.js";

/** Where the hub is, unless a mirror is named. */
export const defaultEndpoint = "https://huggingface.co";

/** The revision that is meant where none is named. */
export const defaultRevision = "main";

/** How far a download is, in bytes. The totals are those of the hub's listing, known from the start. */
export interface HubProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  readonly received: number;
  readonly total: number;
  /** Bytes there of all files asked for, those of the cache included. */
  readonly allReceived: number;
  readonly allTotal: number;
}

/** A file of a repository, as the hub lists it. */
export interface HubFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** SHA-256 of the content where the hub knows it (files in Git LFS), in hexadecimal digits. */
  readonly sha256: string | null;
  /** What the cache calls the content: the SHA-256, or the git blob id of a file that is not in LFS. */
  readonly etag: string;
}

/**
 * Checks the name of a repository: `owner/name`, or a bare `name` as of the oldest models.
 *
 * @throws LabError of wrong usage if it is neither. What it lets through is safe in a URL and, with
 * `--` for the slash, as the name of a folder.
 */
export function checkRepoName(repo: string): void {
  const parts = repo.split("/");
  const plain = parts.every((part) => /^[A-Za-z0-9_](?:[\w.-]*[A-Za-z0-9_])?$/.test(part));
  if (!plain || parts.length > 2 || repo.length > 200 || /--|\.\./.test(repo)) {
    throw usageError(
      `repository ${JSON.stringify(repo.slice(0, 80))}: expected owner/name, got something else`,
      "letters, digits, -, _ and . make a name, as in NeelNanda/Attn_Only_2L512W_C4_Code",
    );
  }
}

/**
 * Checks the name of a branch or tag, or a commit. What it lets through is safe as a path in `refs/`.
 *
 * @throws LabError of wrong usage.
 */
export function checkRevision(revision: string): void {
  const parts = revision.split("/");
  const plain = parts.every((part) => !/^\.{0,2}$/.test(part));
  if (!plain || revision.length > 200 || /[\\:?*[~^\s\p{Cc}]/u.test(revision)) {
    throw usageError(
      `revision ${JSON.stringify(revision.slice(0, 80))}: expected a branch, a tag or a commit, got something else`,
      "for example main, step1000 or the 40 digits of a commit",
    );
  }
}

/** Whether a revision is a whole commit id, so that what it means can never change. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** The address of a file at a commit. */
export function fileUrl(endpoint: string, repo: string, commit: string, path: string): string {
  const encoded = path.split("/").map(encodeURIComponent).join("/");
  return `${endpoint}/${repo}/resolve/${commit}/${encoded}`;
}

const hash = z.string().regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/);
const size = z.int().nonnegative();
const entrySchema = z.object({
  type: z.string(),
  path: z.string(),
  size,
  oid: hash.optional(),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size }).nullish(),
});

function canBeOpened(path: string): boolean {
  try {
    checkFileName(path, "");
    return true;
  } catch {
    return false;
  }
}

/**
 * The file that an entry of the hub's `tree` or `paths-info` describes; null for a folder, and for a
 * name that no {@link ModelFiles} opens.
 *
 * @param where The listing, as it is named in errors.
 * @throws LabError if the entry is not one, or has no hash to check the content by.
 */
export function hubFileOf(entry: unknown, where: string): HubFile | null {
  const parsed = entrySchema.safeParse(entry);
  if (parsed.success && parsed.data.type !== "file") return null;
  const etag = parsed.data?.lfs?.oid ?? parsed.data?.oid;
  if (!parsed.success || etag === undefined) {
    const got = JSON.stringify(entry)?.slice(0, 120) ?? "nothing";
    throw new LabError(`${where}: expected files with size and hash from the hub, got ${got}`, {
      hint: "check HF_ENDPOINT: the server does not answer as the hub does",
    });
  }
  const { path, lfs } = parsed.data;
  if (!canBeOpened(path)) return null;
  return { path, size: lfs?.size ?? parsed.data.size, sha256: lfs?.oid ?? null, etag };
}

/** A repository at a revision, as it is named in errors; a commit by its first seven digits. */
export function repoAt(repo: string, revision?: string): string {
  if (revision === undefined) return `repository ${repo}`;
  return `repository ${repo} at ${isCommit(revision) ? revision.slice(0, 7) : revision}`;
}
