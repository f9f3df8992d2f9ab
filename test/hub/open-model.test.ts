import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openModel, type OpenModelOptions, pullModel } from "../../src/weights/node.js";
import { readFile } from "../../src/weights/index.js";
import { temporaryFolder } from "../runs/temporary-folder.js";
import type { HubDouble, RepoFiles } from "../support/hub-double.js";
import { config, someBytes, startDouble, text, transfers } from "./hub-case.js";

const nanda = "NeelNanda/Attn_Only_2L512W_C4_Code";
const digits = "NeelNanda/gpt-neox-tokenizer-digits";
const pythia = "EleutherAI/pythia-70m";

const final = someBytes(5000, 3);
const tokens = [2_097_152, 22_000_000_000, 99_614_720];

const nandaFiles: RepoFiles = new Map([
  ["README.md", text("# a model")],
  ["config.json", config],
  ["model_final.pth", final],
  ...tokens.map((label) => [`checkpoints/tokens_${label}.pth`, someBytes(400, label)] as const),
]);
const tokenizerFiles: RepoFiles = new Map([
  ["tokenizer.json", text("{}")],
  ["tokenizer_config.json", text(`{"bos_token": "<|BOS|>"}`)],
  ["vocab.txt", text("unused")],
]);
const pythiaFiles: RepoFiles = new Map([
  ["config.json", config],
  ["model.safetensors", someBytes(3000, 4)],
  ["pytorch_model.bin", someBytes(3000, 5)],
  ["tokenizer.json", text("{}")],
]);

async function hub(): Promise<{ double: HubDouble; options: Required<OpenModelOptions>["hub"] }> {
  const double = await startDouble({
    repos: new Map([
      [nanda, nandaFiles],
      [digits, tokenizerFiles],
      [pythia, pythiaFiles],
    ]),
  });
  return { double, options: { endpoint: double.url, cacheDir: await temporaryFolder() } };
}

test("a known model comes with its tokenizer from elsewhere, and nothing large is fetched", async () => {
  const { double, options } = await hub();
  const opened = await openModel("attn-only-2l", { hub: options });
  expect(opened.name).toBe("attn-only-2l");
  expect(opened.known?.name).toBe("attn-only-2l");
  expect(opened.weights).toBe("model_final.pth");
  expect(opened.origin).toMatchObject({ repo: nanda, revision: "main", checkpoint: null });
  expect(opened.origin?.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(transfers(double)).toEqual([]);
  expect(await readFile(opened.tokenizerFiles!, "tokenizer.json")).toEqual(text("{}"));
  expect(await readFile(opened.files, opened.weights)).toEqual(final);
});

test("the repository's name is as good as the model's", async () => {
  const { options } = await hub();
  const opened = await openModel(nanda, { hub: options });
  expect(opened.known?.name).toBe("attn-only-2l");
});

test("a checkpoint is chosen by its label", async () => {
  const { options } = await hub();
  const wanted = { hub: options, checkpoint: 99_614_720 };
  const opened = await openModel("attn-only-2l", wanted);
  expect(opened.weights).toBe("checkpoints/tokens_99614720.pth");
  expect(opened.origin?.checkpoint).toEqual({ label: 99_614_720, unit: "tokens" });
  await expect(openModel("attn-only-2l", { ...wanted, checkpoint: 7 })).rejects.toMatchObject({
    exitCode: 2,
    hint: "nearest: 2097152",
  });
});

test("a checkpoint of a Pythia is a branch, by steps or tokens", async () => {
  const { double, options } = await hub();
  const early = someBytes(3000, 6);
  const commit = double.commit(
    pythia,
    new Map([...pythiaFiles, ["model.safetensors", early]]),
    "step3000",
  );
  for (const checkpoint of [3000, 3000 * 2_097_152]) {
    const opened = await openModel("pythia-70m", { hub: options, checkpoint });
    expect(opened.origin).toEqual({
      repo: pythia,
      revision: "step3000",
      commit,
      checkpoint: { label: 3000, unit: "steps" },
    });
    expect(opened.weights).toBe("model.safetensors");
    expect(opened.tokenizerFiles).toBeNull();
    expect(await readFile(opened.files, opened.weights)).toEqual(early);
  }
  const byBranch = await openModel("pythia-70m", { hub: options, revision: "step3000" });
  expect(byBranch.origin?.checkpoint).toEqual({ label: 3000, unit: "steps" });
  const both = { hub: options, revision: "main", checkpoint: 3000 };
  await expect(openModel("pythia-70m", both)).rejects.toThrow(/expected no --revision beside it/);
  await expect(openModel("pythia-70m", { hub: options, checkpoint: 3 })).rejects.toThrow(
    /154 checkpoints/,
  );
});

test("pull fetches what the model needs and nothing else", async () => {
  const { double, options } = await hub();
  const pulled = await pullModel("attn-only-2l", { hub: options });
  expect(pulled.model.files.map(({ path }) => path).sort()).toEqual([
    "config.json",
    "model_final.pth",
  ]);
  expect(pulled.tokenizer?.files.map(({ path }) => path).sort()).toEqual([
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
  expect(transfers(double)).toHaveLength(4);
  const again = await pullModel("attn-only-2l", { hub: { ...options, offline: true } });
  expect(again).toEqual(pulled);
  expect(transfers(double)).toHaveLength(4);
});

test("pull of weights in several files takes those that the index names", async () => {
  const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const index = { weight_map: { a: shards[0], b: shards[1], c: shards[0] } };
  const files: RepoFiles = new Map([
    ["config.json", config],
    ["model.safetensors.index.json", text(JSON.stringify(index))],
    ...shards.map((name, i) => [name, someBytes(1000, i)] as const),
    ["model-00003-of-00003.safetensors", someBytes(1000, 9)],
  ]);
  const double = await startDouble({ repos: new Map([["lab/sharded", files]]) });
  const options = { endpoint: double.url, cacheDir: await temporaryFolder() };
  const { model } = await pullModel("lab/sharded", { hub: options });
  expect(model.files.map(({ path }) => path).sort()).toEqual([
    "config.json",
    ...shards,
    "model.safetensors.index.json",
  ]);
});

test("an index that names no files, or one outside the folder, is refused", async () => {
  const broken: RepoFiles = new Map([
    ["config.json", config],
    ["model.safetensors.index.json", text('{"weight_map": {}}')],
  ]);
  const hostile = new Map(broken).set(
    "model.safetensors.index.json",
    text('{"weight_map": {"a": "../../escaped.safetensors"}}'),
  );
  const repos = new Map([
    ["lab/broken", broken],
    ["lab/hostile", hostile],
  ]);
  const double = await startDouble({ repos });
  const hubOptions = { endpoint: double.url, cacheDir: await temporaryFolder() };
  await expect(pullModel("lab/broken", { hub: hubOptions })).rejects.toThrow(/weight_map/);
  await expect(pullModel("lab/hostile", { hub: hubOptions })).rejects.toThrow(
    /a file inside the model's folder/,
  );
});

test("nothing is pulled of a folder, and a folder has no revisions", async () => {
  await expect(pullModel("attn-only-2l-mini")).rejects.toMatchObject({ exitCode: 2 });
  const revision = { revision: "main" };
  await expect(openModel("attn-only-2l-mini", revision)).rejects.toThrow(
    /expected a model on the hub/,
  );
});

async function folder(files: readonly string[]): Promise<string> {
  const dir = await temporaryFolder();
  await mkdir(join(dir, "checkpoints"));
  for (const name of files) await writeFile(join(dir, name), "x");
  return dir;
}

test("a folder's weights and checkpoints are found by their names", async () => {
  const one = await folder(["model.safetensors", "a.pth", "checkpoints/a_5.pth"]);
  expect(await openModel(one)).toMatchObject({ weights: "model.safetensors", origin: null });
  expect(await openModel(one, { checkpoint: 5 })).toMatchObject({ weights: "checkpoints/a_5.pth" });
  await expect(openModel(one, { checkpoint: 6 })).rejects.toMatchObject({ hint: "nearest: 5" });
  const named = await folder(["a.pth", "model_final.pth"]);
  expect((await openModel(named)).weights).toBe("model_final.pth");
});

test("a folder with several files of weights, or none, is refused with the list", async () => {
  await expect(openModel(await folder(["a.pth", "b.pth"]))).rejects.toThrow(/a\.pth, b\.pth/);
  await expect(openModel(await folder(["x_final.pth", "y_final.pth"]))).rejects.toThrow(/_final/);
  await expect(openModel(await folder(["checkpoints/a_5.pth"]))).rejects.toThrow(/found none/);
});
