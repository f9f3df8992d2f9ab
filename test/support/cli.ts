/** The built command line as a user meets it: a process with exit code, stdout and stderr. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import type { Tensor } from "../../src/graph/index.js";
import { readSafetensors, writeSafetensors } from "../../src/weights/index.js";

/** The root of the repository. */
export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** The program that the package's bin names. */
export const program = join(repository, "dist/cli/main.js");

/** How a command ended. */
export interface Ended {
  /** The exit code; `null` where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program in a folder (the repository's root, if none is given) and waits for its end. */
export function run(file: string, args: readonly string[], cwd = repository): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      { cwd, maxBuffer: 2 ** 28, encoding: "utf8" },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** Runs `induction` with these arguments. */
export function induction(args: readonly string[], cwd?: string): Promise<Ended> {
  return run(process.execPath, [program, ...args], cwd);
}

/** Runs `induction … --json`, which must succeed and print nothing but one JSON object. */
export async function inductionJson<T>(args: readonly string[], cwd?: string): Promise<T> {
  const { code, stdout, stderr } = await induction([...args, "--json", "--quiet"], cwd);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

/**
 * Runs a command that must refuse its input: nothing on stdout, and one line on stderr that is no
 * stack trace and does not call itself a defect. Returns that line and the exit code.
 */
export async function refusal(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly line: string }> {
  const { code, stdout, stderr } = await induction(args);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).not.toMatch(/    at |defect|\[object/);
  return { code, line: stderr.trimEnd() };
}

/** Reads a JSON file that a command wrote. */
export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, "utf8")) as T;
}

/** The file that `induction sequences … -o FILE.json` writes. */
export interface SequencesJson {
  readonly experiment: string;
  readonly n: number;
  readonly units: readonly {
    readonly unit: string;
    readonly a: number | readonly number[];
    readonly b: number | readonly number[];
    readonly induction: readonly (readonly number[])[];
    readonly control: readonly (readonly number[])[];
  }[];
}

/** A folder of the test file's own, removed after its tests; the function returns paths inside it. */
export function temporaryFolder(): (...parts: string[]) => string {
  const folder = mkdtempSync(join(tmpdir(), "induction-lab-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}

/** The folder of the model that ships with the package. */
export const embedded = join(repository, "models/attn-only-2l-mini");

/** What makes a model folder differ from the fixture that it is made from. */
export interface ModelEdits {
  /** Another folder of test/fixtures than `a-attn-only-ln`. */
  readonly fixture?: string;
  /** Changes tensors in place, before they are written again. */
  readonly weights?: (tensors: Map<string, Tensor>) => void;
  /** Changes fields of config.json in place. */
  readonly config?: (fields: Record<string, unknown>) => void;
  /** Whether the embedded model's tokenizer comes along. */
  readonly tokenizer?: boolean;
}

/** Makes a model folder from a fixture and returns its path. */
export async function modelFolder(dir: string, edits: ModelEdits = {}): Promise<string> {
  const fixture = join(repository, "test/fixtures", edits.fixture ?? "a-attn-only-ln");
  await mkdir(dir, { recursive: true });
  const fields = JSON.parse(await readFile(join(fixture, "config.json"), "utf8")) as Record<
    string,
    unknown
  >;
  edits.config?.(fields);
  await writeFile(join(dir, "config.json"), JSON.stringify(fields));
  const file = readSafetensors(await readFile(join(fixture, "weights.safetensors")), fixture);
  const tensors = new Map([...file.entries.keys()].map((name) => [name, file.tensor(name)]));
  edits.weights?.(tensors);
  await writeFile(join(dir, "model.safetensors"), writeSafetensors(tensors));
  if (edits.tokenizer === true) {
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
      await cp(join(embedded, name), join(dir, name));
    }
  }
  return dir;
}
