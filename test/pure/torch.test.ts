import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import type { FloatTensor } from "../../src/graph/index.js";
import { readWeights } from "../../src/model/index.js";
import { memorySource } from "../../src/weights/byte-source.js";
import { memoryFiles, type WeightSource } from "../../src/weights/index.js";
import { openTorch } from "../../src/weights/torch.js";
import { fixtureTensors } from "../support/fixtures.js";
import { statePickle, torchFile, zipFile } from "../../bench/torch-file.mjs";

const root = new URL("../fixtures/pth/", import.meta.url);
const open = async (path: string) =>
  openTorch(memorySource(await readFile(new URL(path, root)), path));

/** Buffers that TransformerLens saves beside the weights. */
const buffers = /\.(mask|IGNORE)$/;

/** Every float tensor of a checkpoint by name, buffers and extras left out. */
async function weightsOf(source: WeightSource): Promise<Map<string, FloatTensor>> {
  const weights = new Map<string, FloatTensor>();
  for (const name of source.names) {
    if (!buffers.test(name) && !name.startsWith("extra."))
      weights.set(name, await source.float(name));
  }
  return weights;
}

/** Rounds as float16 or bfloat16 do, to nearest even. */
const bfloat16 = (x: number): number => {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0] as number;
  const rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(Uint32Array.of(rounded).buffer)[0] as number;
};
const half = (x: number): number => {
  if (x === 0) return x;
  const step = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -14) - 10);
  const scaled = x / step;
  const down = Math.floor(scaled);
  const even = down % 2 === 0 ? down : down + 1;
  const nearest = scaled - down === 0.5 ? even : Math.round(scaled);
  return nearest * step;
};

describe("torch checkpoints", () => {
  it.each([
    ["a-attn-only-ln/model_final.pth", "a-attn-only-ln", (x: number) => x],
    ["c-gelu-ln/model_final.pth", "c-gelu-ln", (x: number) => x],
    ["e-gpt2/model_final.pth", "e-gpt2", (x: number) => x],
    ["variants/half.pth", "a-attn-only-ln", half],
    ["variants/bfloat16.pth", "a-attn-only-ln", bfloat16],
    ["variants/strided_shared.pth", "a-attn-only-ln", (x: number) => x],
    ["variants/good_1l.pth", "g-attn-only-1l", (x: number) => x],
    ["variants/float64.pth", "g-attn-only-1l", (x: number) => x],
    ["variants/parameters.pth", "g-attn-only-1l", (x: number) => x],
    ["variants/wrapped.pth", "g-attn-only-1l", (x: number) => x],
  ])("%s holds the weights of %s", async (path, fixture, round) => {
    const expected = await fixtureTensors(`${fixture}/weights.safetensors`);
    const weights = await weightsOf(await open(path));
    expect([...weights.keys()].sort()).toEqual([...expected.entries.keys()].sort());
    for (const [name, { shape, data }] of weights) {
      const { shape: wanted, data: numbers } = expected.float(name);
      expect(shape, name).toEqual(wanted);
      expect(Array.from(data), name).toEqual(Array.from(numbers, round));
    }
  });

  it("read a storage whole once, for its CRC, and then the parts that tensors need", async () => {
    const bytes = await readFile(new URL("variants/strided_shared.pth", root));
    const memory = memorySource(bytes, "f");
    let count = 0;
    const source = await openTorch({
      ...memory,
      read(begin, end) {
        count += end - begin;
        return memory.read(begin, end);
      },
    });
    const read = async (name: string) => {
      const before = count;
      const { data } = await source.float(name);
      return { bytes: count - before, data };
    };
    const header = 400; // A local header and its name are read beside the data.
    const query = await read("blocks.0.attn.W_Q"); // [4, 32, 8] out of [32, 96] numbers.
    expect(query.bytes).toBeGreaterThanOrEqual(4 * 3 * query.data.length);
    // Of 32 rows from the first head's first number to the last head's last one.
    expect((await read("blocks.0.attn.W_K")).bytes).toBeLessThan(query.bytes);
    const again = await read("blocks.0.attn.W_Q");
    expect(again.data).toEqual(query.data);
    expect(again.bytes).toBeLessThan(query.bytes);
    const bias = await read("blocks.0.attn.b_Q"); // 32 of 96 numbers.
    expect(bias.bytes).toBeGreaterThanOrEqual(4 * 96);
    expect((await read("blocks.0.attn.b_Q")).bytes).toBeLessThan(4 * 32 + header);
  });

  it("a tensor that is part of a storage with a wrong CRC is refused, each time", async () => {
    const bytes = new Uint8Array(await readFile(new URL("variants/strided_shared.pth", root)));
    const good = await openTorch(memorySource(bytes, "f"));
    const { data } = await good.float("blocks.0.attn.W_V");
    const number = new Uint8Array(data.buffer, data.byteOffset + 4 * 100, 32);
    const at = Buffer.from(bytes).indexOf(number);
    expect(at).toBeGreaterThan(0);
    bytes[at] = (bytes[at] as number) ^ 1;
    const source = await openTorch(memorySource(bytes, "f"));
    // W_Q lies in the same storage, but not in the damaged bytes.
    for (const name of ["blocks.0.attn.W_Q", "blocks.0.attn.W_V", "blocks.0.attn.W_Q"]) {
      await expect(source.float(name)).rejects.toThrow("expected bytes of the stated CRC-32");
    }
  });

  it("honour strides of 0 and empty tensors", async () => {
    const source = await open("variants/strided_shared.pth");
    const expanded = await source.float("extra.expanded");
    expect(expanded.shape).toEqual([4, 3]);
    expect(Array.from(expanded.data)).toEqual(Array(12).fill(2.5));
    expect(await source.float("extra.empty")).toMatchObject({ shape: [0, 5] });
  });

  it("give their numbers away: changing them changes nothing that is read later", async () => {
    const source = await open("variants/good_1l.pth");
    (await source.float("embed.W_E")).data.fill(0);
    expect((await source.float("embed.W_E")).data.some((x) => x !== 0)).toBe(true);
  });

  it("name buffers, which are no weights", async () => {
    const source = await open("variants/good_1l.pth");
    expect(source.shape("blocks.0.attn.IGNORE")).toEqual([]);
    expect(source.names).toContain("blocks.0.attn.mask");
    await expect(source.float("blocks.0.attn.mask")).rejects.toThrow("got BoolStorage");
    await expect(source.float("embed.W_F")).rejects.toThrow("expected in the file, got none");
  });

  it("the tests above and below cover every file of the set", async () => {
    const manifest = JSON.parse(await readFile(new URL("manifest.json", root), "utf8")) as object;
    const files = (await readdir(root, { recursive: true })).filter((name) =>
      name.endsWith(".pth"),
    );
    expect(files.sort()).toEqual(Object.keys(manifest).sort());
    const tests = await readFile(new URL(import.meta.url), "utf8");
    for (const file of files) expect(tests).toContain(`"${file}"`);
  });

  it.each([
    ["variants/legacy_pre_1_6.pth", "the format before torch 1.6"],
    ["variants/rezipped_deflate.pth", "a compressed one (method 8)"],
    ["bad/malicious_os_system.pth", '"posix system"'],
    ["bad/malicious_hidden_eval.pth", "eval"],
    ["bad/malicious_import.pth", "__import__"],
    ["bad/truncated_60pct.pth", "the end of a zip archive"],
    ["bad/truncated_last_byte.pth", "the end of a zip archive"],
    ["bad/wrong_crc_pickle.pth", "bytes of the stated CRC-32"],
    ["bad/pickle_no_stop.pth", "a whole pickle, got its end"],
    ["bad/tensor_out_of_storage.pth", "elements within a storage"],
    ["bad/missing_storage.pth", "its storage data/"],
  ])("%s is refused when it is opened", async (path, message) => {
    const opening = open(path);
    await expect(opening).rejects.toBeInstanceOf(LabError);
    await expect(opening).rejects.toThrow(message);
  });

  it("a storage with a wrong CRC is refused by its name when it is read", async () => {
    const source = await open("bad/wrong_crc_data.pth");
    const reading = weightsOf(source);
    await expect(reading).rejects.toBeInstanceOf(LabError);
    await expect(reading).rejects.toThrow('"good_1l/data/0": expected bytes of the stated CRC-32');
  });

  it("make models: a missing weight is named, a missing bias is zero", async () => {
    const config = await readFile(new URL("../g-attn-only-1l/config.json", root));
    const files = async (path: string) =>
      memoryFiles(
        "m",
        new Map<string, Uint8Array>([
          ["config.json", config],
          ["model_final.pth", await readFile(new URL(path, root))],
        ]),
      );
    await expect(readWeights(await files("bad/missing_W_K.pth"))).rejects.toThrow(
      "the file lacks blocks.0.attn.W_K",
    );
    const { weights } = await readWeights(await files("variants/no_b_U.pth"));
    expect(weights.get("unembed.b_U")?.data.every((x) => x === 0)).toBe(true);
    const { weights: good } = await readWeights(await files("variants/good_1l.pth"));
    expect(good.has("blocks.0.attn.mask")).toBe(false);
  });

  it.each<[string, [string, string][], string]>([
    ["big-endian numbers", [["m/byteorder", "big"]], 'little-endian numbers, got "big"'],
    ["a byte order that is none", [["m/byteorder", "x".repeat(99)]], "little-endian numbers"],
    ["a program", [["m/constants.pkl", "x"]], "a TorchScript program"],
    ["a program's code", [["m/code/__torch__.py", "x"]], "a TorchScript program"],
    ["two pickles", [["n/data.pkl", "x"]], "one data.pkl, got 2"],
  ])("%s are refused", async (_, extra, message) => {
    const one: FloatTensor = { dtype: "float32", shape: [1], data: Float32Array.of(1) };
    const bytes = zipFile([
      ["m/data.pkl", statePickle(new Map([["w", one]]))],
      ["m/data/0", new Uint8Array(4)],
      ...extra.map(([name, text]) => [name, new TextEncoder().encode(text)] as const),
    ]);
    const opening = openTorch(memorySource(bytes, "f"));
    await expect(opening).rejects.toBeInstanceOf(LabError);
    await expect(opening).rejects.toThrow(message);
  });

  it("a program is refused as one, though torch packs its code", async () => {
    const name = new TextEncoder().encode("m/code/x.py");
    const bytes = zipFile([
      ["m/code/x.py", new Uint8Array(8)],
      ["m/data.pkl", statePickle(new Map())],
    ]);
    const method = Buffer.from(bytes).lastIndexOf(name) - 46 + 10;
    bytes[method] = 8;
    await expect(openTorch(memorySource(bytes, "f"))).rejects.toThrow("a TorchScript program");
  });

  it.each<[string, readonly number[], number, string]>([
    ["more elements than can be counted", [2 ** 30, 2 ** 30, 2 ** 30], 1, "at most 1048576"],
    ["more elements than its storage", [2], 1, "within a storage of 1"],
    ["a storage of another size", [1], 2, "a storage of 1 FloatStorage numbers, got 8 bytes"],
  ])(
    "a tensor that claims %s is refused before anything is read",
    async (_, shape, length, message) => {
      const claim: FloatTensor = { dtype: "float32", shape, data: new Float32Array(1) };
      const bytes = zipFile([
        ["m/data.pkl", statePickle(new Map([["w", claim]]))],
        ["m/data/0", new Uint8Array(4 * length)],
      ]);
      const opening = openTorch(memorySource(bytes, "f"));
      await expect(opening).rejects.toBeInstanceOf(LabError);
      await expect(opening).rejects.toThrow(message);
    },
  );

  it("pollute no prototype", async () => {
    const one: FloatTensor = { dtype: "float32", shape: [1], data: Float32Array.of(1) };
    const bytes = torchFile(new Map([["__proto__", one]]));
    const source = await openTorch(memorySource(bytes, "f"));
    expect([...source.names]).toEqual(["__proto__"]);
    expect((await source.float("__proto__")).data[0]).toBe(1);
    expect(({} as Record<string, unknown>).kind).toBeUndefined();
  });
});

describe("checkpoints that the tests write", () => {
  it("read back as they were written", async () => {
    const tensors = new Map<string, FloatTensor>([
      ["a", { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["b", { dtype: "float64", shape: [2], data: Float64Array.of(0.1, -0) }],
    ]);
    const source = await openTorch(memorySource(torchFile(tensors), "f"));
    for (const [name, tensor] of tensors) expect(await source.float(name)).toEqual(tensor);
  });
});
