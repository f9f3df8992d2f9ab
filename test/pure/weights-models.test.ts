import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { sizeOf } from "../../src/graph/tensor.js";
import {
  checkFileName,
  findKnownModel,
  parameterCount,
  readFile,
} from "../../src/weights/index.js";
import { readSafetensors } from "../../src/weights/safetensors.js";
import {
  embeddedFolder,
  folderFiles,
  knownModelOf,
  resolveModelFolder,
} from "../../src/weights/node.js";

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "induction-lab-weights-"));
  mkdirSync(join(dir, "inner"));
  writeFileSync(join(dir, "config.json"), "{}");
  writeFileSync(join(dir, "inner", "x.bin"), new Uint8Array(100_000).fill(7));
});
afterAll(() => rmSync(dir, { recursive: true }));

function errorOf(action: () => unknown): LabError {
  try {
    action();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

describe("folderFiles", () => {
  it("reads a file whole, and gives null where there is none", async () => {
    const files = folderFiles(dir);
    expect(files.where).toBe(dir);
    expect(await readFile(files, "config.json")).toEqual(new Uint8Array([0x7b, 0x7d]));
    expect(await readFile(files, "inner/x.bin")).toEqual(new Uint8Array(100_000).fill(7));
    expect(await readFile(files, "model.safetensors")).toBeNull();
    expect(await readFile(files, "config.json/x")).toBeNull();
  });

  it("refuses a folder in a file's place", async () => {
    const reading = folderFiles(dir).open("inner");
    await expect(reading).rejects.toThrow(/inner: expected a file, got a folder/);
    await expect(reading).rejects.toBeInstanceOf(LabError);
  });

  it("refuses what is not a folder", () => {
    expect(errorOf(() => folderFiles(join(dir, "none"))).message).toContain(
      "none: expected a folder, got nothing of that name",
    );
    expect(errorOf(() => folderFiles(join(dir, "config.json"))).message).toContain("got a file");
    errorOf(() => folderFiles(join(dir, "config.json", "x")));
  });

  it("lets no name out of the folder", async () => {
    const inner = folderFiles(join(dir, "inner"));
    await expect(readFile(inner, "../config.json")).rejects.toBeInstanceOf(LabError);
    for (const name of ["", "/etc/hosts", "a/../../b", "..", "./a", "a//b", "a\\b", "c:x", "a\0"]) {
      errorOf(() => checkFileName(name, "m"));
    }
    for (const name of ["a", "onnx/model.bin", "..a", ".cache", "a b"]) checkFileName(name, "m");
  });
});

describe("the model of the package", () => {
  it("has the facts of its card", async () => {
    const model = findKnownModel("attn-only-2l-mini")!;
    const files = folderFiles(embeddedFolder(model.name)!);
    const bytes = await readFile(files, "model.safetensors");
    const weights = readSafetensors(bytes!, model.name);
    const [vocabulary] = weights.entries.get("embed.W_E")!.shape;
    const { from, to } = model.powersRange;
    expect(from).toBe(model.lowestId);
    expect(to).toBe(vocabulary! - 1);
    expect(model.lowestId).toBeGreaterThan(model.bos.id!);
    for (const { id } of [model.substitutes!.a, model.substitutes!.b]) {
      expect(id >= from && id <= to).toBe(true);
    }
  });

  it("attn-only-2l-mini has the parameters its README counts", async () => {
    const bytes = await readFile(
      folderFiles(embeddedFolder("attn-only-2l-mini")!),
      "model.safetensors",
    );
    const weights = readSafetensors(bytes!, "m");
    let trained = 0;
    for (const [name, { dtype, shape }] of weights.entries) {
      expect(dtype).toBe("F16");
      // The unembedding has no bias: it is stored as zeros.
      if (name !== "unembed.b_U") trained += sizeOf(shape);
      else expect(weights.float(name).data.every((value) => value === 0)).toBe(true);
    }
    expect(trained).toBe(4_787_712);
    expect(parameterCount(findKnownModel("attn-only-2l-mini")!.architecture)).toBe(trained);
  });

  it("has a folder, which a name, the folder itself and nothing else stands for", () => {
    expect(findKnownModel("no")).toBeNull();
    expect(embeddedFolder("../src")).toBeNull();
    expect(embeddedFolder("gpt2")).toBeNull();
    const name = "attn-only-2l-mini";
    expect(resolveModelFolder(name)).toBe(embeddedFolder(name));
    expect(resolveModelFolder(dir)).toBe(dir);
    expect(errorOf(() => resolveModelFolder("gpt2")).message).toBe(
      "model gpt2: expected a folder, got openai-community/gpt2 on the hub",
    );
    expect(errorOf(() => resolveModelFolder(join(dir, "config.json"))).exitCode).toBe(2);
  });
});

describe("the browser-safe index", () => {
  it("reaches no module of Node", () => {
    const reached = new Set<string>();
    const visit = (url: URL) => {
      if (reached.has(url.href)) return;
      reached.add(url.href);
      for (const [, from] of readFileSync(url, "utf8").matchAll(/ from "([^"]+)"/g)) {
        if (from!.startsWith(".")) visit(new URL(from!.replace(/\.js$/, ".ts"), url));
        else expect(["fastest-levenshtein", "zod"]).toContain(from);
      }
    };
    visit(new URL("../../src/weights/index.ts", import.meta.url));
    expect(reached.size).toBeGreaterThan(8);
  });
});

describe("knownModelOf", () => {
  it("knows a model by its name and by its folder, however that is written", () => {
    const card = findKnownModel("attn-only-2l-mini");
    const folder = embeddedFolder("attn-only-2l-mini") as string;
    expect(knownModelOf("attn-only-2l-mini")).toBe(card);
    expect(knownModelOf(folder)).toBe(card);
    expect(knownModelOf(`${folder}/../attn-only-2l-mini/`)).toBe(card);
    expect(knownModelOf(dir)).toBeNull();
  });
});
