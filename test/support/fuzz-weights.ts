/** Mutated weight files: each must be read, or refused by a LabError, whatever was done to it. */
import { readFile } from "node:fs/promises";
import { LabError } from "../../src/errors.js";
import { memorySource } from "../../src/weights/byte-source.js";
import { openSafetensors } from "../../src/weights/safetensors.js";
import { openTorch } from "../../src/weights/torch.js";
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

/** A checkpoint whose CRCs are right and whose pickle is a mutated or a random one. */
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
  const storage = new Uint8Array(8 * draw(64));
  return zipFile([
    ["m/data.pkl", bytes],
    ...Array.from({ length: 4 }, (_, i) => [`m/data/${i}`, storage] as const),
  ]);
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
  const files = await Promise.all(bases.map((path) => readFile(new URL(path, root))));
  const good = files[0] as Uint8Array;
  const pickleStart = good.indexOf(0x80, 30);
  const pickle = good.slice(pickleStart, good.indexOf(0x2e, pickleStart + 1200) + 1);
  let [read, refused] = [0, 0];
  const wrong: string[] = [];
  for (let i = from; i < to; i++) {
    const stream = new ItemStream([seed, 0xf422], [i, 0]);
    let item = 0;
    const draw: Draw = (bound) => stream.draw(item++, Math.max(bound, 1));
    const base = draw(files.length + 2);
    let bytes: Uint8Array;
    let name: string;
    if (base >= files.length) {
      [bytes, name] = [hostilePickle(pickle, draw), "hostile.pth"];
    } else {
      name = bases[base] as string;
      bytes = files[base] as Uint8Array;
      const other = files[draw(files.length)] as Uint8Array;
      for (let n = 0; n <= draw(3); n++) {
        const mutate = mutations[draw(mutations.length)] as (typeof mutations)[number];
        bytes = mutate(bytes, draw, other);
      }
    }
    try {
      const open = name.endsWith(".pth") ? openTorch : openSafetensors;
      const source = await open(memorySource(bytes, "f"));
      for (const tensor of source.names) {
        const { shape, data } = await source.float(tensor).catch((error: unknown) => {
          if (error instanceof LabError) return { shape: [0], data: [] };
          throw error;
        });
        if (data.length !== shape.reduce((a, b) => a * b, 1))
          wrong.push(`${i}: ${name}: ${tensor}`);
      }
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
