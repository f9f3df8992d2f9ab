import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Tensor, tensor } from "../../src/graph/index.js";
import {
  embedded,
  type ModelEdits,
  modelFolder,
  refusal,
  temporaryFolder,
} from "../support/cli.js";

const at = temporaryFolder();

/** Measures with the model in a folder, which must fail. */
async function refused(dir: string) {
  const { code, line } = await refusal([
    ...["strength", "--a-id", "5", "--b-id", "6", "-n", "4", "--model", dir],
  ]);
  expect(code).toBe(1);
  return line;
}

/** Sets one number of a tensor. */
const put = (name: string, index: number, value: number) => (tensors: Map<string, Tensor>) => {
  const { shape, data } = tensors.get(name) as Tensor<"float32">;
  tensors.set(name, tensor("float32", shape, data.with(index, value)));
};

describe("weights that do not belong to the config", () => {
  it.each<[string, ModelEdits, RegExp]>([
    [
      "a tensor of the wrong shape",
      {
        weights: (tensors) =>
          tensors.set("blocks.1.attn.W_Q", tensor("float32", [4, 8, 32], new Float32Array(1024))),
      },
      /model\.safetensors: blocks\.1\.attn\.W_Q: expected shape \[4, 32, 8\].*got \[4, 8, 32\]/,
    ],
    [
      "a missing weight",
      { weights: (tensors) => tensors.delete("blocks.0.attn.W_K") },
      /model\.safetensors.*lacks blocks\.0\.attn\.W_K: config\.json and the weights must belong/,
    ],
    [
      "an extra weight",
      { weights: (tensors) => tensors.set("blocks.0.mlp.W_in", tensor("float32", [1], [0])) },
      /model\.safetensors.*also holds blocks\.0\.mlp\.W_in/,
    ],
    [
      "integers for a weight",
      {
        weights: (tensors) =>
          tensors.set("embed.W_E", tensor("int32", [101, 32], new Int32Array(3232))),
      },
      /model\.safetensors.*embed\.W_E.*expected floating-point numbers.*got I32/,
    ],
    [
      "NaN",
      { weights: put("blocks.1.attn.W_O", 77, NaN) },
      /blocks\.1\.attn\.W_O: expected finite numbers, got NaN at element 77/,
    ],
    [
      "infinity",
      { weights: put("unembed.b_U", 100, -Infinity) },
      /unembed\.b_U: expected finite numbers, got -Infinity at element 100/,
    ],
    [
      "another number of layers",
      { config: (fields) => (fields["n_layers"] = 3) },
      /lacks blocks\.2\.ln1\.w, blocks\.2\.attn\.W_Q, .*W_O: config\.json and/,
    ],
    [
      "another vocabulary",
      { config: (fields) => (fields["d_vocab"] = 100) },
      /embed\.W_E: expected shape \[100, 32\] by config\.json, got \[101, 32\]/,
    ],
  ])("%s", async (name, edits, message) => {
    expect(await refused(await modelFolder(at(`weights-${name}`), edits))).toMatch(message);
  });
});

describe("a config.json that cannot be used", () => {
  it.each<[string, (fields: Record<string, unknown>) => void, RegExp]>([
    ["lacks a field", (c) => delete c["d_head"], /config\.json: field "d_head": .*number/],
    ["holds text for a number", (c) => (c["n_ctx"] = "32"), /config\.json: field "n_ctx"/],
    ["holds a size of zero", (c) => (c["n_heads"] = 0), /config\.json: field "n_heads"/],
    ["has MLP layers", (c) => (c["attn_only"] = false), /the file lacks .*blocks\.0\.mlp\.W_in/],
    [
      "has an unknown activation",
      (c) => Object.assign(c, { attn_only: false, act_fn: "relu" }),
      /field "act_fn": expected one of gelu, gelu_new, solu_ln, got "relu"/,
    ],
    ["is of another family", (c) => (c["model_type"] = "llama"), /"model_type": expected "gpt2"/],
    [
      "is an old SoLU model",
      (c) => (c["architecture"] = "neel-solu-old"),
      /must not be neel-solu-old: its weights are transposed/,
    ],
    ["has RMS norms", (c) => (c["final_rms"] = true), /field "final_rms": must be false: RMS/],
    [
      "turns an odd number of dimensions",
      (c) => Object.assign(c, { positional_embedding_type: "rotary", rotary_dim: 3 }),
      /even number of rotary dimensions up to d_head = 8, got 3/,
    ],
    ["has an unknown norm", (c) => (c["normalization"] = "RMS"), /field "normalization"/],
  ])("%s", async (name, config, message) => {
    expect(await refused(await modelFolder(at(`config-${name}`), { config }))).toMatch(message);
  });

  it.each([
    ["is no JSON", "{ n_layers: 2 }", /config\.json: expected JSON, got something else/],
    ["is empty", "", /config\.json: expected JSON, got something else/],
    ["is a list", "[]", /config\.json: .*object/],
  ])("%s", async (name, text, message) => {
    const dir = await modelFolder(at(`text-${name}`));
    await writeFile(join(dir, "config.json"), text);
    expect(await refused(dir)).toMatch(message);
  });
});

describe("files that are missing or damaged", () => {
  let good: Buffer;
  let headerEnd: number;
  beforeAll(async () => {
    good = await readFile(join(await modelFolder(at("good")), "model.safetensors"));
    headerEnd = 8 + Number(good.readBigUInt64LE(0));
  });

  async function withBytes(name: string, bytes: Uint8Array) {
    const dir = await modelFolder(at(name));
    await writeFile(join(dir, "model.safetensors"), bytes);
    return refused(dir);
  }

  it.each(["config.json", "model.safetensors"])("a folder without %s", async (file) => {
    const dir = await modelFolder(at(`without-${file}`));
    await rm(join(dir, file));
    expect(await refused(dir)).toMatch(
      new RegExp(`expected a file ${file}.*, found none: a model folder holds config\\.json`),
    );
  });

  it("an empty folder", async () => {
    await mkdir(at("empty"));
    expect(await refused(at("empty"))).toMatch(
      /expected a file model\.safetensors or one that ends in \.pth, found none/,
    );
  });

  it("weights cut off inside the data, the header, and the header's length", async () => {
    for (const length of [good.length - 1, headerEnd, 100, 8, 7, 0]) {
      const line = await withBytes(`cut-${length}`, good.subarray(0, length));
      expect(line, `${length} bytes`).toMatch(/model\.safetensors.*expected .*got .*: .*damaged/);
    }
  });

  it("weights with a byte too many", async () => {
    const line = await withBytes("longer", Buffer.concat([good, Buffer.alloc(1)]));
    expect(line).toMatch(/model\.safetensors.*expected .*got .*: .*damaged/);
  });

  it("weights with one bit of the header flipped", async () => {
    const text = good.toString("latin1");
    const places = [
      ...["embed.W_E", "F32", "shape", "data_offsets", "}}"].map((word) => text.indexOf(word)),
      ...[0, 6, 8],
    ];
    for (const [i, place] of places.entries()) {
      const bytes = Buffer.from(good);
      bytes[place] = (bytes[place] as number) ^ (1 << (i % 8));
      const line = await withBytes(`flip-${place}`, bytes);
      expect(line, `byte ${place}`).toMatch(/model\.safetensors.*(expected|lacks)/);
    }
  });

  it("a page of HTML in place of the weights", async () => {
    const page = new TextEncoder().encode("<!doctype html><title>404</title>".repeat(20));
    expect(await withBytes("html", page)).toMatch(/model\.safetensors: header: expected/);
  });

  it("a tokenizer.json that is cut off, of another kind, or inconsistent", async () => {
    const dir = await modelFolder(at("tokenizer"), { tokenizer: true });
    const path = join(dir, "tokenizer.json");
    const whole = await readFile(path, "utf8");
    const edited = (edit: (model: { type: string; vocab: Record<string, number> }) => void) => {
      const json = JSON.parse(whole) as { model: { type: string; vocab: Record<string, number> } };
      edit(json.model);
      return JSON.stringify(json);
    };
    for (const [text, message] of [
      [whole.slice(0, -100), /tokenizer\.json: expected JSON/],
      [edited((model) => (model.type = "Unigram")), /tokenizer\.json: expected a byte-level BPE/],
      [edited((model) => delete model.vocab["ius"]), /tokenizer\.json: .*'ius'/],
      [
        edited((model) => (model.vocab["ius"] = 1850)),
        /tokenizer\.json: expected one token per id/,
      ],
    ] as const) {
      await writeFile(path, text);
      expect(await refused(dir)).toMatch(message);
    }
  });

  it("a tokenizer of a larger vocabulary than the model's", async () => {
    const dir = await modelFolder(at("other-tokenizer"), { tokenizer: true });
    const { code, line } = await refusal([
      ...["strength", "--a", " Mar", "--b", "ius", "--model", dir],
    ]);
    expect(code).toBe(2);
    expect(line).toMatch(/--a: expected an id from 0 to 100, got 1850/);
  });

  it("a vocabulary that lacks bytes of a text", async () => {
    const dir = await modelFolder(at("few-bytes"));
    const json = JSON.parse(await readFile(join(embedded, "tokenizer.json"), "utf8")) as {
      model: { vocab: Record<string, number>; merges: unknown[] };
    };
    json.model.merges = [];
    json.model.vocab = { a: 5, b: 6 };
    await writeFile(join(dir, "tokenizer.json"), JSON.stringify(json));
    const { code, line } = await refusal(["strength", "--a", "a", "--b", "x", "--model", dir]);
    expect(code).toBe(2);
    expect(line).toMatch(/expected text made of known tokens, got 'x'/);
  });

  it("damaged weights of a run leave no result behind", async () => {
    const dir = at("damaged-run-model");
    await cp(await modelFolder(at("to-damage")), dir, { recursive: true });
    await writeFile(join(dir, "model.safetensors"), good.subarray(0, -4));
    const run = ["run", "quick", "--a-id", "5", "--b-id", "6", "--model", dir, "-o", at("result")];
    expect((await refusal(run)).code).toBe(1);
    await expect(readFile(at("result", "manifest.json"))).rejects.toThrow("ENOENT");
  });
});
