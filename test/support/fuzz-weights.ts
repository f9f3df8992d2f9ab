/** Mutated weight files: each must be read, or refused by a LabError, whatever was done to it. */
import { readFile } from "node:fs/promises";
import { LabError } from "../../src/errors.js";
import { type ByteSource, memorySource } from "../../src/weights/byte-source.js";
import { openSafetensors } from "../../src/weights/safetensors.js";
import { openTorch } from "../../src/weights/torch.js";
import { readZipDirectory, zipDataStart } from "../../src/weights/zip.js";
import { ItemStream } from "../../src/random/index.js";
import { zipFile } from "../../bench/torch-file.mjs";

const root = new URL("../fixtures/", import.meta.url);

const bases = [
  "pth/variants/good_1l.pth",
  "pth/variants/strided_shared.pth",
  "pth/variants/wrapped.pth",
  "pth/variants/parameters.pth",
  "pth/variants/half.pth",
  "g-attn-only-1l/weights.safetensors",
  "safetensors/valid_metadata_scalar_empty.safetensors",
  "safetensors/valid_misaligned.safetensors",
];

type Draw = (bound: number) => number;

/** Numbers that sizes, counts and offsets are replaced by. */
const wild = [0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff];

/** Ways to damage a file; each returns new bytes. */
const mutations: readonly ((bytes: Uint8Array, draw: Draw, other: Uint8Array) => Uint8Array)[] = [
  (bytes, draw) => bytes.slice(0, draw(bytes.length + 1)),
  (bytes, draw) => {
    const out = bytes.slice();
    for (let i = 0; i <= draw(8); i++) {
      const at = draw(out.length);
      out[at] = (out[at] as number) ^ (1 << draw(8));
    }
    return out;
  },
  (bytes, draw) => {
    const out = bytes.slice();
    const at = draw(out.length);
    out.fill(draw(256), at, Math.min(at + draw(64), out.length));
    return out;
  },
  // A number that is read as a size becomes a wild one.
  (bytes, draw) => {
    const out = bytes.slice();
    const view = new DataView(out.buffer);
    const value = wild[draw(wild.length)] as number;
    const at = draw(Math.max(out.length - 8, 1));
    if (at + 4 <= out.length) view.setUint32(at, value, true);
    return out;
  },
  // The same at the end, where a zip archive's directory lies.
  (bytes, draw) => {
    const out = bytes.slice();
    const view = new DataView(out.buffer);
    const value = wild[draw(wild.length)] as number;
    const at = Math.max(out.length - 4 - draw(2048), 0);
    if (at + 4 <= out.length) view.setUint32(at, value, true);
    return out;
  },
  (bytes, draw, other) => {
    const head = bytes.slice(0, draw(bytes.length));
    const tail = other.slice(draw(other.length));
    const out = new Uint8Array(head.length + tail.length);
    out.set(head);
    out.set(tail, head.length);
    return out;
  },
  // A part of the file once more: entries and opcodes that stand twice.
  (bytes, draw) => {
    const from = draw(bytes.length);
    const part = bytes.slice(from, from + draw(512));
    const at = draw(bytes.length);
    const out = new Uint8Array(bytes.length + part.length);
    out.set(bytes.slice(0, at));
    out.set(part, at);
    out.set(bytes.slice(at), at + part.length);
    return out;
  },
];

/** Opcodes that move, copy and nest, for pickles that were never written by torch. */
const opcodes = "(0012N]})tlaesduqrhjRbQ.KMJGXBCUT\x80\x85\x86\x87\x88\x89\x8a\x8c\x8d\x93\x94\x95";

/** A mutated pickle, or a random one. */
function hostilePickle(pickle: Uint8Array, draw: Draw): Uint8Array {
  let bytes: Uint8Array;
  if (draw(3) === 0) {
    bytes = Uint8Array.from({ length: 1 + draw(400) }, () =>
      draw(4) === 0 ? draw(256) : opcodes.charCodeAt(draw(opcodes.length)),
    );
  } else {
    bytes = pickle.slice(0, draw(20) === 0 ? draw(pickle.length) : pickle.length);
    for (let i = 0; i <= draw(6); i++) {
      const at = draw(Math.max(bytes.length, 1));
      bytes[at] = draw(2) === 0 ? draw(256) : opcodes.charCodeAt(draw(opcodes.length));
    }
  }
  return bytes;
}

/** What a pickle of few bytes may try: to nest, to copy, to hold itself, to name one thing often. */
const tricks: readonly ((draw: Draw) => readonly number[])[] = [
  (draw) => repeat(opcode(draw, "(])}"), 1 + draw(20_000)),
  (draw) => [...ascii("]q\0"), ...repeat("]q\0ah\0", 1 + draw(2000))],
  (draw) => [...ascii("]q\0"), ...repeat("h\0h\0ae", 1 + draw(2000))],
  (draw) => [...ascii("N"), ...repeat("\x94", 1 + draw(20_000))],
  (draw) => [...ascii("h"), draw(256)],
  // A tensor of many dimensions, and then its arguments once more for each of many calls.
  (draw) => [
    ...ascii("ctorch._utils\n_rebuild_tensor_v2\nq\0(("),
    ...ascii("X\x07\0\0\0storagectorch\nFloatStorage\nU\x010U\x03cpuK\x08tQK\0("),
    ...repeat(`K${String.fromCharCode(draw(3))}`, draw(3) === 0 ? draw(2000) : draw(66)),
    ...ascii("tq\x01h\x01\x89}tq\x020]"),
    ...repeat("h\0h\x02Ra", 1 + draw(3000)),
  ],
];

function opcode(draw: Draw, choices: string): string {
  return choices.charAt(draw(choices.length));
}

function ascii(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

function repeat(text: string, count: number): number[] {
  return ascii(text.repeat(count));
}

/** A pickle that tries one thing or two, inside a state dict or alone. */
function trickyPickle(pickle: Uint8Array, draw: Draw): Uint8Array {
  const tried = Array.from({ length: 1 + draw(2) }, () => {
    const trick = tricks[draw(tricks.length)] as (typeof tricks)[number];
    return [...trick(draw)];
  });
  const at = draw(2) === 0 ? 2 : draw(pickle.length);
  const [head, tail] = [pickle.subarray(0, at), draw(2) === 0 ? [0x2e] : pickle.subarray(at)];
  return Uint8Array.from([...head, ...tried.flat(), ...tail]);
}

/** The parts of a checkpoint, by their names in the archive. */
async function partsOf(bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const source = memorySource(bytes, "f");
  const parts = new Map<string, Uint8Array>();
  for (const entry of (await readZipDirectory(source)).values()) {
    const start = await zipDataStart(source, entry);
    parts.set(
      entry.name.slice(entry.name.indexOf("/") + 1),
      bytes.slice(start, start + entry.size),
    );
  }
  return parts;
}

/** The checkpoint with another pickle, and right CRCs; now and then a storage is cut. */
function withPickle(parts: ReadonlyMap<string, Uint8Array>, pickle: Uint8Array, draw: Draw) {
  const cut = draw(4) === 0 ? draw(parts.size) : -1;
  return zipFile(
    [...parts].map(([name, part], i) => {
      const kept = i === cut ? part.subarray(0, draw(part.length + 1)) : part;
      return [`m/${name}`, name === "data.pkl" ? pickle : kept] as const;
    }),
  );
}

/** Fields of a zip directory's entry and of its local header: offset and bytes. */
const zipFields = [
  [4, 2],
  [6, 2],
  [8, 2],
  [10, 2],
  [14, 4],
  [16, 4],
  [18, 4],
  [20, 4],
  [22, 4],
  [24, 4],
  [26, 2],
  [28, 2],
  [30, 2],
  [32, 2],
  [42, 4],
] as const;

/** A checkpoint of which some zip records claim what is not so: other places, sizes, methods, counts. */
function lyingArchive(bytes: Uint8Array, draw: Draw): Uint8Array {
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  const records: number[] = [];
  for (let at = out.indexOf(0x50); at >= 0; at = out.indexOf(0x50, at + 1)) {
    const kind = at + 46 <= out.length ? view.getUint32(at, true) : 0;
    if (kind === 0x04034b50 || kind === 0x02014b50 || kind === 0x06064b50) records.push(at);
  }
  for (let i = 0; i <= draw(3); i++) {
    const at = records[draw(records.length)] as number;
    const other = records[draw(records.length)] as number;
    const [offset, width] = zipFields[draw(zipFields.length)] as (typeof zipFields)[number];
    // A wild number, the place of another entry, or a number that is a little wrong.
    const old = width === 2 ? view.getUint16(at + offset, true) : view.getUint32(at + offset, true);
    const value = [wild[draw(wild.length)] as number, other, old + draw(9) - 4][draw(3)] as number;
    if (width === 2) view.setUint16(at + offset, value, true);
    else view.setUint32(at + offset, value, true);
  }
  return out;
}

/** A source that counts the bytes that are read from it. */
function counted(bytes: Uint8Array): { readonly source: ByteSource; count(): number } {
  const source = memorySource(bytes, "f");
  let count = 0;
  return {
    source: {
      ...source,
      read(begin, end) {
        count += end - begin;
        return source.read(begin, end);
      },
    },
    count: () => count,
  };
}

/** What became of the mutated files. */
export interface FuzzResult {
  readonly read: number;
  readonly refused: number;
  /** Files that were neither, with what was thrown instead; there must be none. */
  readonly wrong: readonly string[];
}

/**
 * Reads mutated weight files `from` to `to` − 1 of a seed. The i-th file is a function of (seed, i).
 */
export async function fuzzWeights(seed: number, from: number, to: number): Promise<FuzzResult> {
  // Copies as plain arrays: slices of what readFile gives share its memory, and would change the bases.
  const files = await Promise.all(
    bases.map(async (path) => new Uint8Array(await readFile(new URL(path, root)))),
  );
  const good = files[0] as Uint8Array;
  const parts = await partsOf(good);
  const pickle = parts.get("data.pkl") as Uint8Array;
  let [read, refused] = [0, 0];
  const wrong: string[] = [];
  for (let i = from; i < to; i++) {
    const stream = new ItemStream([seed, 0xf422], [i, 0]);
    let item = 0;
    const draw: Draw = (bound) => stream.draw(item++, Math.max(bound, 1));
    const base = draw(files.length + 4);
    let bytes: Uint8Array;
    let name: string;
    if (base >= files.length + 2) {
      [bytes, name] = [withPickle(parts, hostilePickle(pickle, draw), draw), "hostile.pth"];
    } else if (base === files.length + 1) {
      [bytes, name] = [withPickle(parts, trickyPickle(pickle, draw), draw), "tricky.pth"];
    } else if (base === files.length) {
      [bytes, name] = [lyingArchive(files[draw(5)] as Uint8Array, draw), "lying.pth"];
    } else {
      name = bases[base] as string;
      bytes = files[base] as Uint8Array;
      const other = files[draw(files.length)] as Uint8Array;
      for (let n = 0; n <= draw(3); n++) {
        const mutate = mutations[draw(mutations.length)] as (typeof mutations)[number];
        bytes = mutate(bytes, draw, other);
      }
    }
    const { source: file, count } = counted(bytes);
    try {
      const open = name.endsWith(".pth") ? openTorch : openSafetensors;
      const source = await open(file);
      for (const tensor of source.names) {
        const { shape, data } = await source.float(tensor).catch((error: unknown) => {
          if (error instanceof LabError) return { shape: [0], data: [] };
          throw error;
        });
        if (data.length !== shape.reduce((a, b) => a * b, 1))
          wrong.push(`${i}: ${name}: ${tensor}`);
        if (data.length > 2 ** 20 + 4 * bytes.length)
          wrong.push(`${i}: ${name}: ${tensor} has ${data.length} numbers`);
      }
      // Work is counted in bytes: a few times the file at most, and its parts for each tensor.
      if (count() > (4 + source.names.size) * (bytes.length + 2 ** 16))
        wrong.push(`${i}: ${name}: ${count()} bytes were read of ${bytes.length}`);
      read++;
    } catch (error) {
      const line = error instanceof LabError && !error.message.includes("\n");
      if (line) refused++;
      else wrong.push(`${i}: ${name}: ${String(error)}`);
    }
  }
  if (Object.keys(Object.prototype).length > 0) wrong.push("Object.prototype was changed");
  return { read, refused, wrong };
}
