import { LabError } from "../errors.js";

/** The files of one model, wherever they are: a folder, a cache, a server, the browser's storage. */
export interface ModelFiles {
  /** The place, as it is named in errors. */
  readonly where: string;

  /**
   * All bytes of a file, or null if there is no file of that name.
   *
   * @param name A path inside the model's folder, such as `config.json`.
   * @throws LabError if the name leads out of the folder, or if the file is there but cannot be read.
   */
  read(name: string): Promise<Uint8Array | null>;
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
