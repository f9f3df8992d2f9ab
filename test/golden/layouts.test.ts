import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import type { FloatTensor, Tensor } from "../../src/graph/index.js";
import { readWeights } from "../../src/model/index.js";
import { memoryFiles, readSafetensors, writeSafetensors } from "../../src/weights/index.js";
import { folderFiles } from "../../src/weights/node.js";
import { fixtureTensors } from "../support/fixtures.js";

const root = new URL("../fixtures/", import.meta.url);
const bytesOf = (path: string) => readFile(new URL(path, root));

const folders = [
  ["e-gpt2", "GPT-2"],
  ["f-pythia", "GPT-NeoX"],
] as const;

/** The files of a fixture in Hugging Face's layout, with some tensors changed. */
async function hubFiles(fixture: string, change: (tensors: Map<string, Tensor>) => void) {
  const file = readSafetensors(await bytesOf(`${fixture}/hf/model.safetensors`), "f");
  const tensors = new Map([...file.entries.keys()].map((key) => [key, file.tensor(key)]));
  change(tensors);
  return memoryFiles(
    "m",
    new Map([
      ["config.json", await bytesOf(`${fixture}/hf/config.json`)],
      ["model.safetensors", writeSafetensors(tensors)],
    ]),
  );
}

describe.each(folders)("%s, the file layout of %s", (fixture) => {
  it("gives the weights that TransformerLens makes of it, to the bit", async () => {
    const expected = await fixtureTensors(`${fixture}/weights.safetensors`);
    const { pathname } = new URL(`${fixture}/hf`, root);
    const { weights } = await readWeights(folderFiles(pathname));
    expect([...weights.keys()].sort()).toEqual([...expected.entries.keys()].sort());
    for (const [name, { shape, data }] of weights) {
      expect(shape, name).toEqual(expected.float(name).shape);
      expect(data, name).toEqual(expected.float(name).data);
    }
  });

  it("gives the same weights from several files with an index", async () => {
    const file = readSafetensors(await bytesOf(`${fixture}/hf/model.safetensors`), "f");
    const names = [...file.entries.keys()];
    const shards = [names.filter((_, i) => i % 2 === 0), names.filter((_, i) => i % 2 === 1)];
    const files = new Map<string, Uint8Array>([
      ["config.json", await bytesOf(`${fixture}/hf/config.json`)],
    ]);
    const map: Record<string, string> = {};
    for (const [i, keys] of shards.entries()) {
      const name = `model-0000${i + 1}-of-00002.safetensors`;
      files.set(name, writeSafetensors(new Map(keys.map((key) => [key, file.tensor(key)]))));
      for (const key of keys) map[key] = name;
    }
    const index = (weights: object) => new TextEncoder().encode(JSON.stringify(weights));
    files.set("model.safetensors.index.json", index({ metadata: {}, weight_map: map }));
    const whole = await readWeights(memoryFiles("m", files));
    const expected = await fixtureTensors(`${fixture}/weights.safetensors`);
    for (const [name, { data }] of whole.weights) {
      expect(data, name).toEqual(expected.float(name).data);
    }
    expect(whole.sha256).toMatch(/^[0-9a-f]{64}$/);

    const read = (weights: object) => {
      const changed = new Map(files).set("model.safetensors.index.json", index(weights));
      return readWeights(memoryFiles("m", changed));
    };
    const [first] = names as [string];
    await expect(read({ weight_map: { ...map, [first]: "model-2.safetensors" } })).rejects.toThrow(
      "expected the file model-2.safetensors beside it, found none",
    );
    await expect(
      read({ weight_map: { ...map, [first]: "../model.safetensors" } }),
    ).rejects.toBeInstanceOf(LabError);
    await expect(
      read({ weight_map: { ...map, [first]: "model-00002-of-00002.safetensors" } }),
    ).rejects.toThrow("expected tensors that the index places there");
    await expect(read({})).rejects.toThrow("expected weight_map to be an object");
    await expect(
      read({ weight_map: { ...map, other: map[first] as string } }),
    ).rejects.toBeInstanceOf(LabError);
  });

  it("names the keys of the file that are missing, unknown or of another shape", async () => {
    const lost = fixture === "e-gpt2" ? "h.0.attn.c_attn.weight" : "gpt_neox.embed_in.weight";
    await expect(
      readWeights(await hubFiles(fixture, (tensors) => tensors.delete(lost))),
    ).rejects.toThrow(`the file lacks ${lost}`);
    const extra: FloatTensor = { dtype: "float32", shape: [1], data: Float32Array.of(1) };
    await expect(
      readWeights(await hubFiles(fixture, (tensors) => tensors.set("h.0.more", extra))),
    ).rejects.toThrow("the file also holds h.0.more");
    await expect(
      readWeights(await hubFiles(fixture, (tensors) => tensors.set(lost, extra))),
    ).rejects.toThrow(`${lost}: expected shape [`);
    const bias =
      fixture === "e-gpt2" ? "h.1.mlp.c_fc.bias" : "gpt_neox.layers.1.mlp.dense_h_to_4h.bias";
    const { weights } = await readWeights(await hubFiles(fixture, (t) => t.delete(bias)));
    expect(weights.get("blocks.1.mlp.b_in")?.data.every((x) => x === 0)).toBe(true);
  });
});

describe("GPT-2 files of other writers", () => {
  it("with the prefix transformer. and an unembedding of their own", async () => {
    const files = await hubFiles("e-gpt2", (tensors) => {
      for (const [key, value] of [...tensors]) {
        tensors.delete(key);
        tensors.set(`transformer.${key}`, value);
      }
      const wte = tensors.get("transformer.wte.weight") as FloatTensor;
      const data = wte.data.map((x) => 2 * x) as Float32Array;
      tensors.set("lm_head.weight", { dtype: "float32", shape: wte.shape, data });
    });
    const { weights } = await readWeights(files);
    const expected = await fixtureTensors("e-gpt2/weights.safetensors");
    expect(weights.get("blocks.1.attn.W_K")?.data).toEqual(
      expected.float("blocks.1.attn.W_K").data,
    );
    expect(weights.get("unembed.W_U")?.data).toEqual(
      (expected.float("unembed.W_U").data as Float32Array).map((x) => 2 * x),
    );
  });
});
