import { statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { LabError } from "../errors.js";
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

async function readWhole(handle: FileHandle, path: string): Promise<Uint8Array> {
  const status = await handle.stat();
  if (!status.isFile()) throw new LabError(`${path}: expected a file, got a folder or a device`);
  const bytes = new Uint8Array(status.size);
  let length = 0;
  while (length < bytes.length) {
    const wanted = Math.min(bytes.length - length, largestRead);
    const { bytesRead } = await handle.read(bytes, length, wanted, length);
    if (bytesRead === 0) {
      throw new LabError(`${path}: expected ${bytes.length} bytes, got ${length}`, {
        hint: "the file changed while it was read: try again",
      });
    }
    length += bytesRead;
  }
  return bytes;
}

async function readFile(path: string): Promise<Uint8Array | null> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    return await readWhole(handle, path);
  } catch (error) {
    if (error instanceof LabError) throw error;
    if (code(error) === "ENOENT" || code(error) === "ENOTDIR") return null;
    throw unreadable(path, error);
  } finally {
    await handle?.close();
  }
}

/**
 * The files of a model in a local folder. Each file is read whole into one buffer of its own.
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
    async read(name) {
      checkFileName(name, dir);
      return readFile(join(dir, name));
    },
  };
}
