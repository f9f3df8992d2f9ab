import { describe, expect, it } from "vitest";
import {
  induction,
  inductionJson,
  modelFolder,
  program,
  run,
  temporaryFolder,
} from "../support/cli.js";

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));
const unit = ["--a-id", "5", "--b-id", "6"];

describe("models ls", () => {
  it("lists the embedded model and says what a model folder holds", async () => {
    const { code, stdout, stderr } = await induction(["models", "ls"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^attn-only-2l-mini {2,}\S/m);
    expect(stdout).toMatch(/config\.json, model\.safetensors/);
  });

  it("prints one JSON object through npm, and nothing of npm or the build on stdout", async () => {
    const npm = ["run", "--silent", "induction", "--", "models", "ls", "--json"];
    const { code, stdout } = await run("npm", npm);
    expect(code).toBe(0);
    const list = JSON.parse(stdout) as { models: { name: string; folder: string }[] };
    expect(list).toMatchObject({
      schema: "induction-lab/models/1",
      command: "induction models ls --json",
    });
    expect(list.models.map(({ name }) => name)).toContain("attn-only-2l-mini");
    expect(list.models[0]?.folder).toMatch(/models\/attn-only-2l-mini$/);
  });
});

describe("the program", () => {
  it("prints its help on stdout, with the exit codes", async () => {
    for (const args of [["--help"], ["help"]]) {
      const { code, stdout, stderr } = await induction(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toMatch(/Exit codes: 0 ok, 1 failed, 2 wrong usage/);
      for (const command of ["run", "strength", "scenarios", "powers", "sequences", "models"]) {
        expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
      }
    }
  });

  it("names every protocol flag in the help of a command", async () => {
    const { stdout } = await induction(["sequences", "powers", "--help"]);
    for (const flag of ["--control", "--gaps", "--lowest-id", "--fillers", "--allow-a-equals-b"]) {
      expect(stdout).toContain(flag);
    }
  });

  it("groups the options of a command as that command does", async () => {
    const { stdout } = await induction(["run", "--help"]);
    expect(stdout).not.toContain("(with a preset)");
    expect(stdout.match(/^\S.*:$/gm)).toEqual([
      ...["Arguments:", "Options:", "Protocol (defaults: the 2023 post):", "Engine:"],
      "Plan and shares:",
    ]);
    expect((await induction(["submit", "--help"])).stdout).toMatch(
      /^Run \(with a preset\):\n +-o, --output/m,
    );
  });

  it("prints its version", async () => {
    expect((await induction(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("shows the stack of an error with --debug only", async () => {
    const args = ["strength", "--a", "x", "--b", "y", "--model", await tiny];
    const { code, stderr } = await induction([...args, "--debug"]);
    expect(code).toBe(2);
    expect(stderr).toContain("    at ");
  });

  it("ends quietly when the reader of its output goes away", async () => {
    // More rows than a pipe holds, so that the write itself fails.
    const ids = Array.from({ length: 600 }, (_, i) => 4 + (i % 97));
    const args = ["powers", "--token-ids", ids.join(), "-n", "1", "--json", "--model", await tiny];
    const quoted = [process.execPath, program, ...args].map((word) => `'${word}'`).join(" ");
    const line = `{ ${quoted}; echo "code $?" >&2; } | head -1`;
    const { stdout, stderr } = await run("sh", ["-c", line]);
    expect(stdout).toBe("{\n");
    expect(stderr).not.toMatch(/    at |EPIPE|Error/);
    expect(stderr).toMatch(/code 0\n$/);
  });
});

describe("backends", () => {
  interface StrengthJson {
    readonly strength: { readonly mean: number; readonly sd: number };
    readonly engine: { readonly provider: string; readonly dtype: string };
  }
  const strength = async (...options: string[]) =>
    inductionJson<StrengthJson>(["strength", ...unit, "-n", "8", "--batch", "8", ...options]);

  it("agree: the WASM build within 1e-3 nats of the native one, float64 within 1e-4", async () => {
    const cpu = await strength("--backend", "cpu");
    expect(cpu.engine).toMatchObject({ provider: "cpu", dtype: "float32" });
    const wasm = await strength("--backend", "wasm");
    expect(wasm.engine.provider).toBe("wasm");
    expect(Math.abs(wasm.strength.mean - cpu.strength.mean)).toBeLessThan(1e-3);
    expect(Math.abs(wasm.strength.sd - cpu.strength.sd)).toBeLessThan(1e-3);
    const double = await strength("--dtype", "float64");
    expect(double.engine).toMatchObject({ provider: "cpu", dtype: "float64" });
    expect(Math.abs(double.strength.mean - cpu.strength.mean)).toBeLessThan(1e-4);
    expect(double.strength.mean).not.toBe(cpu.strength.mean);
  });

  it("agree on a model without norm and with shortformer positions", async () => {
    const model = await modelFolder(at("shortformer"), { fixture: "b-attn-only-shortformer" });
    const cpu = await strength("--model", model);
    const wasm = await strength("--model", model, "--backend", "wasm");
    expect(Math.abs(wasm.strength.mean - cpu.strength.mean)).toBeLessThan(1e-3);
  });
});
