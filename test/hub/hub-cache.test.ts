import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname } from "node:path";
import { scanCachedRepo } from "@huggingface/hub";
import { expect, test } from "vitest";
import { linkBlob, repoFolder } from "../../src/weights/hub-cache.js";
import { withLock } from "../../src/weights/hub-lock.js";
import { hubOptionsFromEnvironment } from "../../src/weights/hub-environment.js";
import { readFile as readModelFile } from "../../src/weights/model-files.js";
import { temporaryFolder } from "../runs/temporary-folder.js";
import { gitBlobId, sha256 } from "../support/hub-double.js";
import {
  clientOf,
  config,
  expectBytes,
  repo,
  someBytes,
  startDouble,
  text,
  tinyFiles,
  transfers,
  weights,
} from "./hub-case.js";

const noServer = { endpoint: "http://127.0.0.1:9" };

/** Writes a snapshot as Python's huggingface_hub lays it out: refs without a newline, relative links. */
async function writePythonCache(folder: string, commit: string, ref: string): Promise<void> {
  const pointers = new Map([
    ["config.json", [gitBlobId(config), config, "../../blobs/"]],
    ["checkpoints/tokens_1000.pth", [sha256(weights), weights, "../../../blobs/"]],
  ] as const);
  await mkdir(`${folder}/blobs`, { recursive: true });
  for (const [path, [etag, bytes, up]] of pointers) {
    const pointer = `${folder}/snapshots/${commit}/${path}`;
    await mkdir(dirname(pointer), { recursive: true });
    await writeFile(`${folder}/blobs/${etag}`, bytes);
    await symlink(`${up}${etag}`, pointer);
  }
  await mkdir(dirname(`${folder}/refs/${ref}`), { recursive: true });
  await writeFile(`${folder}/refs/${ref}`, commit);
}

test("a cache that Python wrote is read without a network", async () => {
  const cacheDir = await temporaryFolder();
  const commit = "a".repeat(40);
  await writePythonCache(`${cacheDir}/models--gpt2`, commit, "refs/pr/1");
  const { client } = await clientOf(await startDouble(), { ...noServer, cacheDir, offline: true });
  expect(await client.snapshot("gpt2", "refs/pr/1")).toEqual({ commit, files: null });
  for (const revision of ["refs/pr/1", commit]) {
    const files = await client.files("gpt2", revision);
    expect(await files.list()).toEqual(["checkpoints/tokens_1000.pth", "config.json"]);
    expectBytes(await readModelFile(files, "config.json"), config);
    expectBytes(await readModelFile(files, "checkpoints/tokens_1000.pth"), weights);
    expect(await files.open("tokenizer.json")).toBeNull();
  }
  expect((await client.pull("gpt2", commit, ["config.json"])).folder).toBe(
    `${cacheDir}/models--gpt2/snapshots/${commit}`,
  );
});

test("offline, what was never pulled is an error with the way out", async () => {
  const double = await startDouble();
  const { client: online, cacheDir } = await clientOf(double);
  await online.pull(repo, "main", ["config.json"]);
  const asked = double.requests.length;
  const { client } = await clientOf(double, { cacheDir, offline: true });
  const hint = "pull it once with a network, without --offline";
  await expect(client.files("lab/other")).rejects.toMatchObject({ hint });
  await expect(client.files(repo, "b".repeat(40))).rejects.toMatchObject({ hint });
  await expect(client.pull(repo, "main", ["config.json", "model_final.pth"])).rejects.toMatchObject(
    {
      message: `repository ${repo} at main: expected model_final.pth in the cache, got none`,
      hint,
    },
  );
  expect((await client.pull(repo, "main", ["config.json"])).commit).toMatch(/^[0-9a-f]{40}$/);
  expect(double.requests.length).toBe(asked);
});

test("what a revision means is noted also where nothing had to be downloaded", async () => {
  const double = await startDouble();
  const { client, cacheDir } = await clientOf(double);
  const { commit } = await client.snapshot(repo);
  await client.pull(repo, commit, ["config.json"]);
  const offline = await clientOf(double, { cacheDir, offline: true });
  await expect(offline.client.files(repo)).rejects.toMatchObject({ name: "LabError" });
  expectBytes(await readModelFile(await client.files(repo), "config.json"), config);
  expectBytes(await readModelFile(await offline.client.files(repo), "config.json"), config);
});

test("files lists all pages and downloads only what is opened", async () => {
  const double = await startDouble({ pageSize: 2 });
  const { client } = await clientOf(double);
  const files = await client.files(repo);
  expect(await files.list()).toEqual([...tinyFiles.keys()].sort());
  expect(double.requests.filter(({ url }) => url.includes("/tree/")).length).toBe(3);
  expectBytes(await readModelFile(files, "checkpoints/tokens_1000.pth"), someBytes(2000, 2));
  expect(await files.open("nothing.json")).toBeNull();
  expect(double.requests.filter(({ url }) => url.includes("/resolve/")).length).toBe(1);
  const { files: listed } = await client.snapshot(repo);
  expect(listed?.find(({ path }) => path === "model_final.pth")).toEqual({
    path: "model_final.pth",
    size: weights.length,
    sha256: sha256(weights),
    etag: sha256(weights),
  });
  expect(listed?.find(({ path }) => path === "config.json")).toEqual({
    path: "config.json",
    size: config.length,
    sha256: null,
    etag: gitBlobId(config),
  });
});

test("a repository of one name, which the hub redirects, is cached under that name", async () => {
  const double = await startDouble({
    repos: new Map([["openai-community/gpt2", tinyFiles]]),
    renamed: new Map([["gpt2", "openai-community/gpt2"]]),
    token: "hf_secret",
  });
  const { client, cacheDir } = await clientOf(double, { token: "hf_secret" });
  const { folder } = await client.pull("gpt2", "main", ["config.json", "model_final.pth"]);
  expect(folder).toContain(`${cacheDir}/models--gpt2/snapshots/`);
  expect(await (await client.files("gpt2")).list()).toContain("checkpoints/tokens_1000.pth");
});

test("branches with a slash are revisions, and files may need encoding in an address", async () => {
  const double = await startDouble({ isLfs: () => false });
  const odd = new Map([["a b/100% #1?.json", text("{}")]]);
  const commit = double.commit(repo, odd, "refs/pr/3");
  const { client, folder } = await clientOf(double);
  const files = await client.files(repo, "refs/pr/3");
  expect(files.commit).toBe(commit);
  expectBytes(await readModelFile(files, "a b/100% #1?.json"), text("{}"));
  expect(await readFile(`${folder}/refs/refs/pr/3`, "utf8")).toBe(commit);
});

test("what we cache, @huggingface/hub reads", async () => {
  const double = await startDouble();
  const { client, folder } = await clientOf(double);
  const { commit } = await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  const scanned = await scanCachedRepo(folder);
  expect(scanned.id).toEqual({ name: repo, type: "model" });
  expect(scanned.size).toBe(config.length + weights.length);
  expect(scanned.revisions.map(({ commitOid, refs }) => [commitOid, refs])).toEqual([
    [commit, ["main"]],
  ]);
});

test("cached says what is there, contents of several revisions counted once", async () => {
  const double = await startDouble();
  const { client, folder } = await clientOf(double);
  expect(await client.cached(repo)).toBeNull();
  const first = await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  const step = double.commit(repo, new Map([...tinyFiles, ["config.json", text("{}")]]), "step1");
  await client.pull(repo, "step1", ["config.json", "model_final.pth"]);
  const cached = await client.cached(repo);
  expect(cached?.folder).toBe(folder);
  expect(cached?.bytes).toBe(config.length + 2 + weights.length);
  const revisions = new Map(cached?.revisions.map((one) => [one.commit, one]));
  expect(revisions.get(first.commit)).toEqual({
    commit: first.commit,
    refs: ["main"],
    files: [
      { path: "config.json", size: config.length },
      { path: "model_final.pth", size: weights.length },
    ],
  });
  expect(revisions.get(step)?.refs).toEqual(["step1"]);
});

test("removing a revision keeps the contents that another one uses", async () => {
  const double = await startDouble();
  const { client, cacheDir, folder } = await clientOf(double);
  await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  double.commit(repo, new Map([...tinyFiles, ["config.json", text("{}")]]), "step1");
  await client.pull(repo, "step1", ["config.json", "model_final.pth"]);
  expect(await client.remove(repo, "step2")).toBe(0);
  expect(await client.remove(repo, "main")).toBe(config.length);
  expect(await readdir(`${folder}/refs`)).toEqual(["step1"]);
  const offline = await clientOf(double, { cacheDir, offline: true });
  const files = await offline.client.files(repo, "step1");
  expectBytes(await readModelFile(files, "model_final.pth"), weights);
  await expect(offline.client.files(repo, "main")).rejects.toMatchObject({ name: "LabError" });
  expect(await client.remove(repo, "step1")).toBe(weights.length + 2);
  await expect(lstat(folder)).rejects.toThrow("ENOENT");
  expect(await client.remove(repo)).toBe(0);
});

test("removing a repository takes unfinished downloads along", async () => {
  const cuts = new Map([["model_final.pth", { at: 1000, times: Infinity }]]);
  const { client, folder } = await clientOf(await startDouble({ cuts }));
  await expect(client.pull(repo, "main", ["model_final.pth"])).rejects.toThrow("broke after 1000");
  expect(await client.cached(repo)).toMatchObject({ revisions: [], bytes: 1000 });
  expect(await client.remove(repo)).toBe(1000);
  await expect(lstat(folder)).rejects.toThrow("ENOENT");
});

test("a blob that links to the store that Python's repositories share stays in that store", async () => {
  const double = await startDouble();
  const { client, cacheDir, folder } = await clientOf(double);
  await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  double.commit(repo, new Map([["config.json", text("{}")]]), "step1");
  await client.pull(repo, "step1", ["config.json"]);
  const stored = `${cacheDir}/blobs/ab/${sha256(weights)}`;
  await mkdir(dirname(stored), { recursive: true });
  await rename(`${folder}/blobs/${sha256(weights)}`, stored);
  await symlink(`../../blobs/ab/${sha256(weights)}`, `${folder}/blobs/${sha256(weights)}`);
  await client.pull(repo, "main", ["model_final.pth"]);
  expect(transfers(double).length).toBe(3);
  expect((await client.cached(repo))?.bytes).toBe(config.length + 2 + weights.length);
  expect(await client.remove(repo, "main")).toBe(config.length);
  expect((await stat(stored)).size).toBe(weights.length);
  expect(await client.remove(repo)).toBe(2);
  expect((await stat(stored)).size).toBe(weights.length);
});

test("where the system makes no links, a snapshot holds copies", async () => {
  const double = await startDouble();
  const { client, cacheDir, folder } = await clientOf(double);
  const { commit } = await client.pull(repo, "main", ["config.json"]);
  const noLinks = () => Promise.reject(Object.assign(new Error("no"), { code: "EPERM" }));
  const at = repoFolder(cacheDir, repo);
  await linkBlob(at, commit, "copies/config.json", gitBlobId(config), noLinks);
  const copy = `${folder}/snapshots/${commit}/copies/config.json`;
  expect((await lstat(copy)).isFile()).toBe(true);
  expectBytes(await readFile(copy), config);
  expect((await client.cached(repo))?.bytes).toBe(2 * config.length);
});

test("the environment says where the hub and the cache are, and the token", async () => {
  const home = await temporaryFolder();
  expect(hubOptionsFromEnvironment({ HF_HOME: home })).toEqual({
    cacheDir: `${home}/hub`,
    offline: false,
  });
  await writeFile(`${home}/token`, "hf_file\n");
  expect(hubOptionsFromEnvironment({ HF_HOME: home, HF_TOKEN: "" }).token).toBe("hf_file");
  await writeFile(`${home}/other`, "hf_other");
  const path = { HF_HOME: home, HF_TOKEN_PATH: `${home}/other` };
  expect(hubOptionsFromEnvironment(path).token).toBe("hf_other");
  const all = {
    ...path,
    HF_TOKEN: " hf_variable ",
    HF_ENDPOINT: "https://mirror.example",
    HF_HUB_CACHE: `${home}/elsewhere`,
    HF_HUB_OFFLINE: "1",
  };
  expect(hubOptionsFromEnvironment(all)).toEqual({
    endpoint: "https://mirror.example",
    token: "hf_variable",
    cacheDir: `${home}/elsewhere`,
    offline: true,
  });
  expect(hubOptionsFromEnvironment({ XDG_CACHE_HOME: home }).cacheDir).toBe(
    `${home}/huggingface/hub`,
  );
});

test("a lock keeps others out until it is released, and dies with its process", async () => {
  const path = `${await temporaryFolder()}/locks/one`;
  const order: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = withLock(path, undefined, async () => {
    order.push("first in");
    await held;
    order.push("first out");
  });
  await expect.poll(() => order.length).toBe(1);
  const second = withLock(path, undefined, () => Promise.resolve(order.push("second in")));
  const giveUp = withLock(path, AbortSignal.timeout(50), () => Promise.resolve());
  await expect(giveUp).rejects.toMatchObject({ name: "TimeoutError" });
  release();
  await Promise.all([first, second]);
  expect(order).toEqual(["first in", "first out", "second in"]);
  expect(await readdir(dirname(path))).toEqual([]);

  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.on("exit", resolve));
  const { hostname } = await import("node:os");
  const dead = { id: "x", pid: child.pid, host: hostname(), started: 1 };
  await writeFile(path, JSON.stringify(dead));
  expect(await withLock(path, undefined, () => Promise.resolve("in"))).toBe("in");
  await expect(stat(path)).rejects.toThrow("ENOENT");
});

test("the double names contents as git and LFS do", () => {
  // `printf 'hello\n' | git hash-object --stdin` and `| sha256sum`.
  const hello = text("hello\n");
  expect(gitBlobId(hello)).toBe("ce013625030ba8dba906f756967f9e9ca394464a");
  expect(sha256(hello)).toBe("5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03");
  expect(createHash("sha256").update(hello).digest("hex")).toBe(sha256(hello));
});
