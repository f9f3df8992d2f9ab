/** `induction submit`, without a cluster: what it writes, and what it asks of `sbatch`. */
import { execFile } from "node:child_process";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Ended,
  induction,
  inductionJson,
  modelFolder,
  program,
  readJson,
  refusal,
  repository,
  temporaryFolder,
} from "../support/cli.js";

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));
const planned = at("a planned run");

/** A command's end under another environment: what it finds on its PATH is what a test put there. */
function call(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { cwd: repository, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

async function sweep(dir: string): Promise<string[]> {
  const small = ["--limit", "8", "-n", "6", "--threads", "1", "--batch", "8", "--block", "8"];
  return ["sweep", "--model", await tiny, ...small, "-o", dir];
}

/** A stand-in for sbatch: notes its words, then does what `then` says. */
async function fakeSbatch(name: string, then: string): Promise<{ PATH: string; NOTES: string }> {
  const bin = at(name);
  await mkdir(bin);
  const notes = join(bin, "notes");
  await writeFile(join(bin, "sbatch"), `#!/bin/sh\necho "$*" >>"$NOTES"\n${then}\n`);
  await chmod(join(bin, "sbatch"), 0o755);
  return { PATH: `${bin}:${process.env.PATH}`, NOTES: notes };
}

beforeAll(async () => {
  const { code, stderr } = await induction(["run", ...(await sweep(planned)), "--dry-run"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
});

interface SubmitJson {
  readonly folder: string;
  readonly plan: string;
  readonly shards: number;
  readonly files: readonly string[];
  readonly commands: readonly string[];
  readonly jobs: { readonly array: string; readonly merge: string } | null;
}

describe("submit", () => {
  it("writes for a folder with a plan what Slurm needs, and says how to start it", async () => {
    const options = ["--slurm", "--shards", "3", "--parallel", "2", "--partition", "cpu"];
    const { code, stdout } = await induction(["submit", planned, ...options]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^3 shards of about \d+ s; each asks for 1 CPU and \d+ MiB, and has at most 10 minutes$/m,
    );
    expect(stdout).toContain(`job=$(sbatch --parsable '${planned}/slurm/array.sbatch')`);
    const script = await readFile(join(planned, "slurm/array.sbatch"), "utf8");
    expect(script).toContain("#SBATCH --array=0-2%2\n#SBATCH --partition=cpu\n");
    expect(await readdir(join(planned, "logs"))).toEqual([]);
  });

  it("makes the plan of a preset as a dry run does", async () => {
    const dir = at("planned by submit");
    const options = ["--slurm", "--shards", "2", "--sbatch=--qos=a b"];
    const result = await inductionJson<SubmitJson>(["submit", ...(await sweep(dir)), ...options]);
    expect(result).toMatchObject({ schema: "induction-lab/submit/1", folder: dir, shards: 2 });
    const [own, other] = await Promise.all(
      [dir, planned].map((folder) =>
        readJson<{ plan: string; args: string[] }>(join(folder, "plan.json")),
      ),
    );
    expect(own?.plan).toBe(other?.plan);
    expect(own?.plan).toBe(result.plan);
    expect(own?.args.slice(0, 2)).toEqual(["run", "sweep"]);
    const script = await readFile(join(dir, "slurm/array.sbatch"), "utf8");
    expect(script).toContain('#SBATCH "--qos=a b"');
    const call = script.split("\n").find((line) => line.endsWith(" &"));
    expect(call).not.toMatch(/--(slurm|shards|sbatch)/);
  });

  it("writes scripts that do the run, without a Slurm as with one", async () => {
    const one = at("one");
    await induction(["run", ...(await sweep(one)), "--quiet"]);
    await induction(["submit", planned, "--slurm", "--shards", "3"]);
    for (const task of ["2", "0", "1"]) {
      const env = { ...process.env, SLURM_ARRAY_JOB_ID: "1", SLURM_ARRAY_TASK_ID: task };
      const ended = await call("bash", [join(planned, "slurm/array.sbatch")], env);
      expect(ended).toMatchObject({ code: 0 });
    }
    const merged = await call("bash", [join(planned, "slurm/merge.sbatch")], process.env);
    expect(merged).toMatchObject({ code: 0 });
    const [table, same] = await Promise.all(
      [planned, one].map((dir) => readFile(join(dir, "tables/powers.parquet"))),
    );
    expect(table?.equals(same as Buffer)).toBe(true);
  });

  it("writes Kubernetes' manifests", async () => {
    const options = ["--k8s", "--image", "lab:1", "--claim", "runs.all"];
    const result = await inductionJson<SubmitJson>(["submit", planned, ...options]);
    expect(result.files).toEqual(["k8s/shards.json", "k8s/merge.json"]);
    expect(result.shards).toBe(1);
    const manifest = await readJson(join(planned, "k8s/shards.json"));
    expect(manifest).toMatchObject({ kind: "Job", spec: { completionMode: "Indexed" } });
  });
});

describe("submit --now", () => {
  const submit = (env: NodeJS.ProcessEnv) =>
    call(process.execPath, [program, "submit", planned, "--slurm", "--shards", "2", "--now"], env);

  it("calls sbatch for the array, then for the merge that depends on it", async () => {
    const env = await fakeSbatch("works", 'echo "$((16 + $(wc -l <"$NOTES")));cluster"');
    const { code, stdout } = await submit({ ...process.env, ...env });
    expect(code).toBe(0);
    expect(stdout).toContain("submitted: array 17, merge 18\n");
    expect((await readFile(env.NOTES, "utf8")).split("\n")).toEqual([
      `--parsable ${planned}/slurm/array.sbatch`,
      `--parsable --dependency=afterok:17 --kill-on-invalid-dep=yes ${planned}/slurm/merge.sbatch`,
      "",
    ]);
  });

  it.each([
    [
      "refuses",
      "echo 'sbatch: error: Invalid account' >&2; exit 1",
      /sbatch refused: .*Invalid account/,
    ],
    ["says-nothing", "true", /sbatch: expected a job's number, got ""/],
    [
      "refuses-merge",
      'case "$*" in *merge*) echo no >&2; exit 1;; esac; echo 17',
      /sbatch refused: no: the array is in the queue as job 17: scancel 17/,
    ],
  ])("says so where sbatch %s", async (name, then, said) => {
    const { code, stdout, stderr } = await submit({
      ...process.env,
      ...(await fakeSbatch(name, then)),
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/defect/);
  });

  it("says so where there is no sbatch", async () => {
    const { code, stderr } = await submit({ PATH: at("nothing") });
    expect(code).toBe(1);
    expect(stderr).toBe(
      "error: sbatch: expected it on the PATH, found none: install Slurm's commands, or submit from a login node\n",
    );
  });
});

describe("submit refuses", () => {
  it.each<[string, string[], RegExp]>([
    ["neither launcher", [planned], /expected one of --slurm and --k8s, got neither/],
    ["both launchers", [planned, "--slurm", "--k8s"], /got both/],
    ["a folder without a plan", [at("."), "--slurm"], /folder with a plan\.json, got .*has none/],
    ["what is neither", ["sweeep", "--slurm"], /a preset \(.*sweep.*\) or a folder.*is not there/],
    ["what is nearly a preset", ["swep", "--slurm"], /which is not there: did you mean "sweep"\?$/],
    [
      "a file",
      [join(planned, "plan.json"), "--slurm"],
      /which has none: give the folder that it lies in/,
    ],
    ["options of a run beside a plan", [planned, "--slurm", "--seed", "1"], /beside --seed, got a/],
    [
      "pods without an image",
      [planned, "--k8s", "--claim", "x"],
      /--image and --claim, got no image/,
    ],
    [
      "a claim that Kubernetes would not take",
      [planned, "--k8s", "--image", "x", "--claim", "runs..all"],
      /Expected a name of small letters, digits, hyphens and dots, got "runs..all"/,
    ],
    ["pods without a claim", [planned, "--k8s", "--image", "x"], /got no claim/],
    [
      "--now without sbatch",
      [planned, "--k8s", "--now"],
      /--now: expected --slurm beside it, got --k8s/,
    ],
    ["no shards", [planned, "--slurm", "--shards", "0"], /from 1 to 100000, got "0"/],
    [
      "more at once than there are",
      [planned, "--slurm", "--shards", "2", "--parallel", "3"],
      /--parallel: expected at most 2 shards, got 3/,
    ],
  ])("%s", async (_, args, said) => {
    const { code, line } = await refusal(["submit", ...args]);
    expect(line).toMatch(said);
    expect(code).toBe(2);
  });
});
