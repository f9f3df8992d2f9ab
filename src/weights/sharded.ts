import { LabError } from "../errors.js";
import { checkFileName, type ModelFiles, readFile } from "./model-files.js";
import { openSafetensors } from "./safetensors.js";
import { shown } from "./shown.js";
import { type ByteSource, memorySource } from "./byte-source.js";
import type { OpenedWeights } from "./open-weights.js";
import type { WeightSource } from "./weight-source.js";

/** Weights of a model in several files are a few dozen files at most. */
const mostShards = 1000;

/** File of every tensor, from the `weight_map` of `model.safetensors.index.json`. */
function parseIndex(bytes: Uint8Array, where: string): Map<string, string> {
  const expected = (what: string, got: string) =>
    new LabError(`${where}: expected ${what}, got ${got}`, {
      hint: "the file is damaged or was not downloaded whole: fetch it again",
    });
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw expected("JSON in UTF-8", "something else");
  }
  const map = (json as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw expected("weight_map to be an object", shown(map));
  }
  const files = new Map<string, string>();
  for (const [tensor, file] of Object.entries(map as Record<string, unknown>)) {
    if (typeof file !== "string" || !file.endsWith(".safetensors")) {
      throw expected(`a .safetensors file for ${shown(tensor)}`, shown(file));
    }
    checkFileName(file, where);
    files.set(tensor, file);
  }
  const count = new Set(files.values()).size;
  if (count > mostShards) throw expected(`at most ${mostShards} files`, `${count}`);
  return files;
}

/**
 * Opens weights that lie in several safetensors files, by their index
 * (`model.safetensors.index.json`, whose `weight_map` says which file holds which tensor).
 *
 * @throws LabError if the index is not one, names a file that is not there, or disagrees with what
 * the files hold.
 */
export async function openSharded(files: ModelFiles, index: string): Promise<OpenedWeights> {
  const where = `${files.where}/${index}`;
  const bytes = await readFile(files, index);
  if (bytes === null) throw new LabError(`${files.where}: expected a file ${index}, found none`);
  const fileOf = parseIndex(bytes, where);

  const sources = new Map<string, ByteSource>();
  const shards = new Map<string, WeightSource>();
  const close = async () => {
    for (const source of sources.values()) await source.close();
  };
  try {
    for (const file of new Set(fileOf.values())) {
      const source = await files.open(file);
      if (source === null) {
        throw new LabError(`${where}: expected the file ${file} beside it, found none`, {
          hint: "fetch all files that the index names",
        });
      }
      sources.set(file, source);
      shards.set(file, await openSafetensors(source));
    }
    for (const [file, shard] of shards) {
      for (const name of shard.names) {
        if (fileOf.get(name) === file) continue;
        throw new LabError(
          `${files.where}/${file}: expected tensors that the index places there, got ${shown(name)}`,
          { hint: "the files belong to different versions: fetch them all again" },
        );
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  const shardOf = (name: string): WeightSource => {
    const shard = shards.get(fileOf.get(name) ?? "");
    if (shard !== undefined) return shard;
    throw new LabError(`${where}: tensor ${shown(name)}: expected in the index, got none`);
  };
  return {
    where,
    names: new Set(fileOf.keys()),
    shape: (name) => shardOf(name).shape(name),
    float: async (name) => shardOf(name).float(name),
    async sha256() {
      let lines = "";
      for (const file of [...sources.keys()].sort()) {
        lines += `${await (sources.get(file) as ByteSource).sha256()}  ${file}\n`;
      }
      return memorySource(new TextEncoder().encode(lines), where).sha256();
    },
    close,
  };
}
