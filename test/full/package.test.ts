/** The package as others get it: packed, installed in an empty folder, run, imported, type-checked. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const execute = promisify(execFile);
const strength = ["strength", "--a-id", "1850", "--b-id", "1829", "-n", "8", "--json"];

interface StrengthJson {
  readonly schema: string;
  readonly n: number;
  readonly strength: { readonly mean: number };
  readonly engine: { readonly provider: string; readonly note: string | null };
}

/** The environment of someone else's shell: nothing of what `npm run` of this repository adds. */
function environment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  for (const name of ["npm_config_ignore_scripts", "npm_config_local_prefix", "LAB_FULL"]) {
    delete env[name];
  }
  return env;
}

function call(cwd: string, command: string, ...args: string[]) {
  return execute(command, args, { cwd, env: environment(), maxBuffer: 2 ** 26 });
}

describe("the packed package", () => {
  let folder: string;
  let files: string[];
  let fromRepository: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "induction-package-"));
    const packed = await call(root, "npm", "pack", "--json", "--pack-destination", folder);
    const [tarball] = JSON.parse(packed.stdout) as {
      filename: string;
      files: { path: string }[];
    }[];
    files = tarball?.files.map(({ path }) => path) ?? [];
    await writeFile(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    const quiet = ["--no-audit", "--no-fund"];
    await call(folder, "npm", "install", ...quiet, `./${tarball?.filename}`);
    const own = await call(root, process.execPath, "dist/cli/main.js", ...strength);
    fromRepository = own.stdout;
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("holds the model and the licences, and nothing of the workshop", () => {
    const model = "models/attn-only-2l-mini";
    for (const path of [
      "dist/cli/main.js",
      "dist/index.d.ts",
      `${model}/model.safetensors`,
      `${model}/tokenizer.json`,
      `${model}/README.md`,
      "LICENSE",
      "NOTICE",
    ]) {
      expect(files).toContain(path);
    }
    const foreign = /^(src|test|bench|scripts|runs|node_modules)\/|golden|\.built$|\.tgz$|npmrc/;
    expect(files.filter((path) => foreign.test(path))).toEqual([]);
  });

  it("measures what the repository measures, to the byte", async () => {
    const { stdout } = await call(folder, "npx", "--no", "--", "induction", ...strength);
    const result = JSON.parse(stdout) as StrengthJson;
    expect(result).toMatchObject({ schema: "induction-lab/strength/1", n: 8 });
    expect(result.engine.provider).toBe("cpu");
    expect(stdout).toBe(fromRepository);
  });

  it("can be imported by every path that it names", async () => {
    const text = await readFile(join(root, "package.json"), "utf8");
    const { exports } = JSON.parse(text) as { exports: Record<string, unknown> };
    const paths = Object.keys(exports).filter((path) => !path.endsWith(".json"));
    const names = paths.map((path) => `induction-lab${path.slice(1)}`);
    const program = `for (const name of ${JSON.stringify(names)}) {
      const count = Object.keys(await import(name)).length;
      if (count === 0) throw new Error(name + " exports nothing");
      console.log(name);
    }`;
    const args = ["--input-type=module", "--eval", program];
    const { stdout } = await call(folder, process.execPath, ...args);
    expect(names).toContain("induction-lab/node");
    expect(stdout.trim().split("\n")).toEqual(names);
  });

  it("gives a strict TypeScript program its types, those of its dependencies checked too", async () => {
    const consumer = join(folder, "consumer");
    await mkdir(consumer);
    await writeFile(
      join(consumer, "consumer.ts"),
      [
        'import { type Lab, postProtocol, powers, type PowersSummary } from "induction-lab";',
        'import { loadModel, nodeEngine } from "induction-lab/node";',
        'const model = await loadModel("attn-only-2l-mini", { engine: nodeEngine({ threads: 1 }) });',
        "const lab: Lab = { model, protocol: postProtocol(8192), seed: 0, batch: 8 };",
        "const params = { tokens: [{ id: 5, text: null }], sequences: 8 };",
        "const rows = await powers.measure(lab, params, { from: 0, to: 2 });",
        "async function* once<T>(x: T) { yield await Promise.resolve(x); }",
        "const summary: PowersSummary = await powers.summarise(params, once(rows));",
        "export const mean: number | undefined = summary.rows[0]?.a.mean;",
        "// @ts-expect-error: a model is needed, so that wrong programs are known to be refused",
        "export const wrong: Lab = { protocol: postProtocol(8192), seed: 0, batch: 8 };",
        "",
      ].join("\n"),
    );
    const compilerOptions = {
      target: "ES2023",
      module: "NodeNext",
      moduleResolution: "NodeNext",
      strict: true,
      skipLibCheck: false,
      noEmit: true,
      types: [],
    };
    await writeFile(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    const compiler = join(root, "node_modules/typescript/lib/tsc.js");
    const checked = await call(consumer, process.execPath, compiler, "-p", ".").catch(
      (error: { stdout: string }) => error,
    );
    expect(checked.stdout).toBe("");
  });

  // Last: it takes the native build away.
  it("works through WASM, and says so, where the native build is missing", async () => {
    await rm(join(folder, "node_modules/onnxruntime-node"), { recursive: true });
    const { stdout, stderr } = await call(folder, "npx", "--no", "--", "induction", ...strength);
    const result = JSON.parse(stdout) as StrengthJson;
    expect(result.engine.provider).toBe("wasm");
    expect(stderr).toMatch(/^note: onnxruntime-node does not load \(.+\); .*WASM/m);
    expect(stderr).toContain(`note: ${result.engine.note}`);
    const native = JSON.parse(fromRepository) as StrengthJson;
    expect(Math.abs(result.strength.mean - native.strength.mean)).toBeLessThan(1e-3);
  });
});
