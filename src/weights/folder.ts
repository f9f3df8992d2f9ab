import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";
import { type ByteSource, piecesOf } from "./byte-source.js";
import { checkFileName, type ModelFiles } from "./model-files.js";

/** Node reads at most 2 GiB at once; weight files are larger. */
const largestRead = 2 ** 30;

function code(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

function unreadable(path: string, cause: unknown): LabError {
  const reason = code(cause) ?? String(cause);
  return new LabError(`${path}: expected a readable file, got ${reason}`, {
    hint: "check that the path exists and that you may read it",
    cause,
  });
}

async function readRange(
  handle: FileHandle,
  path: string,
  begin: number,
  end: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - begin);
  let length = 0;
  while (length < bytes.length) {
    const wanted = Math.min(bytes.length - length, largestRead);
    const { bytesRead } = await handle.read(bytes, length, wanted, begin + length);
    if (bytesRead === 0) {
      throw new LabError(`${path}: expected ${end} bytes, got ${begin + length}`, {
        hint: "the file changed while it was read: try again",
      });
    }
    length += bytesRead;
  }
  return bytes;
}

/**
 * Opens a file on disk, or gives null if there is none.
 *
 * @throws LabError if it is a folder or a device, or cannot be read.
 */
export async function openFile(path: string): Promise<ByteSource | null> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const status = await handle.stat();
    if (!status.isFile()) throw new LabError(`${path}: expected a file, got a folder or a device`);
    const { size } = status;
    const opened = handle;
    const source: ByteSource = {
      where: path,
      size,
      async read(begin, end) {
        if (!(0 <= begin && begin <= end && end <= size)) {
          throw new RangeError(`${path}: no bytes ${begin} to ${end} of ${size}`);
        }
        try {
          return await readRange(opened, path, begin, end);
        } catch (error) {
          throw error instanceof LabError ? error : unreadable(path, error);
        }
      },
      async sha256() {
        const hash = createHash("sha256");
        for await (const piece of piecesOf(source)) hash.update(piece);
        return hash.digest("hex");
      },
      close: () => opened.close(),
    };
    return source;
  } catch (error) {
    await handle?.close();
    if (error instanceof LabError) throw error;
    if (code(error) === "ENOENT" || code(error) === "ENOTDIR") return null;
    throw unreadable(path, error);
  }
}

/**
 * The files of a model in a local folder.
 *
 * @throws LabError at once if `dir` is not a folder or cannot be reached.
 */
export function folderFiles(dir: string): ModelFiles {
  let isFolder: boolean | undefined;
  try {
    isFolder = statSync(dir, { throwIfNoEntry: false })?.isDirectory();
  } catch (error) {
    throw unreadable(dir, error);
  }
  if (isFolder !== true) {
    const got = isFolder === undefined ? "nothing of that name" : "a file";
    throw new LabError(`${dir}: expected a folder, got ${got}`, {
      hint: "give the folder that holds config.json and model.safetensors",
    });
  }
  return {
    where: dir,
    async list() {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) =>
          join(entry.parentPath, entry.name)
            .slice(dir.length)
            .replace(/^[/\\]+/, ""),
        )
        .map((name) => name.replaceAll("\\", "/"))
        .sort();
    },
    async open(name) {
      checkFileName(name, dir);
      return openFile(join(dir, name));
    },
  };
}
