import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { expect, test, vi } from "vitest";
import type { HubProgress } from "../../src/weights/hub.js";
import { gitBlobId, sha256 } from "../support/hub-double.js";
import {
  expectBytes,
  clientOf,
  config,
  repo,
  startDouble,
  tinyFiles,
  transfers,
  weights,
} from "./hub-case.js";

const etag = sha256(weights);

test("a pull gives whole files in the layout of the shared cache", async () => {
  const double = await startDouble();
  const { client, folder } = await clientOf(double);
  const pulled = await client.pull(repo, undefined, [...tinyFiles.keys()]);
  expect(pulled.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(pulled.folder).toBe(`${folder}/snapshots/${pulled.commit}`);
  for (const [path, bytes] of tinyFiles) {
    expectBytes(await readFile(`${pulled.folder}/${path}`), bytes);
  }
  expect(await readFile(`${folder}/refs/main`, "utf8")).toBe(pulled.commit);
  expect(await readlink(`${pulled.folder}/config.json`)).toBe(`../../blobs/${gitBlobId(config)}`);
  expect(await readlink(`${pulled.folder}/model_final.pth`)).toBe(`../../blobs/${etag}`);
  expect(await readlink(`${pulled.folder}/checkpoints/tokens_1000.pth`)).toMatch(
    /^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/,
  );
  expect((await readdir(`${folder}/blobs`)).filter((name) => !/^[0-9a-f]+$/.test(name))).toEqual(
    [],
  );
});

test("progress has the true totals from its first word on, and ends at them", async () => {
  const double = await startDouble();
  const seen: HubProgress[] = [];
  const { client } = await clientOf(double, { progress: (p) => seen.push(p) });
  await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  const allTotal = config.length + weights.length;
  expect(seen.length).toBeGreaterThan(3);
  for (const one of seen) {
    expect(one.allTotal).toBe(allTotal);
    expect(one.total).toBe(tinyFiles.get(one.file)?.length);
    expect(one.allReceived).toBe(one.received + (one.file === "config.json" ? 0 : config.length));
  }
  expect(seen.at(-1)).toMatchObject({ received: weights.length, allReceived: allTotal });
});

test("what is there is not fetched again, and a whole commit needs no server", async () => {
  const double = await startDouble();
  const { client, cacheDir } = await clientOf(double);
  const { commit } = await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  const before = transfers(double).length;
  const again = await clientOf(double, { cacheDir });
  await again.client.pull(repo, "main", ["config.json", "model_final.pth"]);
  expect(transfers(double).length).toBe(before);
  const asked = double.requests.length;
  await again.client.pull(repo, commit, ["config.json", "model_final.pth"]);
  expect(double.requests.length).toBe(asked);
});

test("a cut connection is taken up where it broke, and every byte is sent once", async () => {
  const double = await startDouble({
    cuts: new Map([["model_final.pth", { at: 100_000, times: 1 }]]),
  });
  const { client, waits } = await clientOf(double);
  const { folder } = await client.pull(repo, "main", ["model_final.pth"]);
  const [first, second, ...more] = transfers(double);
  expect(more).toEqual([]);
  expect(first?.headers.range).toBeUndefined();
  expect(second?.headers.range).toBe("bytes=100000-");
  expect(first!.sent + second!.sent).toBe(weights.length);
  expect(waits).toEqual([1000]);
  expect(sha256(await readFile(`${folder}/model_final.pth`))).toBe(etag);
});

test("a connection that keeps breaking ends with the way on, and the next pull goes on", async () => {
  const cuts = new Map([["model_final.pth", { at: 150_000, times: Infinity }]]);
  const double = await startDouble({ cuts });
  const { client, cacheDir, waits, folder } = await clientOf(double);
  await expect(client.pull(repo, "main", ["model_final.pth"])).rejects.toMatchObject({
    message: expect.stringContaining("the connection broke after 150000") as string,
    hint: "run the same command again: it goes on where it stopped",
  });
  expect(waits).toEqual([1000, 2000, 4000, 8000]);
  expect((await stat(`${folder}/blobs/${etag}.incomplete`)).size).toBe(150_000);
  await expect(stat(`${folder}/blobs/${etag}`)).rejects.toThrow("ENOENT");

  cuts.clear();
  double.requests.length = 0;
  const received: number[] = [];
  const next = await clientOf(double, { cacheDir, progress: (p) => received.push(p.received) });
  await next.client.pull(repo, "main", ["model_final.pth"]);
  expect(transfers(double).map(({ headers, sent }) => [headers.range, sent])).toEqual([
    ["bytes=150000-", 150_000],
  ]);
  expect(received[0]).toBe(150_000);
  expect(sha256(await readFile(`${folder}/blobs/${etag}`))).toBe(etag);
});

test.each(["ignore", "refuse", "wrong"] as const)(
  "a server that answers %s to a range gets asked from the start",
  async (ranges) => {
    const cuts = new Map([["model_final.pth", { at: 100_000, times: 1 }]]);
    const double = await startDouble({ cuts, ranges });
    const { client, folder } = await clientOf(double);
    await client.pull(repo, "main", ["model_final.pth"]);
    expect(sha256(await readFile(`${folder}/blobs/${etag}`))).toBe(etag);
    expect((await stat(`${folder}/blobs/${etag}`)).size).toBe(weights.length);
  },
);

test("content with another hash than the hub's is refused and deleted", async () => {
  for (const path of ["model_final.pth", "config.json"]) {
    const double = await startDouble({ corrupt: new Map([[path, 7]]) });
    const { client, folder } = await clientOf(double);
    const name = path === "config.json" ? "git hash" : "SHA-256";
    await expect(client.pull(repo, "main", [path])).rejects.toMatchObject({
      name: "LabError",
      message: expect.stringContaining(`${path}: expected ${name}`) as string,
    });
    expect(await readdir(`${folder}/blobs`)).toEqual([]);
  }
});

test("a damaged part of an earlier download is not gone on with", async () => {
  const double = await startDouble();
  const { client, folder } = await clientOf(double);
  await mkdir(`${folder}/blobs`, { recursive: true });
  await writeFile(`${folder}/blobs/${etag}.incomplete`, new Uint8Array(1000));
  await client.pull(repo, "main", ["model_final.pth"]);
  expect(transfers(double).map(({ headers }) => headers.range)).toEqual(["bytes=1000-", undefined]);
  expect(sha256(await readFile(`${folder}/blobs/${etag}`))).toBe(etag);
});

test("a part that is too long starts over; one that is whole is only renamed", async () => {
  const double = await startDouble();
  const { client, folder } = await clientOf(double);
  await mkdir(`${folder}/blobs`, { recursive: true });
  await writeFile(`${folder}/blobs/${etag}.incomplete`, weights);
  await client.pull(repo, "main", ["model_final.pth"]);
  expect(transfers(double)).toEqual([]);
  const id = gitBlobId(config);
  await writeFile(`${folder}/blobs/${id}.incomplete`, new Uint8Array(100));
  await client.pull(repo, "main", ["config.json"]);
  expectBytes(await readFile(`${folder}/blobs/${id}`), config);
});

test("a blob of the wrong length, as a crash leaves it, is fetched again", async () => {
  const double = await startDouble();
  const { client, folder } = await clientOf(double);
  const pulled = await client.pull(repo, "main", ["model_final.pth"]);
  await writeFile(`${folder}/blobs/${etag}`, weights.subarray(0, 10));
  await client.pull(repo, "main", ["model_final.pth"]);
  expect(sha256(await readFile(`${pulled.folder}/model_final.pth`))).toBe(etag);
});

test("all files come from the commit that main meant first, although main moves", async () => {
  const double = await startDouble();
  const old = (await (await clientOf(double)).client.snapshot(repo)).commit;
  let moved = "";
  double.options.onRequest = ({ url }) => {
    if (moved !== "" || !url.endsWith("/config.json")) return;
    moved = double.commit(repo, new Map([["model_final.pth", weights.subarray(5)]]));
  };
  const { client, folder } = await clientOf(double);
  const pulled = await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  expect(moved).not.toBe("");
  expect(pulled.commit).toBe(old);
  expect(sha256(await readFile(`${pulled.folder}/model_final.pth`))).toBe(etag);
  const addresses = double.requests
    .map(({ url }) => url)
    .filter((url) => url.includes("/resolve/"));
  expect(addresses.every((url) => url.includes(`/resolve/${old}/`))).toBe(true);
  // The same client stays with it; a new one sees where main is now.
  expect((await client.snapshot(repo)).commit).toBe(old);
  expect((await (await clientOf(double)).client.snapshot(repo)).commit).toBe(moved);
  expect(await readFile(`${folder}/refs/main`, "utf8")).toBe(old);
});

test("clients that pull the same file at once fetch it once", async () => {
  const double = await startDouble();
  const { client, cacheDir, folder } = await clientOf(double);
  const others = await Promise.all([
    clientOf(double, { cacheDir }),
    clientOf(double, { cacheDir }),
  ]);
  const all = [client, ...others.map((other) => other.client)];
  await Promise.all(all.map((one) => one.pull(repo, "main", ["model_final.pth"])));
  expect(transfers(double).length).toBe(1);
  expect(sha256(await readFile(`${folder}/blobs/${etag}`))).toBe(etag);
  expect(await readdir(`${cacheDir}/.locks/models--lab--tiny-model`)).toEqual([]);
});

test("nothing is written to stdout, stderr or the console", async () => {
  const cuts = new Map([["model_final.pth", { at: 1000, times: 1 }]]);
  const double = await startDouble({ cuts });
  const spies = [
    ...(["log", "info", "debug", "warn", "error"] as const).map((name) => vi.spyOn(console, name)),
    vi.spyOn(process.stdout, "write"),
    vi.spyOn(process.stderr, "write"),
  ];
  const { client } = await clientOf(double);
  await client.pull(repo, "main", [...tinyFiles.keys()]);
  await client.cached(repo);
  await client.remove(repo);
  const calls = spies.flatMap((spy) => spy.mock.calls);
  for (const spy of spies) spy.mockRestore();
  expect(calls).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "a full disk is named, and nothing becomes whole",
  async () => {
    const double = await startDouble();
    const { client, folder } = await clientOf(double);
    await mkdir(`${folder}/blobs`, { recursive: true });
    await symlink("/dev/full", `${folder}/blobs/${etag}.incomplete`);
    await expect(client.pull(repo, "main", ["model_final.pth"])).rejects.toMatchObject({
      name: "LabError",
      message: expect.stringContaining("expected room on the disk, got none (ENOSPC)") as string,
    });
    await expect(lstat(`${folder}/blobs/${etag}`)).rejects.toThrow("ENOENT");
    await expect(lstat(`${folder}/snapshots`)).rejects.toThrow("ENOENT");
  },
);

test("an aborted pull stops with the signal's reason and keeps its part", async () => {
  const double = await startDouble();
  const controller = new AbortController();
  const { client, cacheDir, folder } = await clientOf(double, {
    signal: controller.signal,
    progress: ({ received }) => received > 0 && controller.abort(new Error("enough")),
  });
  await expect(client.pull(repo, "main", ["model_final.pth"])).rejects.toThrow("enough");
  expect((await stat(`${folder}/blobs/${etag}.incomplete`)).size).toBeGreaterThan(0);
  const next = await clientOf(double, { cacheDir });
  await next.client.pull(repo, "main", ["model_final.pth"]);
  expect(sha256(await readFile(`${folder}/blobs/${etag}`))).toBe(etag);
});

test("a signal that is aborted already stops every request with its reason", async () => {
  const double = await startDouble();
  const signal = AbortSignal.abort(new Error("enough"));
  const { client } = await clientOf(double, { signal });
  await expect(client.snapshot(repo)).rejects.toThrow(/^enough$/);
  await expect(client.snapshot(repo, "a".repeat(40))).rejects.toThrow(/^enough$/);
  await expect(client.pull(repo, "a".repeat(40), ["config.json"])).rejects.toThrow(/^enough$/);
  expect(double.requests).toEqual([]);
});

test("a server that falls silent counts as a broken connection", async () => {
  const cuts = new Map([["model_final.pth", { at: 1000, times: 2, silently: true }]]);
  const double = await startDouble({ cuts });
  const { client, folder, waits } = await clientOf(double, { silence: 200 });
  await client.pull(repo, "main", ["model_final.pth"]);
  expect(waits).toEqual([1000, 2000]);
  expect(sha256(await readFile(`${folder}/blobs/${etag}`))).toBe(etag);
});
