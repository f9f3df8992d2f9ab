/** Writes checkpoints as torch.save does: a stored zip archive of a pickle and of storages. */
import { crc32 } from "node:zlib";

/** @typedef {import("induction-lab/graph").FloatTensor} FloatTensor */

/** @param {string} value */
const text = (value) => new TextEncoder().encode(value);

/** @param {readonly Uint8Array[]} parts */
function join(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Little-endian numbers. @param {...(readonly [value: number, bytes: number])} fields */
function numbers(...fields) {
  const parts = fields.map(([value, bytes]) =>
    Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256),
  );
  return join(parts);
}

/**
 * The pickle of an OrderedDict of tensors, one storage each.
 *
 * @param {ReadonlyMap<string, FloatTensor>} tensors
 */
export function statePickle(tensors) {
  const unicode = (/** @type {string} */ value) => {
    const bytes = text(value);
    return join([numbers([0x58, 1], [bytes.length, 4]), bytes]);
  };
  const int = (/** @type {number} */ value) => numbers([0x4a, 1], [value, 4]);
  const tuple = (/** @type {readonly number[]} */ values) =>
    join([text("("), ...values.map(int), text("t")]);
  /** @type {Uint8Array[]} */
  const parts = [numbers([0x80, 1], [2, 1]), text("ccollections\nOrderedDict\n)R(")];
  [...tensors].forEach(([name, { dtype, shape, data }], i) => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    parts.push(
      unicode(name),
      text("ctorch._utils\n_rebuild_tensor_v2\n(("),
      unicode("storage"),
      text(`ctorch\n${dtype === "float64" ? "DoubleStorage" : "FloatStorage"}\n`),
      unicode(String(i)),
      unicode("cpu"),
      int(data.length),
      text("tQ"),
      int(0),
      tuple(shape),
      tuple(strides),
      numbers([0x89, 1]),
      text("ccollections\nOrderedDict\n)RtR"),
    );
  });
  parts.push(text("u."));
  return join(parts);
}

/**
 * A stored zip archive of these entries, their data aligned to 64 bytes as torch does it.
 *
 * @param {readonly (readonly [string, Uint8Array])[]} entries
 */
export function zipFile(entries) {
  /** @type {Uint8Array[]} */
  const parts = [];
  /** @type {Uint8Array[]} */
  const directory = [];
  let at = 0;
  for (const [name, data] of entries) {
    const bytes = text(name);
    const crc = crc32(data);
    const padding = (64 - ((at + 30 + bytes.length + 4) % 64)) % 64;
    const extra = join([numbers([0x4246, 2], [padding, 2]), new Uint8Array(padding)]);
    const common = /** @type {const} */ ([
      [0, 2],
      [0, 2],
      [0, 4],
      [crc, 4],
      [data.length, 4],
      [data.length, 4],
      [bytes.length, 2],
    ]);
    const local = numbers([0x04034b50, 4], [0, 2], ...common, [extra.length, 2]);
    directory.push(
      numbers(
        [0x02014b50, 4],
        [0, 2],
        [0, 2],
        ...common,
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 2],
        [0, 4],
        [at, 4],
      ),
      bytes,
    );
    parts.push(local, bytes, extra, data);
    at += local.length + bytes.length + extra.length + data.length;
  }
  const central = join(directory);
  const end = numbers(
    [0x06054b50, 4],
    [0, 2],
    [0, 2],
    [entries.length, 2],
    [entries.length, 2],
    [central.length, 4],
    [at, 4],
    [0, 2],
  );
  return join([...parts, central, end]);
}

/**
 * A checkpoint with these tensors, each in a storage of its own.
 *
 * @param {ReadonlyMap<string, FloatTensor>} tensors
 */
export function torchFile(tensors) {
  const storages = [...tensors.values()].map(({ data }, i) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return /** @type {const} */ ([`model/data/${i}`, bytes]);
  });
  return zipFile([
    ["model/data.pkl", statePickle(tensors)],
    ...storages,
    ["model/version", text("3\n")],
  ]);
}
