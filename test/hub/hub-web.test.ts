import { expect, test } from "vitest";
import type { HubProgress } from "../../src/weights/hub.js";
import { webCacheName, webHubFiles, type WebHubOptions } from "../../src/weights/hub-web.js";
import { readFile } from "../../src/weights/model-files.js";
import type { HubDouble } from "../support/hub-double.js";
import {
  expectBytes,
  config,
  repo,
  startDouble,
  tinyFiles,
  transfers,
  weights,
} from "./hub-case.js";

/** The part of a browser's Cache that is used, in memory. */
function fakeCaches() {
  const stores = new Map<string, Map<string, Response>>();
  const open = (name: string) => {
    const store = stores.get(name) ?? new Map<string, Response>();
    stores.set(name, store);
    const cache: Pick<Cache, "match" | "put"> = {
      match: (key) => Promise.resolve(store.get(String(key))?.clone()),
      put: (key, response) => Promise.resolve(void store.set(String(key), response)),
    };
    return Promise.resolve(cache as Cache);
  };
  return { stores, open };
}

function optionsFor(double: HubDouble, options: WebHubOptions = {}): WebHubOptions {
  return { endpoint: double.url, wait: () => Promise.resolve(), caches: fakeCaches(), ...options };
}

const offline: typeof fetch = () => Promise.reject(new TypeError("Failed to fetch"));

test("all pages are listed, and files are whole, with true totals", async () => {
  const double = await startDouble({ pageSize: 2 });
  const seen: HubProgress[] = [];
  const files = await webHubFiles(
    repo,
    "main",
    optionsFor(double, { progress: (p) => seen.push(p) }),
  );
  expect(files.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(await files.list()).toEqual([...tinyFiles.keys()].sort());
  for (const [path, bytes] of tinyFiles) expectBytes(await readFile(files, path), bytes);
  expect(await files.open("nothing.json")).toBeNull();
  await expect(files.open("../x")).rejects.toMatchObject({ name: "LabError" });
  for (const one of seen) expect(one.total).toBe(tinyFiles.get(one.file)?.length);
  expect(seen.filter((one) => one.file === "model_final.pth").at(-1)).toMatchObject({
    received: weights.length,
    allReceived: weights.length,
    allTotal: weights.length,
  });
});

test("what was opened once opens without a network, from the Cache", async () => {
  const double = await startDouble({ pageSize: 2 });
  const caches = fakeCaches();
  const options = optionsFor(double, { caches });
  const files = await webHubFiles(repo, "main", options);
  await readFile(files, "model_final.pth");
  await readFile(files, "config.json");
  const url = `${double.url}/${repo}/resolve/${files.commit}/model_final.pth`;
  expect([...caches.stores.keys()]).toEqual([webCacheName]);
  expect(caches.stores.get(webCacheName)?.has(url)).toBe(true);

  const later = await webHubFiles(repo, "main", { ...options, fetch: offline });
  expect(later.commit).toBe(files.commit);
  expect(await later.list()).toEqual([...tinyFiles.keys()].sort());
  expectBytes(await readFile(later, "model_final.pth"), weights);
  expectBytes(await readFile(later, "config.json"), config);
  await expect(later.open("empty.txt")).resolves.toMatchObject({ size: 0 });
  await expect(later.open("checkpoints/tokens_1000.pth")).rejects.toMatchObject({
    message: `${new URL(double.url).host}: expected an answer, got none (Failed to fetch)`,
    hint: "check the network; models that were opened before open without one",
  });
  await expect(webHubFiles("lab/other", "main", { ...options, fetch: offline })).rejects.toThrow(
    "expected an answer, got none",
  );
  const sent = transfers(double).length;
  await readFile(await webHubFiles(repo, "main", options), "model_final.pth");
  expect(transfers(double).length).toBe(sent);
});

test("files come from the commit that main meant, although main moves", async () => {
  const double = await startDouble();
  const options = optionsFor(double);
  const files = await webHubFiles(repo, "main", options);
  const moved = double.commit(repo, new Map([["config.json", weights]]));
  expectBytes(await readFile(files, "config.json"), config);
  expect((await webHubFiles(repo, "main", options)).commit).toBe(moved);
});

test("a cut download is taken up again, damaged content is refused and not kept", async () => {
  const cuts = new Map([["model_final.pth", { at: 100_000, times: 1 }]]);
  const corrupt = new Map([["config.json", 3]]);
  const double = await startDouble({ cuts, corrupt });
  const caches = fakeCaches();
  const files = await webHubFiles(repo, "main", optionsFor(double, { caches }));
  expectBytes(await readFile(files, "model_final.pth"), weights);
  expect(transfers(double).map(({ headers }) => headers.range)).toEqual([
    undefined,
    "bytes=100000-",
  ]);
  await expect(files.open("config.json")).rejects.toMatchObject({
    name: "LabError",
    message: expect.stringContaining("/config.json: expected content with hash") as string,
  });
  corrupt.clear();
  expectBytes(await readFile(files, "config.json"), config);
});

test("a file that is opened twice at once is fetched once, and the copies are independent", async () => {
  const double = await startDouble();
  const files = await webHubFiles(repo, "main", optionsFor(double));
  const [a, b] = await Promise.all([
    readFile(files, "model_final.pth"),
    readFile(files, "model_final.pth"),
  ]);
  expect(transfers(double).length).toBe(1);
  a!.fill(0);
  expectBytes(b, weights);
});

test("without storage, or with a full one, models load all the same", async () => {
  const double = await startDouble();
  const refusing = { open: () => Promise.reject(new Error("SecurityError")) };
  const full = {
    open: () =>
      Promise.resolve({
        match: () => Promise.resolve(undefined),
        put: () => Promise.reject(new Error("QuotaExceededError")),
      } as unknown as Cache),
  };
  for (const caches of [refusing, full]) {
    const files = await webHubFiles(repo, "main", optionsFor(double, { caches }));
    expectBytes(await readFile(files, "model_final.pth"), weights);
  }
});

test("the token goes to the hub only, and refusals are the same as in Node", async () => {
  const double = await startDouble({ token: "hf_secret" });
  const files = await webHubFiles(repo, "main", optionsFor(double, { token: "hf_secret" }));
  expectBytes(await readFile(files, "model_final.pth"), weights);
  const cdn = double.requests.filter(({ server }) => server === "cdn");
  expect(cdn.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  await expect(webHubFiles(repo, "main", optionsFor(double))).rejects.toThrow(
    `repository ${repo} at main: expected access, got 401 (unknown or private)`,
  );
  await expect(
    webHubFiles(repo, "dev", optionsFor(double, { token: "hf_secret" })),
  ).rejects.toThrow("expected a revision dev, got 404");
});
