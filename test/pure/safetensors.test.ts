import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { sizeOf, tensor, type Tensor } from "../../src/graph/tensor.js";
import { readSafetensors } from "../../src/weights/safetensors.js";
import { writeSafetensors } from "../../src/weights/safetensors-write.js";

const fixtures = new URL("../fixtures/", import.meta.url);

function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, fixtures)));
}

/** A file with any header text and any number of data bytes. */
function file(header: string | Uint8Array, dataLength: number): Uint8Array {
  const json = typeof header === "string" ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function errorOf(bytes: Uint8Array): LabError {
  try {
    readSafetensors(bytes, "f");
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected readSafetensors to throw");
}

function float32(...values: number[]): string {
  return `"a":{"dtype":"F32","shape":[${values.length}],"data_offsets":[0,${values.length * 4}]}`;
}

describe("the fixtures of the format", () => {
  const manifest = JSON.parse(
    readFileSync(new URL("safetensors/manifest.json", fixtures), "utf8"),
  ) as Record<string, { valid: boolean; note: string }>;

  it("has all of them", () => {
    const files = readdirSync(new URL("safetensors/", fixtures));
    expect(files.filter((name) => name !== "manifest.json").sort()).toEqual(
      Object.keys(manifest).sort(),
    );
  });

  for (const [name, { valid, note }] of Object.entries(manifest)) {
    it(`${valid ? "reads" : "refuses"} ${name}: ${note}`, () => {
      const bytes = bytesOf(`safetensors/${name}`);
      if (valid) readSafetensors(bytes, name);
      else {
        const error = errorOf(bytes);
        expect(error.message).toMatch(/^f: (header|tensor "[^"]+"): expected .+, got .+$/);
        expect(error.hint).toBeTypeOf("string");
      }
    });
  }

  it("reads misaligned tensors", () => {
    const read = readSafetensors(bytesOf("safetensors/valid_misaligned.safetensors"), "f");
    expect(read.float("a")).toEqual(tensor("float32", [2, 3], [0, 1, 2, 3, 4, 5]));
    expect(read.tensor("b")).toEqual(tensor("int32", [3], [1, 2, 255]));
    expect(read.float("c")).toEqual(tensor("float64", [2], [1.5, -2.25]));
  });

  it("reads scalars, empty tensors, 16-bit floats and metadata", () => {
    const bytes = bytesOf("safetensors/valid_metadata_scalar_empty.safetensors");
    const read = readSafetensors(bytes, "f");
    expect(read.metadata.size).toBeGreaterThan(0);
    expect(Array.from(read.tensor("s").data, Number)).toEqual([7]);
    expect(read.tensor("s").shape).toEqual([]);
    expect(read.tensor("e").shape).toEqual([0, 5]);
    expect(read.float("h")).toEqual(tensor("float32", [3], [1, -0.5, Infinity]));
    expect(read.float("bf")).toEqual(tensor("float32", [2], [1.5, -Infinity]));
    expect(read.tensor("t")).toEqual({ dtype: "bool", shape: [2], data: new Uint8Array([1, 0]) });
    const int64 = { dtype: "int64", shape: [1], data: new BigInt64Array([-5n]) };
    expect(read.tensor("i")).toEqual(int64);
  });

  it("keeps a tensor named __proto__ a plain name", () => {
    const read = readSafetensors(bytesOf("safetensors/valid_proto_key.safetensors"), "f");
    expect([...read.entries.keys()]).toEqual(["__proto__"]);
    expect(read.float("__proto__")).toEqual(tensor("float32", [2, 3], [0, 1, 2, 3, 4, 5]));
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect("dtype" in {}).toBe(false);
  });
});

describe("readSafetensors", () => {
  it("gives aligned floats as views and misaligned ones as copies", () => {
    const tensors = new Map<string, Tensor>([["a", tensor("float32", [2], [1, 2])]]);
    const bytes = writeSafetensors(tensors);
    expect(readSafetensors(bytes, "f").float("a").data.buffer).toBe(bytes.buffer);

    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    const copy = readSafetensors(shifted, "f").float("a");
    expect(copy).toEqual(tensors.get("a"));
    expect(copy.data.buffer).not.toBe(shifted.buffer);
  });

  it("reads a file that lies in a Node buffer of odd offset", () => {
    const bytes = writeSafetensors(new Map([["a", tensor("float64", [2], [0.1, -3])]]));
    const buffer = Buffer.alloc(bytes.length + 3).subarray(3);
    buffer.set(bytes);
    expect(readSafetensors(buffer, "f").float("a").data).toEqual(new Float64Array([0.1, -3]));
  });

  it("reads every integer type", () => {
    const types = { I8: 1, U8: 1, I16: 2, U16: 2, I32: 4, U32: 4, I64: 8, U64: 8 };
    for (const [dtype, size] of Object.entries(types)) {
      const header = `{"a":{"dtype":"${dtype}","shape":[2],"data_offsets":[0,${2 * size}]}}`;
      const bytes = file(header, 2 * size);
      bytes[bytes.length - 2 * size] = 5;
      bytes.fill(0xff, bytes.length - size);
      const signed = dtype.startsWith("I");
      const read = () => readSafetensors(bytes, "f").tensor("a");
      if (dtype === "U64") expect(read).toThrow("got U64 above 2^63 − 1");
      else expect(Array.from(read().data, Number)).toEqual([5, signed ? -1 : 256 ** size - 1]);
    }
  });

  it("names what is not there, what is near, and what is no float", () => {
    const bytes = writeSafetensors(new Map([["embed.W_E", tensor("int32", [1], [1])]]));
    const read = readSafetensors(bytes, "f");
    const absent = () => read.float("embed.W_F");
    expect(absent).toThrow('f: tensor "embed.W_F": expected in the file, got none');
    expect(absent).toThrow(expect.objectContaining({ hint: 'nearest names: "embed.W_E"' }));
    expect(() => read.float("embed.W_E")).toThrow(/expected floating-point numbers .*, got I32/);
    const f8 = file('{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1);
    expect(() => readSafetensors(f8, "f").tensor("a")).toThrow("got F8_E4M3");
    expect(readSafetensors(f8, "f").raw("a")).toEqual(new Uint8Array(1));
  });

  it("reads a file without tensors", () => {
    expect(readSafetensors(file("{}  ", 0), "f").entries.size).toBe(0);
  });

  it.each([
    ["[]", 0, "f: header: expected a JSON object, got a list"],
    ["null", 0, "f: header: expected a JSON object, got null"],
    ["\ufeff{}", 0, "f: header: expected JSON in UTF-8, got something else"],
    ['{"a":5}', 0, 'f: tensor "a": expected an object, got 5'],
    ['{"__metadata__":[]}', 0, "f: header: expected __metadata__ to be an object, got a list"],
    ['{"__metadata__":{"k":1}}', 0, 'f: header: expected text for __metadata__ "k", got 1'],
    [`{${float32(1)},${float32(1)}}`, 4, 'f: header: expected every name once, got "a" twice'],
    [
      `{${float32(1)},${float32(1).replace('"a"', '"\\u0061"')}}`,
      4,
      'f: header: expected every name once, got "a" twice',
    ],
    [
      '{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}',
      1,
      'f: header: expected every name once, got "shape" twice',
    ],
    [
      '{"a":{"dtype":"toString","shape":[1],"data_offsets":[0,1]}}',
      1,
      'f: tensor "a": expected a known element type, got "toString"',
    ],
    [
      '{"a":{"dtype":"U8","data_offsets":[0,1]}}',
      1,
      'f: tensor "a": expected a list of dimensions as shape, got nothing',
    ],
    [
      '{"a":{"dtype":"U8","shape":[0.5],"data_offsets":[0,1]}}',
      1,
      'f: tensor "a": expected whole, non-negative dimensions, got 0.5',
    ],
    [
      '{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}',
      1,
      'f: tensor "a": expected data_offsets of a first and a last byte, got something else',
    ],
    [
      '{"a\\u001b[2J":{"dtype":"U8","shape":[1],"data_offsets":[0,2]}}',
      2,
      'f: tensor "a?[2J": expected 1 bytes for U8 [1], got 2',
    ],
  ])("refuses the header %s", (header, dataLength, message) => {
    expect(errorOf(file(header, dataLength)).message).toBe(message);
  });

  it("refuses a header that is not UTF-8, nested without end, or longer than the limit", () => {
    expect(errorOf(file(new Uint8Array([0x7b, 0xff, 0x7d]), 0)).message).toContain("UTF-8");
    const nested = `{"a":{"dtype":${"[".repeat(1e5)}${"]".repeat(1e5)}}}`;
    expect(errorOf(file(nested, 0)).message).toMatch(/known element type|JSON/);
    const long = file("{}", 0);
    new DataView(long.buffer).setBigUint64(0, 100_000_001n, true);
    expect(errorOf(long).message).toBe(
      "f: header: expected a length of at most 100000000 bytes, got 100000001",
    );
  });

  it("recognises a Git LFS pointer", () => {
    const text = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    expect(errorOf(new TextEncoder().encode(text)).hint).toContain("git lfs pull");
  });

  it("reads the goldens and weights of the test models", () => {
    const weights = readSafetensors(bytesOf("a-attn-only-ln/weights.safetensors"), "f");
    for (const [name, { shape }] of weights.entries) {
      const { data } = weights.float(name);
      expect(data.length).toBe(sizeOf(shape));
      expect(data.every(Number.isFinite)).toBe(true);
    }
    const golden = readSafetensors(bytesOf("a-attn-only-ln/golden.safetensors"), "f");
    const tokens = JSON.parse(
      readFileSync(new URL("a-attn-only-ln/golden.json", fixtures), "utf8"),
    ) as { tokens: number[][] };
    expect(Array.from(golden.tensor("tokens").data, Number)).toEqual(tokens.tokens.flat());
    expect(golden.float("logits").dtype).toBe("float64");
    expect(golden.tensor("detect/rand12/mask_previous").dtype).toBe("int32");
  });
});

describe("hostile bytes", () => {
  const whole = bytesOf("safetensors/valid_metadata_scalar_empty.safetensors");
  const headerEnd = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));

  /** Reads the file and every tensor; what is thrown must be a LabError. */
  function survives(bytes: Uint8Array): boolean {
    try {
      const read = readSafetensors(bytes, "f");
      let decoded = 0;
      for (const name of read.entries.keys()) decoded += read.tensor(name).data.byteLength;
      // I8 and U32 grow most: four times, and twice.
      expect(decoded).toBeLessThanOrEqual(4 * bytes.length);
      return true;
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      expect(error.message.length).toBeLessThan(300);
      return false;
    }
  }

  it("refuses every truncation", () => {
    expect(survives(whole)).toBe(true);
    for (let length = 0; length < whole.length; length++) {
      expect(survives(whole.slice(0, length))).toBe(false);
    }
  });

  it("reads or refuses every header with flipped bits", () => {
    let state = 0x1d0_5eed;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let refused = 0;
    for (let round = 0; round < 1500; round++) {
      const bytes = whole.slice();
      const flips = 1 + random(3);
      for (let flip = 0; flip < flips; flip++) bytes[random(headerEnd)]! ^= 1 << random(8);
      if (!survives(bytes)) refused++;
    }
    expect(refused).toBeGreaterThan(1000);
    expect(refused).toBeLessThan(1500);
  });
});

describe("writeSafetensors", () => {
  const tensors = new Map<string, Tensor>([
    ["flag", { dtype: "bool", shape: [3], data: new Uint8Array([1, 0, 1]) }],
    ["b", tensor("float32", [2, 2], [1, -2, 0.1, Infinity])],
    ["a", tensor("float32", [], [3])],
    ["ids", tensor("int32", [2], [7, -7])],
    ["__proto__", { dtype: "int64", shape: [1], data: new BigInt64Array([-(2n ** 60n)]) }],
    ["é\n", tensor("float64", [0, 4], [])],
  ]);

  it("gives back what was written, sorted and aligned", () => {
    const metadata = new Map([["format", "pt"]]);
    const bytes = writeSafetensors(tensors, { metadata });
    const read = readSafetensors(bytes, "f");
    expect(read.metadata).toEqual(metadata);
    expect([...read.entries.keys()]).toEqual(["__proto__", "é\n", "a", "b", "ids", "flag"]);
    for (const [name, written] of tensors) expect(read.tensor(name)).toEqual(written);
    for (const { begin, dtype } of read.entries.values()) {
      expect(begin % (dtype.endsWith("64") ? 8 : dtype.endsWith("32") ? 4 : 1)).toBe(0);
    }
    const reversed = new Map([...tensors].reverse());
    expect(writeSafetensors(reversed, { metadata })).toEqual(bytes);
  });

  it.each(["a-attn-only-ln", "b-attn-only-shortformer", "g-attn-only-1l"])(
    "writes %s byte for byte as the writer of the fixtures did",
    (model) => {
      const bytes = bytesOf(`${model}/weights.safetensors`);
      const read = readSafetensors(bytes, "f");
      const again = new Map(Array.from(read.entries.keys(), (name) => [name, read.tensor(name)]));
      const written = writeSafetensors(again, { metadata: read.metadata });
      expect(Buffer.compare(written, bytes)).toBe(0);
    },
  );

  it("stores floats as F16 on request, and nothing else", () => {
    const read = readSafetensors(writeSafetensors(tensors, { half: true }), "f");
    expect(read.entries.get("b")?.dtype).toBe("F16");
    expect(read.float("b").data).toEqual(new Float32Array([1, -2, 0.0999755859375, Infinity]));
    expect(read.tensor("ids")).toEqual(tensors.get("ids"));
  });

  it("refuses what it could not read back", () => {
    const one = tensor("float32", [1], [1]);
    expect(() => writeSafetensors(new Map([["__metadata__", one]]))).toThrow(RangeError);
    expect(() => writeSafetensors(new Map([["a", { ...one, shape: [2] }]]))).toThrow(RangeError);
  });
});
