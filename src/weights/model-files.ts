import { LabError } from "../errors.js";
import { type ByteSource, memorySource } from "./byte-source.js";

/** The files of one model, wherever they are: a folder, a cache, a server, the browser's storage. */
export interface ModelFiles {
  /** The place, as it is named in errors. */
  readonly where: string;

  /** Names of the files, such as `config.json` and `checkpoints/tokens_1000.pth`, sorted. */
  list(): Promise<readonly string[]>;

  /**
   * Opens a file, or gives null if there is no file of that name. Whoever opens it closes it.
   *
   * @param name A path inside the model's folder, such as `config.json`.
   * @throws LabError if the name leads out of the folder, or if the file is there but cannot be read.
   */
  open(name: string): Promise<ByteSource | null>;
}

/** All bytes of a file of a model, or null if there is no file of that name. */
export async function readFile(
  files: ModelFiles,
  name: string,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const source = await files.open(name);
  if (source === null) return null;
  try {
    return await source.read(0, source.size);
  } finally {
    await source.close();
  }
}

/** The files of a model that are in memory already, by name. */
export function memoryFiles(where: string, files: ReadonlyMap<string, Uint8Array>): ModelFiles {
  return {
    where,
    list: () => Promise.resolve([...files.keys()].sort()),
    open(name) {
      const bytes = files.get(name);
      return Promise.resolve(bytes === undefined ? null : memorySource(bytes, `${where}/${name}`));
    },
  };
}

/**
 * Refuses a name that could lead out of a model's folder: index files, which come from the
 * internet, name the files to read. Every implementation of {@link ModelFiles} calls it first.
 *
 * @throws LabError if the name is absolute, has an empty part, `.`, `..`, a backslash, a colon or a
 * control character.
 */
export function checkFileName(name: string, where: string): void {
  const parts = name.split("/");
  const plain = parts.every((part) => part !== "" && part !== "." && part !== "..");
  if (!plain || /[\\:\p{Cc}]/u.test(name)) {
    throw new LabError(
      `${where}: expected the name of a file inside the model's folder, got ${JSON.stringify(name.slice(0, 80))}`,
    );
  }
}
