import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeRandomModel } from "../../bench/random-model.mjs";
import { torchFile } from "../../bench/torch-file.mjs";
import { readSafetensors } from "../../src/weights/index.js";
import { embedded, induction, inductionJson } from "../support/cli.js";
import { type HubDouble, startHubDouble } from "../support/hub-double.js";

const repo = "NeelNanda/Attn_Only_2L512W_C4_Code";
const read = (path: string) => new Uint8Array(readFileSync(path));

/** The post's model by its name, at its true size, with random weights, from a server like the hub. */
describe("attn-only-2l", () => {
  let dir = "";
  let double: HubDouble;
  const before = { ...process.env };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "induction-lab-hub-"));
    await writeRandomModel(join(dir, "model"));
    const safetensors = read(join(dir, "model", "model.safetensors"));
    const file = readSafetensors(safetensors, "m");
    const tensors = new Map([...file.entries.keys()].map((key) => [key, file.float(key)]));
    double = await startHubDouble({
      repos: new Map([
        [
          repo,
          new Map([
            ["config.json", read(join(dir, "model", "config.json"))],
            ["model_final.pth", torchFile(tensors)],
          ]),
        ],
        [
          "NeelNanda/gpt-neox-tokenizer-digits",
          new Map(
            ["tokenizer.json", "tokenizer_config.json"].map((name) => [
              name,
              read(join(embedded, name)),
            ]),
          ),
        ],
      ]),
      cuts: new Map([["model_final.pth", { at: 120_000_000, times: 7 }]]),
    });
    process.env.HF_ENDPOINT = double.url;
    process.env.HF_HOME = join(dir, "home");
    delete process.env.HF_HUB_OFFLINE;
    delete process.env.HF_TOKEN;
  }, 300_000);

  afterAll(async () => {
    process.env = before;
    await double.close();
    rmSync(dir, { recursive: true });
  });

  it("is downloaded over a connection that breaks, verified, and goes on where it stopped", async () => {
    const first = await induction(["models", "pull", "attn-only-2l", "--quiet"]);
    expect(first.code).toBe(1);
    expect(first.stderr).toContain("goes on where it stopped");
    double.options.cuts?.clear();
    const pulled = await inductionJson<{ commit: string; bytes: number }>([
      "models",
      "pull",
      "attn-only-2l",
    ]);
    expect(pulled.commit).toMatch(/^[0-9a-f]{40}$/);
    const ranges = double.requests.map(({ headers }) => headers.range).filter(Boolean);
    expect(ranges).toContain("bytes=120000000-");
  }, 600_000);

  it("runs the post's protocol, and the manifest names the commit", async () => {
    const out = join(dir, "run");
    const { code, stderr } = await induction([
      ...["run", "roger-2023", "--model", "attn-only-2l", "--offline", "--limit", "4"],
      ...["--a-id", "14236", "--b-id", "2013", "-o", out, "--quiet"],
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as {
      model: { origin: { repo: string; commit: string } };
      fixed: { protocol: { lowestId: number; highestId: number; bos: number } };
    };
    expect(manifest.model.origin).toMatchObject({ repo, revision: "main" });
    expect(manifest.model.origin.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(manifest.fixed.protocol).toMatchObject({ lowestId: 4, highestId: 48261, bos: 1 });
    const compared = await induction(["compare", out, "roger-2023", "--json"]);
    // Random weights copy nothing: the comparison runs, and says that the powers are others.
    expect(compared.code).toBe(3);
    expect(compared.stdout).toContain('"n": 4');
  }, 600_000);
});
