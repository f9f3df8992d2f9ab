import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../runs/temporary-folder.js";
import { type HubDouble, sha256 } from "../support/hub-double.js";
import { repo, someBytes, startDouble, transfers } from "./hub-case.js";

const path = "model_final.pth";
const weights = someBytes(2_000_000);
const files = new Map([[path, weights]]);

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "induction-hub-"));
  await build({
    logLevel: "error",
    configFile: false,
    ssr: { noExternal: true, target: "node" },
    build: {
      ssr: fileURLToPath(new URL("hub-child.ts", import.meta.url)),
      outDir: root,
      rollupOptions: { output: { entryFileNames: "child.mjs" } },
    },
  });
});

afterAll(() => rm(root, { recursive: true, force: true }));

function startPull(double: HubDouble, cacheDir: string) {
  const args = [join(root, "child.mjs"), double.url, cacheDir, repo, path];
  const child: ChildProcess = spawn(process.execPath, args);
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (piece: Buffer) => (stdout += piece.toString()));
  child.stderr?.on("data", (piece: Buffer) => (stderr += piece.toString()));
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

test("a process goes on where one that was killed stopped, at once", async () => {
  const cuts = new Map([[path, { at: 1_000_000, times: 1, silently: true }]]);
  const double = await startDouble({ repos: new Map([[repo, files]]), cuts });
  const cacheDir = await temporaryFolder();
  const part = `${cacheDir}/models--lab--tiny-model/blobs/${sha256(weights)}.incomplete`;
  const first = startPull(double, cacheDir);
  await expect
    .poll(() =>
      stat(part).then(
        ({ size }) => size,
        () => 0,
      ),
    )
    .toBe(1_000_000);
  first.child.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  expect((await readdir(`${cacheDir}/.locks/models--lab--tiny-model`)).length).toBe(1);

  const second = startPull(double, cacheDir);
  expect(await second.ended, second.stderr()).toBe(0);
  expect(transfers(double).map(({ headers }) => headers.range)).toEqual([
    undefined,
    "bytes=1000000-",
  ]);
  expect(sha256(await readFile(`${second.stdout()}/${path}`))).toBe(sha256(weights));
  expect(await readdir(`${cacheDir}/.locks/models--lab--tiny-model`)).toEqual([]);
});

test("processes that pull the same file at once wait for one download", async () => {
  const double = await startDouble({ repos: new Map([[repo, files]]) });
  const cacheDir = await temporaryFolder();
  const pulls = [1, 2, 3].map(() => startPull(double, cacheDir));
  for (const pull of pulls) {
    expect(await pull.ended, pull.stderr()).toBe(0);
    expect(sha256(await readFile(`${pull.stdout()}/${path}`))).toBe(sha256(weights));
  }
  expect(transfers(double).length).toBe(1);
});
