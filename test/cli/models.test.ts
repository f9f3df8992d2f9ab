import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/model/index.js";
import { readSafetensors } from "../../src/weights/index.js";
import {
  embedded,
  induction,
  inductionJson,
  modelFolder,
  readJson,
  refusal,
  repository,
  temporaryFolder,
} from "../support/cli.js";
import { type HubDouble, type RepoFiles, startHubDouble } from "../support/hub-double.js";

const at = temporaryFolder();
const fixture = (...path: string[]) => join(repository, "test/fixtures", ...path);
const bytes = (path: string) => new Uint8Array(readFileSync(path));
const text = (content: string) => new TextEncoder().encode(content);

const nanda = "NeelNanda/Attn_Only_2L512W_C4_Code";
const digits = "NeelNanda/gpt-neox-tokenizer-digits";
const tokenizer: RepoFiles = new Map([
  ["tokenizer.json", bytes(join(embedded, "tokenizer.json"))],
  ["tokenizer_config.json", bytes(join(embedded, "tokenizer_config.json"))],
]);
const pth = bytes(fixture("pth/a-attn-only-ln/model_final.pth"));

const repos = new Map<string, RepoFiles>([
  [
    nanda,
    new Map([
      ["README.md", text("# a model")],
      ["config.json", bytes(fixture("a-attn-only-ln/config.json"))],
      ["model_final.pth", pth],
      ["checkpoints/tokens_2097152.pth", text("early")],
      ["checkpoints/tokens_22000000000.pth", text("late")],
    ]),
  ],
  [digits, tokenizer],
  [
    "EleutherAI/pythia-70m",
    new Map([
      ["config.json", bytes(fixture("f-pythia/hf/config.json"))],
      ["model.safetensors", bytes(fixture("f-pythia/hf/model.safetensors"))],
    ]),
  ],
  [
    "lab/tiny",
    new Map([
      ["config.json", bytes(fixture("c-gelu-ln/config.json"))],
      ["model.safetensors", bytes(fixture("c-gelu-ln/weights.safetensors"))],
    ]),
  ],
  ["lab/two-weights", new Map([...["a.pth", "b.pth"].map((name) => [name, pth] as const)])],
  ["lab/bert", new Map([["config.json", text('{"model_type": "bert"}')]])],
]);

let double: HubDouble;
// Commands take these from the environment of this process.
const variables = ["HF_ENDPOINT", "HF_HOME", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_HUB_CACHE"];
const before = variables.map((name) => [name, process.env[name]] as const);

beforeAll(async () => {
  double = await startHubDouble({ repos });
  for (const name of variables) delete process.env[name];
  process.env.HF_ENDPOINT = double.url;
});

afterAll(async () => {
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await double.close();
});

/** A cache of its own for what follows. */
function newCache(name: string): string {
  process.env.HF_HOME = at(name);
  return at(name, "hub");
}

interface Listed {
  readonly models: readonly {
    readonly name: string;
    readonly where: string;
    readonly folder: string | null;
    readonly parameters: number;
  }[];
}

interface Pulled {
  readonly name: string;
  readonly repo: string;
  readonly revision: string;
  readonly commit: string;
  readonly folder: string;
  readonly weights: string;
  readonly checkpoint: { readonly label: number; readonly unit: string } | null;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  readonly tokenizer: { readonly folder: string } | null;
  readonly bytes: number;
}

async function whereIs(name: string): Promise<string | undefined> {
  const { models } = JSON.parse((await induction(["models", "ls", "--json"])).stdout) as Listed;
  return models.find((model) => model.name === name)?.where;
}

describe("models pull, ls and rm", () => {
  it("pulls what is needed, says where it lies, and deletes it", async () => {
    const cache = newCache("pull");
    expect(await whereIs("attn-only-2l")).toBe("on the hub");
    expect(await whereIs("attn-only-2l-mini")).toBe("in the package");
    const pulled = await inductionJson<Pulled>(["models", "pull", "attn-only-2l"]);
    expect(pulled).toMatchObject({
      schema: "induction-lab/models-pull/1",
      name: "attn-only-2l",
      repo: nanda,
      revision: "main",
      weights: "model_final.pth",
      checkpoint: null,
    });
    expect(pulled.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(pulled.folder.startsWith(cache)).toBe(true);
    expect((await readdir(pulled.folder)).sort()).toEqual(["config.json", "model_final.pth"]);
    expect(bytes(join(pulled.folder, "model_final.pth"))).toEqual(pth);
    expect((await readdir(pulled.tokenizer!.folder)).sort()).toEqual([...tokenizer.keys()]);
    const sizes = [...tokenizer.values(), pth, repos.get(nanda)!.get("config.json")!];
    expect(pulled.bytes).toBe(sizes.reduce((sum, { length }) => sum + length, 0));

    expect(await whereIs("attn-only-2l")).toBe("cached");
    expect(await inductionJson(["models", "pull", "attn-only-2l", "--offline"])).toMatchObject({
      folder: pulled.folder,
      bytes: pulled.bytes,
    });

    const refused = await refusal(["models", "rm", "attn-only-2l"]);
    expect(refused.code).toBe(2);
    expect(refused.line).toMatch(/expected --yes, got none; .* would be deleted: add --yes$/);
    expect(await whereIs("attn-only-2l")).toBe("cached");
    const removed = await induction(["models", "rm", "attn-only-2l", "--yes"]);
    expect(removed.code).toBe(0);
    expect(removed.stdout).toMatch(/^freed \d+ bytes \(\d.* kB\) in /);
    expect(removed.stdout).toContain(`models rm ${digits}`);
    expect(await whereIs("attn-only-2l")).toBe("on the hub");
    expect((await refusal(["models", "rm", "attn-only-2l", "--yes"])).line).toMatch(
      /expected NeelNanda\/\S+ in the cache, found nothing of it/,
    );
  });

  it("prints results on stdout and the download on stderr", async () => {
    newCache("streams");
    const { code, stdout, stderr } = await induction(["models", "pull", "lab/tiny"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^model {7}lab\/tiny\n/);
    expect(stdout).toMatch(/^commit {6}[0-9a-f]{40}$/m);
    expect(stdout).toMatch(/^size {8}\d+ bytes \(\d/m);
    expect(stderr).toMatch(/^downloading model\.safetensors: (\S+ kB) of \1 .*\n$/);
    // What is there is not downloaded again, and nothing says so.
    expect(await induction(["models", "pull", "lab/tiny"])).toMatchObject({ code: 0, stderr: "" });
    await rm(at("streams"), { recursive: true });
    const quiet = await induction(["models", "pull", "lab/tiny", "--quiet"]);
    expect(quiet).toMatchObject({ code: 0, stderr: "" });
  });

  it("pulls a checkpoint, as a file or as a branch", async () => {
    newCache("checkpoints");
    const pull = (name: string, checkpoint: number) =>
      inductionJson<Pulled>(["models", "pull", name, "--checkpoint", String(checkpoint)]);
    const early = await pull("attn-only-2l", 2_097_152);
    expect(early.checkpoint).toEqual({ label: 2_097_152, unit: "tokens" });
    expect(early.files.map(({ path }) => path).sort()).toEqual([
      "checkpoints/tokens_2097152.pth",
      "config.json",
    ]);
    const wrong = await refusal(["models", "pull", "attn-only-2l", "--checkpoint", "1000"]);
    expect(wrong.code).toBe(2);
    expect(wrong.line).toMatch(/2 checkpoints, from 2097152 to 22000000000 tokens, got 1000/);

    const commit = double.commit(
      "EleutherAI/pythia-70m",
      repos.get("EleutherAI/pythia-70m")!,
      "step1000",
    );
    for (const label of [1000, 1000 * 2_097_152]) {
      expect(await pull("pythia-70m", label)).toMatchObject({
        revision: "step1000",
        commit,
        checkpoint: { label: 1000, unit: "steps" },
        tokenizer: null,
      });
    }
    expect(
      (await refusal(["models", "rm", "pythia-70m", "--revision", "step9", "--yes"])).line,
    ).toMatch(/expected a revision that is cached, got step9: cached: step1000/);
    const gone = ["models", "rm", "pythia-70m", "--revision", "step1000", "--yes"];
    expect(await inductionJson(gone)).toMatchObject({
      repo: "EleutherAI/pythia-70m",
      revision: "step1000",
    });
    expect(await whereIs("pythia-70m")).toBe("on the hub");
  });

  it.each([
    ["a wrong name", ["pull", "atn-only-2l"], 2, /nearest names: attn-only-2l/],
    ["a refused one", ["pull", "solu-1l-pile"], 2, /RMS final norms.*: take solu-1l$/],
    ["no repository", ["pull", "lab/nothing"], 1, /lab\/nothing/],
    ["no revision", ["pull", "lab/tiny", "--revision", "v9"], 1, /v9/],
    ["two files of weights", ["pull", "lab/two-weights"], 1, /found a\.pth, b\.pth/],
    ["no weights", ["pull", "lab/bert"], 1, /expected a file model\.safetensors/],
    ["nothing cached", ["pull", "lab/tiny", "--offline"], 1, /expected in the cache/],
    ["the package's", ["pull", "attn-only-2l-mini"], 2, /expected a model on the hub/],
    ["a wrong label", ["pull", "lab/tiny", "--checkpoint", "x"], 2, /whole number/],
    ["no checkpoints", ["pull", "lab/tiny", "--checkpoint", "1"], 2, /found none/],
    ["rm of the package's", ["rm", "attn-only-2l-mini", "--yes"], 2, /inside the package/],
    ["rm of a folder", ["rm", "./test", "--yes"], 2, /got a folder/],
    ["info of another family", ["info", "lab/bert"], 1, /model_type.*"bert"/],
    ["info of nothing", ["info", "./zzz"], 2, /unknown model/],
  ])("refuses %s", async (_, args, code, message) => {
    newCache("refusals");
    const refused = await refusal(["models", ...args]);
    expect(refused.line).toMatch(message);
    expect(refused.code).toBe(code);
  });
});

interface Info {
  readonly parameters: number;
  readonly float32Bytes: number;
  readonly memoryBytes: number;
  readonly commit: string | null;
  readonly files: readonly { readonly path: string; readonly size: number }[] | null;
  readonly checkpoints: unknown;
  readonly cached: unknown;
  readonly config: unknown;
  readonly architecture: { readonly dVocab: number };
}

describe("models info", () => {
  it("tells what the registry knows where nothing is at hand", async () => {
    newCache("info-offline");
    const asked = double.requests.length;
    const args = ["models", "info", "attn-only-2l", "--offline"];
    const info = JSON.parse((await induction([...args, "--json"])).stdout) as Info;
    expect(info).toMatchObject({ commit: null, files: null, cached: null, config: null });
    expect(info.parameters).toBe(52_097_158);
    expect(info.float32Bytes).toBe(4 * 52_097_158);
    const { code, stdout, stderr } = await induction(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^parameters {3}52,097,158$/m);
    expect(stdout).toMatch(/^BOS {10}id 1, in front/m);
    expect(stdout).toMatch(/^drawn ids {4}4 to 48261; powers 4 to 10003$/m);
    expect(double.requests.length).toBe(asked);
  });

  it("lists the hub's files, the checkpoints as a range", async () => {
    newCache("info-hub");
    const args = ["models", "info", "attn-only-2l"];
    const info = JSON.parse((await induction([...args, "--json"])).stdout) as Info;
    expect(info.checkpoints).toEqual({
      count: 2,
      unit: "tokens",
      first: 2_097_152,
      last: 22_000_000_000,
    });
    expect(info.files?.find(({ path }) => path === "model_final.pth")?.size).toBe(pth.length);
    await induction(["models", "pull", "attn-only-2l", "--quiet"]);
    const { stdout } = await induction(args);
    expect(stdout).toMatch(/^model_final\.pth +\S+ kB +cached$/m);
    expect(stdout).toMatch(/^README\.md +9 bytes$/m);
    expect(stdout).toMatch(/^checkpoints\/ \(2 files\) +9 bytes$/m);
    expect(stdout).toMatch(/^checkpoints +2, from 2097152 to 22000000000 tokens/m);
  });

  it("reads the config of a model that nobody knows", async () => {
    newCache("info-unknown");
    const info = JSON.parse(
      (await induction(["models", "info", "lab/tiny", "--json"])).stdout,
    ) as Info;
    const weights = readSafetensors(await readFile(fixture("c-gelu-ln/weights.safetensors")), "c");
    let count = 0;
    for (const { shape } of weights.entries.values()) count += shape.reduce((a, b) => a * b, 1);
    expect(info.parameters).toBe(count);
    const folder = JSON.parse(
      (await induction(["models", "info", fixture("c-gelu-ln"), "--json"])).stdout,
    ) as Info;
    expect(folder.architecture).toEqual(info.architecture);
    expect(folder.commit).toBeNull();
  });
});

interface Exported {
  readonly bytes: number;
  readonly cost: null | {
    readonly pairs: number;
    readonly strength: { readonly mean: number };
    readonly difference: { readonly mean: number; readonly se: number };
    readonly meanAbsolute: number;
    readonly maxAbsolute: number;
  };
}

describe("models export", () => {
  const source = modelFolder(at("export-source"));

  it.each(["a-attn-only-ln", "b-attn-only-shortformer", "e-gpt2", "f-pythia"])(
    "writes %s in float32 without loss",
    async (name) => {
      const dir = await modelFolder(at(`source-${name}`), { fixture: name });
      const out = at(`export-${name}`);
      const exported = await inductionJson<Exported>(["models", "export", dir, "-o", out]);
      expect(exported.cost).toBeNull();
      const [was, is] = await Promise.all(
        [dir, out].map(async (folder) => ({
          file: readSafetensors(await readFile(join(folder, "model.safetensors")), folder),
          config: parseConfig(await readFile(join(folder, "config.json"), "utf8"), folder),
        })),
      );
      expect(is!.config).toEqual(was!.config);
      for (const key of was!.file.entries.keys()) {
        expect(is!.file.tensor(key)).toEqual(was!.file.tensor(key));
      }
    },
  );

  it("keeps the model card: a copy draws the same sequences", async () => {
    const out = at("export-card");
    await inductionJson(["models", "export", "attn-only-2l-mini", "-o", out]);
    const args = ["strength", "--a", " Mar", "--b", "ius", "-n", "8"];
    const [own, copy] = await Promise.all(
      [[], ["--model", out]].map((model) =>
        inductionJson<{ strength: unknown; protocol: unknown }>([...args, ...model]),
      ),
    );
    expect(copy!.protocol).toEqual(own!.protocol);
    expect(copy!.strength).toEqual(own!.strength);
  });

  it("draws no BOS that is the last id of a vocabulary without a card", async () => {
    const args = ["--model", fixture("e-gpt2/hf"), "--a-id", "5", "--b-id", "6", "-n", "8"];
    const { protocol } = await inductionJson<{ protocol: object }>(["strength", ...args]);
    expect(protocol).toMatchObject({ bos: 66, highestId: 65 });
  });

  it("turns GPT-2's own layout into TransformerLens's", async () => {
    const out = at("export-hf");
    await inductionJson(["models", "export", fixture("e-gpt2/hf"), "-o", out]);
    const is = readSafetensors(await readFile(join(out, "model.safetensors")), out);
    const want = readSafetensors(await readFile(fixture("e-gpt2/weights.safetensors")), "want");
    for (const key of want.entries.keys()) expect(is.tensor(key)).toEqual(want.tensor(key));
    expect(await readJson(join(out, "config.json"))).toMatchObject({ act_fn: "gelu_new" });
  });

  it("measures what float16 costs, and the exported folder is a model", async () => {
    const out = at("export-half");
    const args = ["models", "export", await source, "--dtype", "f16"];
    const exported = await inductionJson<Exported>([...args, "-o", out]);
    const cost = exported.cost!;
    expect(cost.pairs).toBe(512);
    // Rounding to 11 bits changes log-odds, by far less than they are.
    expect(cost.meanAbsolute).toBeGreaterThan(0);
    expect(cost.maxAbsolute).toBeLessThan(0.2);
    expect(cost.meanAbsolute).toBeLessThan(cost.maxAbsolute);
    expect(Math.abs(cost.difference.mean)).toBeLessThanOrEqual(cost.meanAbsolute);
    const file = readSafetensors(await readFile(join(out, "model.safetensors")), out);
    for (const { dtype } of file.entries.values()) expect(dtype).toBe("F16");
    const again = await induction([...args, "-o", at("export-half-text")]);
    expect(again.stdout).toMatch(/^float16 .*512 random pairs.* nats; absolute difference/m);
    const strength = ["strength", "--model", out, "--a-id", "5", "--b-id", "6", "-n", "8"];
    expect((await induction(strength)).code).toBe(0);
  });

  it("takes the tokenizer along", async () => {
    const out = at("export-mini");
    await inductionJson(["models", "export", "attn-only-2l-mini", "-o", out]);
    expect((await readdir(out)).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
    ]);
    expect(bytes(join(out, "tokenizer.json"))).toEqual(tokenizer.get("tokenizer.json"));
  });

  it("refuses a folder that holds something, and numbers beyond float16", async () => {
    const full = at("full");
    await mkdir(full);
    await writeFile(join(full, "mine.txt"), "mine");
    const refused = await refusal(["models", "export", await source, "-o", full]);
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.line).toMatch(/expected a new or an empty folder, got one with 1 entry/);
    expect(await readdir(full)).toEqual(["mine.txt"]);

    const large = await modelFolder(at("large"), {
      weights: (tensors) => void (tensors.get("embed.W_E")!.data[0] = 70_000),
    });
    const out = at("export-large");
    const beyond = await refusal(["models", "export", large, "--dtype", "f16", "-o", out]);
    expect(beyond.line).toMatch(/embed\.W_E: expected numbers that float16 can hold.*70000/);
    await expect(readdir(out)).rejects.toThrow(/ENOENT/);
  });
});
