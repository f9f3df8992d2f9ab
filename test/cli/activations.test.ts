import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tensor } from "../../src/graph/index.js";
import { readSafetensors, type SafetensorsFile } from "../../src/weights/index.js";
import { induction } from "../support/cli.js";
import { fixtureTensors } from "../support/fixtures.js";
import { relativeError } from "../support/relative-error.js";

const fixtures = fileURLToPath(new URL("../fixtures/", import.meta.url));

let dir = "";
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "induction-lab-activations-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

/** A fixture's folder as a user has a model: the weights under their usual name. */
function modelFolder(fixture: string): string {
  const folder = join(dir, fixture);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(fixtures, fixture, "config.json"), join(folder, "config.json"));
  copyFileSync(join(fixtures, fixture, "weights.safetensors"), join(folder, "model.safetensors"));
  return folder;
}

function written(name: string): SafetensorsFile {
  return readSafetensors(readFileSync(join(dir, name)), name);
}

describe.each(["c-gelu-ln", "f-pythia"])("induction activations on %s", (fixture) => {
  let golden: SafetensorsFile;
  let tokens = "";
  beforeAll(async () => {
    golden = await fixtureTensors(`${fixture}/golden.safetensors`);
    const { shape, data } = golden.tensor("tokens") as Tensor<"int32">;
    const [b, p] = shape as [number, number];
    const rows = Array.from({ length: b }, (_, i) => [...data.subarray(i * p, (i + 1) * p)]);
    tokens = join(dir, `${fixture}.json`);
    writeFileSync(tokens, JSON.stringify(rows));
  });

  it.each([
    ["", "proc/cache/", "proc/logits"],
    ["--no-processing", "cache/", "logits"],
  ])("writes what TransformerLens caches %s", async (flag, prefix, logits) => {
    const file = `${fixture}${flag}.safetensors`;
    const out = join(dir, file);
    const args = ["--model", modelFolder(fixture), "--tokens", tokens, "--fetch", "all", "-o", out];
    const { code, stdout } = await induction(["activations", ...args, ...(flag ? [flag] : [])]);
    expect(code).toBe(0);
    expect(stdout).toContain("no BOS added");
    const names = [...golden.entries.keys()].filter((key) => key.startsWith(prefix));
    const hooks = names.map((name) => name.slice(prefix.length));
    const values = written(file);
    const all = [...golden.entries.keys()].filter((key) => key.startsWith("cache/"));
    const expected = [...all.map((key) => key.slice("cache/".length)), "logits"];
    expect([...values.entries.keys()].sort()).toEqual(expected.sort());
    for (const hook of hooks) {
      expect(values.entries.get(hook)?.dtype).toBe("F32");
      expect(values.float(hook).shape).toEqual(golden.float(prefix + hook).shape);
      const error = relativeError(values.float(hook), golden.float(prefix + hook));
      expect(error, hook).toBeLessThan(1e-5);
    }
    expect(relativeError(values.float("logits"), golden.float(logits))).toBeLessThan(1e-5);
  });
});

describe("induction activations on the embedded model", () => {
  const run = (...args: string[]) =>
    induction(["activations", "-o", join(dir, "x.safetensors"), ...args]);

  it("takes a text, puts BOS in front, and fetches by pattern", async () => {
    const fetch = ["--fetch", "blocks.*.attn.hook_pattern,hook_tokens"];
    const { code, stdout } = await run("--prompt", "The Marius Mar", "--json", ...fetch);
    expect(code).toBe(0);
    const result = JSON.parse(stdout) as { tokens: number[][]; values: unknown; schema: string };
    const row = result.tokens[0] as number[];
    const p = row.length;
    expect(row[0]).toBe(1);
    expect(result).toMatchObject({
      schema: "induction-lab/activations/1",
      prependBos: true,
      values: [
        { name: "blocks.0.attn.hook_pattern", dtype: "float32", shape: [1, 8, p, p] },
        { name: "blocks.1.attn.hook_pattern", dtype: "float32", shape: [1, 8, p, p] },
        { name: "hook_tokens", dtype: "int32", shape: [1, p] },
      ],
    });
    const bare = await run("--prompt", "The Marius Mar", "--prepend-bos", "no", "--json", ...fetch);
    expect((JSON.parse(bare.stdout) as typeof result).tokens).toEqual([row.slice(1)]);
  });

  it("gives log-odds and gradients for tokens that are named", async () => {
    const fetch = "logOdds,grad(logitDiff, hook_embed)";
    const args = ["--prompt", "Marius Mar", "--targets", "1829,5", "--fetch", fetch, "--json"];
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      values: [
        { name: "logOdds", shape: [1, 2] },
        { name: "grad(logitDiff, hook_embed)", dtype: "float32" },
      ],
    });
    const { code: refused, stderr } = await run(...args.with(3, "99999"));
    expect(refused).toBe(2);
    expect(stderr).toContain("targets: expected token ids 0 to 8191, got 99999");
  });

  it("adds BOS to ids when told", async () => {
    const file = join(dir, "ids.json");
    writeFileSync(file, "[[5, 6], [7, 8]]");
    const args = ["--tokens", file, "--fetch", "logits", "--json"];
    const bare = await run(...args);
    expect(JSON.parse(bare.stdout)).toMatchObject({
      prependBos: false,
      tokens: [
        [5, 6],
        [7, 8],
      ],
    });
    const { stdout } = await run(...args, "--prepend-bos", "yes");
    expect(JSON.parse(stdout)).toMatchObject({
      tokens: [
        [1, 5, 6],
        [1, 7, 8],
      ],
    });
  });

  it.each([
    ["no input", ["--fetch", "all"], "expected --prompt or --tokens"],
    ["two inputs", ["--fetch", "all", "--prompt", "a", "--tokens", "b"], "cannot be used with"],
    ["no such value", ["--prompt", "a", "--fetch", "blocks.0.hook_z"], "blocks.0.attn.hook_z"],
    ["no names", ["--prompt", "a", "--fetch", ","], "expected names of values, got none"],
    ["no file of ids", ["--tokens", "/none", "--fetch", "all"], "no readable file (ENOENT)"],
    ["log-odds of no token", ["--prompt", "a", "--fetch", "logOdds"], "--targets ID,…"],
    [
      "a pattern of gradients",
      ["--prompt", "a", "--fetch", "grad(loss, blocks.*.attn.hook_z)"],
      "one name inside grad(…), got a pattern",
    ],
    ["no --fetch", ["--prompt", "a"], "--fetch"],
  ])("refuses %s in one line", async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });

  it.each([
    ["[[1, 2], [3]]", "sequences of equal length, got 2 and 1"],
    ["[[1, 99999]]", "expected token ids 0 to 8191, got 99999"],
    ["[[1, -2]]", "at [0][1]"],
    ['[["a"]]', "at [0][0]"],
    ["[]", "expected rows of token ids"],
    ["{", "got something else"],
  ])("refuses the ids %s", async (text, message) => {
    const file = join(dir, "bad.json");
    writeFileSync(file, text);
    const { code, stderr } = await run("--tokens", file, "--fetch", "logits");
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it("leaves nothing half-written where it cannot write", async () => {
    const args = ["--prompt", "a", "--fetch", "logits", "-o", join(dir, "none", "x.safetensors")];
    const { code, stderr } = await induction(["activations", ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain("none");
  });
});
