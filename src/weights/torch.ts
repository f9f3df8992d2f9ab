import { LabError } from "../errors.js";
import { type FloatTensor, sizeOf } from "../graph/tensor.js";
import { nearestNames } from "../nearest.js";
import { type ByteSource, piecesOf } from "./byte-source.js";
import { crc32 } from "./crc32.js";
import { shown } from "./shown.js";
import { readStateDict, type TorchTensor } from "./torch-pickle.js";
import { gatherStrided, spanOf, storageTypes } from "./torch-storage.js";
import type { WeightSource } from "./weight-source.js";
import { checkStored, readZipDirectory, type ZipEntry, zipDataStart } from "./zip.js";

/** The pickle names tensors and holds no numbers: a few hundred bytes for each. */
const largestPickle = 2 ** 26;

/** First bytes of the format before torch 1.6: a pickle of the number 0x1950a86a20f9469cfc6c. */
const legacyStart = [
  0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
];

function fail(where: string, expected: string, got: string, hint: string): never {
  throw new LabError(`${where}: expected ${expected}, got ${got}`, { hint });
}

const damaged = "the file is damaged or was not downloaded whole: fetch it again";

/** An archive's folder: torch puts everything under the file's name. */
function rootOf(entries: ReadonlyMap<string, ZipEntry>, where: string): string {
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [first] = pickles;
  if (first === undefined || pickles.length > 1) {
    fail(where, "a checkpoint with one data.pkl", `${pickles.length}`, damaged);
  }
  const root = first.slice(0, -"data.pkl".length);
  const isProgram = [...entries.keys()].some(
    (name) => name === `${root}constants.pkl` || name.startsWith(`${root}code/`),
  );
  if (isProgram) {
    const hint = "save its state_dict() with torch.save instead";
    fail(where, "a state dict", "a TorchScript program", hint);
  }
  return root;
}

/**
 * Bytes `begin … end − 1` of an entry, after the CRC of all of it was checked, once for each entry. A
 * part is picked out while the whole goes by in pieces: it takes no more memory than the part.
 */
async function readEntry(
  source: ByteSource,
  entry: ZipEntry,
  checked: Set<ZipEntry>,
  begin = 0,
  end = entry.size,
): Promise<Uint8Array<ArrayBuffer>> {
  const start = await zipDataStart(source, entry);
  const isWhole = end - begin === entry.size;
  if (isWhole || checked.has(entry)) {
    const bytes = await source.read(start + begin, start + end);
    if (!checked.has(entry)) checkCrc(crc32(bytes), source, entry, checked);
    return bytes;
  }
  const bytes = new Uint8Array(end - begin);
  let crc = 0;
  let at = 0;
  for await (const piece of piecesOf(source, start, start + entry.size)) {
    crc = crc32(piece, crc);
    const [from, to] = [Math.max(begin - at, 0), Math.min(end - at, piece.length)];
    if (from < to) bytes.set(piece.subarray(from, to), at + from - begin);
    at += piece.length;
  }
  checkCrc(crc, source, entry, checked);
  return bytes;
}

function checkCrc(crc: number, source: ByteSource, entry: ZipEntry, checked: Set<ZipEntry>): void {
  const where = `${source.where}: ${shown(entry.name)}`;
  if (crc !== entry.crc) fail(where, "bytes of the stated CRC-32", "others", damaged);
  checked.add(entry);
}

/**
 * Opens a checkpoint of `torch.save` (1.6 and later): a zip archive of a pickle, which says which
 * tensors there are, and of their storages. The pickle can build tensors and nothing else; any other
 * Python object in it is refused by name before a tensor is read. Tensors are read one by one, with
 * their strides, and the CRC of each storage is checked.
 *
 * @throws LabError if the file is not such a checkpoint, is damaged, or would run code.
 */
export async function openTorch(source: ByteSource): Promise<WeightSource> {
  const { where, size } = source;
  const start = await source.read(0, Math.min(size, legacyStart.length));
  if (legacyStart.every((byte, i) => start[i] === byte)) {
    const hint = "load it with torch and save it again with torch.save, version 1.6 or later";
    fail(where, "a checkpoint in torch's zip format", "the format before torch 1.6", hint);
  }
  const entries = await readZipDirectory(source);
  const root = rootOf(entries, where);
  for (const entry of entries.values()) checkStored(entry, where);
  const checked = new Set<ZipEntry>();
  const order = entries.get(`${root}byteorder`);
  if (order !== undefined) {
    const [end, hint] = [Math.min(order.size, 16), "save it on a little-endian machine"];
    const text = new TextDecoder().decode(await readEntry(source, order, checked, 0, end));
    if (text !== "little") fail(where, "little-endian numbers", shown(text), hint);
  }
  const pickle = entries.get(`${root}data.pkl`) as ZipEntry;
  if (pickle.size > largestPickle) {
    fail(where, "a pickle of a model", `one of ${pickle.size} bytes`, damaged);
  }
  const tensors = readStateDict(await readEntry(source, pickle, checked), `${where}: data.pkl`);
  const storages = new Map<string, ZipEntry>();
  for (const [name, tensor] of tensors) {
    storages.set(tensor.storage.key, checkTensor(name, tensor, entries, root, where));
  }

  const find = (name: string): TorchTensor => {
    const tensor = tensors.get(name);
    if (tensor !== undefined) return tensor;
    const near = nearestNames(name, tensors.keys()).map(shown).join(", ");
    return fail(
      `${where}: tensor ${shown(name)}`,
      "in the file",
      "none",
      near === "" ? `the file holds ${tensors.size} tensors` : `nearest names: ${near}`,
    );
  };
  return {
    where,
    names: new Set(tensors.keys()),
    shape: (name) => find(name).shape,
    async float(name): Promise<FloatTensor> {
      const tensor = find(name);
      const { decode } = storageTypes[tensor.storage.type];
      if (decode === null) {
        const hint = "weights are stored as Float, Half, BFloat16 or Double";
        return fail(
          `${where}: tensor ${shown(name)}`,
          "floating-point numbers",
          tensor.storage.type,
          hint,
        );
      }
      if (sizeOf(tensor.shape) === 0) return decode(new Uint8Array(0), tensor.shape);
      const entry = storages.get(tensor.storage.key) as ZipEntry;
      const [begin, end] = spanOf(tensor);
      const bytes = await readEntry(source, entry, checked, begin, end);
      return decode(gatherStrided(bytes, tensor), tensor.shape);
    },
    close: () => source.close(),
  };
}

/** Elements that a tensor may repeat by strides of 0 beyond what its storage holds. */
const mostRepeated = 2 ** 20;

/** The entry of a tensor's storage, after checking that the tensor lies within it. */
function checkTensor(
  name: string,
  { storage, offset, shape, strides }: TorchTensor,
  entries: ReadonlyMap<string, ZipEntry>,
  root: string,
  where: string,
): ZipEntry {
  const at = `${where}: tensor ${shown(name)}`;
  const entry = entries.get(`${root}data/${storage.key}`);
  if (entry === undefined) {
    return fail(at, `its storage data/${shown(storage.key)} in the file`, "none", damaged);
  }
  const width = storageTypes[storage.type].size;
  if (entry.size !== storage.size * width) {
    fail(
      at,
      `a storage of ${storage.size} ${storage.type} numbers`,
      `${entry.size} bytes`,
      damaged,
    );
  }
  let last = offset;
  let count = 1;
  for (const [i, dim] of shape.entries()) {
    count *= dim;
    last += Math.max(dim - 1, 0) * (strides[i] as number);
  }
  const bound = Math.max(mostRepeated, 4 * storage.size);
  if (!Number.isSafeInteger(count) || count > bound) {
    fail(at, `at most ${bound} elements`, `${count}`, damaged);
  }
  if (count > 0 && !(last < storage.size)) {
    fail(at, `elements within a storage of ${storage.size}`, `element ${last}`, damaged);
  }
  return entry;
}
