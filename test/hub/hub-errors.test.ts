import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { hubClient } from "../../src/weights/hub-node.js";
import type { FakeAnswer } from "../support/hub-double.js";
import { clientOf, repo, startDouble } from "./hub-case.js";

/** Message and hint of the error that a promise is rejected with. */
async function refusal(promise: Promise<unknown>): Promise<{ message: string; hint: string }> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "LabError" });
  const { message, hint = "" } = error as { message: string; hint?: string };
  expect(message).not.toContain("\n");
  return { message, hint };
}

test("the token goes to the hub and to no other host", async () => {
  const double = await startDouble({ token: "hf_secret" });
  const { client } = await clientOf(double, { token: "hf_secret" });
  await client.pull(repo, "main", ["config.json", "model_final.pth"]);
  const tokens = (server: string) =>
    double.requests.filter((one) => one.server === server).map((one) => one.headers.authorization);
  expect(new Set(tokens("hub"))).toEqual(new Set(["Bearer hf_secret"]));
  expect(tokens("cdn")).toEqual([undefined]);
});

test("a next page of the listing on another host gets no token either", async () => {
  const other = await startDouble();
  const next = { Link: `<${other.url}/api/models/${repo}/tree/main>; rel="next"` };
  const json = { "Content-Type": "application/json" };
  const double = await startDouble({
    answers: [
      { match: "/tree/", times: 1, status: 200, headers: { ...json, ...next }, body: "[]" },
    ],
  });
  const { client } = await clientOf(double, { token: "hf_secret" });
  await client.snapshot(repo);
  expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined]);
});

test("401: unknown or private without a token, no access with a wrong one", async () => {
  const double = await startDouble({ token: "hf_secret" });
  for (const options of [{}, { token: "hf_wrong" }]) {
    const { client } = await clientOf(double, options);
    expect(await refusal(client.pull(repo, "main", ["config.json"]))).toEqual({
      message: `repository ${repo} at main: expected access, got 401 (unknown or private)`,
      hint: "check the name, or set HF_TOKEN to a token that may read it",
    });
  }
});

test("403 and gated repositories: where to ask for access", async () => {
  const double = await startDouble({ gated: new Set([repo]) });
  const page = `${double.url}/${repo}`;
  const anonymous = await refusal(
    (await clientOf(double)).client.pull(repo, "main", ["config.json"]),
  );
  expect(anonymous.message).toMatch(/at [0-9a-f]{7}: expected access, got 401 \(gated\)$/);
  expect(anonymous.hint).toBe(`ask for access on its page ${page} and set HF_TOKEN to your token`);
  const { client } = await clientOf(double, { token: "hf_known" });
  const known = await refusal(client.pull(repo, "main", ["config.json"]));
  expect(known.message).toContain("expected access, got 403 (gated)");
  expect(known.hint).toContain(`ask for access on its page ${page}`);
});

test("404: repository, revision and file are told apart", async () => {
  const double = await startDouble();
  const { client } = await clientOf(double, { token: "hf_any" });
  expect((await refusal(client.snapshot("lab/other"))).message).toBe(
    `repository lab/other: expected on ${double.url}, got 404 (unknown or private)`,
  );
  expect((await refusal(client.snapshot(repo, "step7"))).message).toBe(
    `repository ${repo}: expected a revision step7, got 404`,
  );
  const nowhere = "0123456789012345678901234567890123456789";
  expect((await refusal(client.pull(repo, nowhere, ["config.json"]))).message).toContain(
    `expected a revision ${nowhere}, got 404`,
  );
  expect((await refusal(client.pull(repo, "main", ["vocab.json"]))).message).toMatch(
    /^repository lab\/tiny-model at [0-9a-f]{7}: expected a file vocab\.json, found none$/,
  );
  // A folder is no file.
  expect((await refusal(client.pull(repo, "main", ["checkpoints"]))).message).toContain(
    "found none",
  );
  const gone: FakeAnswer[] = [
    { match: "/resolve/", times: 1, status: 404, headers: { "X-Error-Code": "EntryNotFound" } },
    { match: "/revision/", times: 0, status: 404 },
  ];
  const failing = await startDouble({ answers: gone });
  const other = (await clientOf(failing)).client;
  expect((await refusal(other.pull(repo, "main", ["config.json"]))).message).toContain(
    "expected a file config.json, found none",
  );
  gone[1]!.times = 1;
  expect((await refusal(other.snapshot(repo, "dev"))).hint).toContain("HF_ENDPOINT");
});

test("a busy or failing server is asked again, after the time it asks for", async () => {
  const answers: FakeAnswer[] = [
    { match: "/revision/", times: 1, status: 429, headers: { "Retry-After": "7" } },
    { match: "/paths-info/", times: 2, status: 503 },
    { match: "/resolve/", times: 1, status: 500 },
  ];
  const double = await startDouble({ answers });
  const { client, waits } = await clientOf(double);
  await client.pull(repo, "main", ["config.json"]);
  expect(waits).toEqual([7000, 1000, 2000, 1000]);
});

test("an abort ends a wait at once, with the signal's reason", async () => {
  const double = await startDouble({
    answers: [{ match: "/revision/", times: 9, status: 503, headers: { "Retry-After": "50" } }],
  });
  const controller = new AbortController();
  const client = hubClient({ endpoint: double.url, signal: controller.signal });
  const asked = client.snapshot(repo);
  setTimeout(() => controller.abort(new Error("enough")), 100);
  await expect(asked).rejects.toThrow(/^enough$/);
  expect(double.requests.length).toBe(1);
});

test("a date in Retry-After is a wait too", async () => {
  const at = new Date(Date.now() + 20_000).toUTCString();
  const double = await startDouble({
    answers: [{ match: "/revision/", times: 1, status: 503, headers: { "Retry-After": at } }],
  });
  const { client, waits } = await clientOf(double);
  await client.snapshot(repo);
  expect(waits.length).toBe(1);
  expect(waits[0]).toBeGreaterThan(15_000);
  expect(waits[0]).toBeLessThanOrEqual(20_000);
});

test("a server that stays busy, or asks for more than a minute, is left", async () => {
  const answers: FakeAnswer[] = [{ match: "/revision/", times: Infinity, status: 429 }];
  const double = await startDouble({ answers });
  const { client, waits } = await clientOf(double);
  const stubborn = await refusal(client.snapshot(repo));
  expect(stubborn.message).toContain("got 429 (too many requests)");
  expect(stubborn.hint).toContain("run the same command again");
  expect(waits).toEqual([1000, 2000, 4000, 8000]);
  answers[0] = { match: "/", times: 1, status: 429, headers: { "Retry-After": "3600" } };
  const slow = await refusal(client.snapshot(repo));
  expect(slow.hint).toContain("3600 s");
  expect(waits.length).toBe(4);
});

test("no network: an address that nobody answers, a name that nobody knows, a timeout", async () => {
  const hint = "check the network, or use --offline to take what is cached";
  const server = createServer(() => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const silent = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => server.closeAllConnections());
  const timedOut = await refusal(hubClient({ endpoint: silent, silence: 200 }).snapshot(repo));
  expect(timedOut).toEqual({
    message: `${new URL(silent).host}: expected an answer, got none (a timeout)`,
    hint,
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const closed = await refusal(hubClient({ endpoint: silent }).snapshot(repo));
  expect(closed).toEqual({
    message: `${new URL(silent).host}: expected an answer, got none (ECONNREFUSED)`,
    hint,
  });
  const unknown = await refusal(hubClient({ endpoint: "http://hub.invalid" }).snapshot(repo));
  expect(unknown.message).toMatch(
    /^hub\.invalid: expected an answer, got none \((ENOTFOUND|EAI_\w+)\)$/,
  );
  expect(unknown.hint).toBe(hint);
});

test("an answer that is not the hub's is refused", async () => {
  const json = { "Content-Type": "application/json" };
  const cases: [string, string, (client: ReturnType<typeof hubClient>) => Promise<unknown>][] = [
    ["/revision/", "<html>", (client) => client.snapshot(repo)],
    ["/revision/", '{"sha": "../../etc"}', (client) => client.snapshot(repo)],
    ["/tree/", "{}", (client) => client.snapshot(repo)],
    ["/tree/", '[{"type": "file", "path": "a", "size": -1}]', (client) => client.snapshot(repo)],
    [
      "/paths-info/",
      '[{"type": "file", "path": "config.json", "size": 3, "oid": "../../../x"}]',
      (client) => client.pull(repo, "main", ["config.json"]),
    ],
  ];
  for (const [match, body, call] of cases) {
    const answers = [{ match, times: 1, status: 200, headers: json, body }];
    const { client } = await clientOf(await startDouble({ answers }));
    expect((await refusal(call(client))).hint).toContain("HF_ENDPOINT");
  }
});

test("names that lead out of the cache are refused, whoever gives them", async () => {
  const evil = new Map([
    ["../../evil.json", new Uint8Array(3)],
    ["config.json", new Uint8Array(3)],
  ]);
  const double = await startDouble({ repos: new Map([[repo, evil]]) });
  const { client } = await clientOf(double);
  const files = await client.files(repo);
  expect(await files.list()).toEqual(["config.json"]);
  for (const path of ["../../evil.json", "/etc/passwd", "a\\..\\b", "a//b"]) {
    await refusal(files.open(path));
    await refusal(client.pull(repo, "main", [path]));
  }
  for (const name of ["../x", "a/b/c", "a--b", "", "a/..", ".hidden", "a b", "models--x/y"]) {
    expect(await refusal(client.cached(name))).toMatchObject({ message: /expected owner\/name/ });
  }
  for (const revision of ["..", "a/../b", "/main", "a b", "x:y", ""]) {
    expect(await refusal(client.snapshot(repo, revision))).toMatchObject({ message: /revision/ });
  }
});

test("an endpoint or a token that cannot be one is wrong usage", () => {
  expect(() => hubClient({ endpoint: "huggingface.co" })).toThrow("expected an address");
  expect(() => hubClient({ endpoint: "file:///tmp" })).toThrow("expected an address");
  expect(() => hubClient({ token: "two words" })).toThrow("HF_TOKEN");
  expect(() => hubClient({ token: "hf_a\nX-Other: b" })).toThrow("HF_TOKEN");
});
