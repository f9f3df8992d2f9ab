import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";
import { fileUrl, type HubFile } from "./hub.js";
import type { RepoFolder } from "./hub-cache.js";
import { codeOf, syncFolder } from "../disk.js";
import { diskError, fileSize } from "./hub-disk.js";
import { withLock } from "./hub-lock.js";
import { receive, type Sink } from "./hub-receive.js";
import type { HubConnection } from "./hub-request.js";

/** Bytes of a part on disk that are hashed at once. */
const pieceBytes = 2 ** 22;

/** The hash that names a file's content: SHA-256 in LFS, else git's of a blob (SHA-1 with a header). */
function hashOf(file: HubFile): Hash {
  if (file.sha256 !== null) return createHash("sha256");
  // In repositories of git's newer object format the ids are SHA-256, 64 digits.
  const hash = createHash(file.etag.length === 64 ? "sha256" : "sha1");
  return hash.update(`blob ${file.size}\0`);
}

/** A sink that writes and hashes what is new, and hashes what an earlier download left. */
interface HashedFile extends Sink {
  digest(): string;
}

async function hashedFile(handle: FileHandle, path: string, file: HubFile): Promise<HashedFile> {
  let hash = hashOf(file);
  let received = 0;
  const restart = async () => {
    await handle.truncate(0).catch((error: unknown) => {
      throw diskError(path, error);
    });
    hash = hashOf(file);
    received = 0;
  };
  const { size } = await handle.stat();
  if (size > file.size) await restart();
  const piece = new Uint8Array(Math.min(pieceBytes, file.size));
  while (size <= file.size && received < size) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, received);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    received += bytesRead;
  }
  return {
    get received() {
      return received;
    },
    async write(bytes) {
      try {
        let written = 0;
        while (written < bytes.length) {
          // Each byte has its place: should two processes ever write one file, they write the same.
          const rest = bytes.length - written;
          written += (await handle.write(bytes, written, rest, received + written)).bytesWritten;
        }
      } catch (error) {
        throw diskError(path, error);
      }
      hash.update(bytes);
      received += bytes.length;
    },
    restart,
    digest: () => hash.copy().digest("hex"),
  };
}

/** What is downloaded, and from where. */
export interface BlobRequest {
  readonly connection: HubConnection;
  readonly repo: string;
  readonly commit: string;
  readonly file: HubFile;
  /** Told how many bytes of the file are there. */
  readonly onReceived: (received: number) => void;
}

async function downloadTo(handle: FileHandle, path: string, request: BlobRequest): Promise<void> {
  const { connection, repo, commit, file, onReceived } = request;
  const sink = await hashedFile(handle, path, file);
  onReceived(sink.received);
  const counted: Sink = {
    get received() {
      return sink.received;
    },
    async write(bytes) {
      await sink.write(bytes);
      onReceived(sink.received);
    },
    restart: () => sink.restart(),
  };
  const url = fileUrl(connection.endpoint, repo, commit, file.path);
  const subject = { repo, revision: commit, path: file.path };
  let foundPart = sink.received > 0;
  for (;;) {
    await receive(connection, url, file.size, counted, subject);
    const digest = sink.digest();
    if (digest === file.etag && (await handle.stat()).size === file.size) break;
    await sink.restart();
    if (!foundPart) throw wrongHash(request, digest);
    // The part that an earlier download left may be to blame.
    foundPart = false;
  }
  await handle.sync();
}

function wrongHash({ repo, file }: BlobRequest, digest: string): LabError {
  const name = file.sha256 === null ? "git hash" : "SHA-256";
  return new LabError(
    `repository ${repo}: ${file.path}: expected ${name} ${file.etag}, got ${digest}`,
    {
      hint: "the download was damaged and is deleted: run the same command again",
    },
  );
}

/**
 * Makes sure that a file's content is in the cache, whole and verified: what an earlier download
 * left in `blobs/<etag>.incomplete` is gone on with, and only content of the right length and hash
 * gets its name.
 *
 * @throws LabError if it cannot be downloaded, has the wrong hash, or finds no room on the disk.
 */
export async function fetchBlob(at: RepoFolder, request: BlobRequest): Promise<void> {
  const { file, connection, onReceived } = request;
  const blob = join(at.blobs, file.etag);
  const incomplete = `${blob}.incomplete`;
  const isThere = async () => (await fileSize(blob)) === file.size;
  if (!(await isThere())) {
    await withLock(join(at.locks, `${file.etag}.download`), connection.signal, async (holds) => {
      if (await isThere()) return;
      let handle: FileHandle | undefined;
      try {
        await mkdir(at.blobs, { recursive: true });
        handle = await open(incomplete, constants.O_RDWR | constants.O_CREAT, 0o666);
        await downloadTo(handle, incomplete, request);
        await handle.close();
        if (!(await holds())) throw tookOver(incomplete);
        await rename(incomplete, blob);
        await syncFolder(at.blobs);
      } catch (error) {
        const empty = handle !== undefined && (await fileSize(incomplete)) === 0;
        if (empty) await rm(incomplete, { force: true }).catch(() => undefined);
        throw isOurs(error, connection.signal) ? error : diskError(incomplete, error);
      } finally {
        await handle?.close().catch(() => undefined);
      }
    });
  }
  onReceived(file.size);
}

function tookOver(path: string): LabError {
  return new LabError(`${path}: expected to be alone with it, got another process`, {
    hint: "run the same command again: it waits for the other, or goes on",
  });
}

/** Whether an error is not the system's, which would have a code. */
function isOurs(error: unknown, signal: AbortSignal | undefined): boolean {
  return (signal?.aborted ?? false) || codeOf(error) === undefined;
}
