import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { usageError } from "../errors.js";
import { presets } from "../induction/index.js";
import { nearestNames } from "../nearest.js";
import { makeFolder, type PlanFile, readPlan, writeWhole } from "../runs/index.js";
import { shellCommand, submitToSlurm } from "../runs/launch/index.js";
import type { Io } from "./io.js";
import { wholeBetween } from "./parse.js";
import { addRun } from "./run.js";
import { argsWithout } from "./args-without.js";
import { kubernetesLaunch, launchJob, slurmLaunch, type SubmitOptions } from "./submit-job.js";
import { submitJson, submitText } from "./submit-text.js";

/** Options of `induction run` that a submitted run cannot have. */
const notSubmitted = new Set(["--dry-run", "--shard", "--workers", "--json"]);

/** Adds `induction submit`; `induction run` must be there already. */
export function addSubmit(parent: Command, io: Io, command: string, args: readonly string[]): void {
  const submit = withLaunchOptions(
    parent
      .command("submit")
      .description("writes what a cluster needs to run a plan in shards, and submits it")
      .argument("<preset|dir>", "what to run, or a folder with a plan.json"),
  );
  const own = new Set(submit.options.map(({ long }) => long ?? ""));
  const run = parent.commands.find((other) => other.name() === "run");
  submit.optionsGroup("Run (with a preset):");
  for (const option of run?.options ?? []) {
    if (!notSubmitted.has(option.long ?? "")) submit.addOption(copyOf(option));
  }
  submit.action(async (what: string, options: SubmitOptions) => {
    checkOptions(options);
    const preset = presets.some(({ name }) => name === what);
    if (!preset) refuseRunOptions(submit, own, what);
    const dir = preset
      ? await planPreset(io, command, argsWithout(args.slice(1), submit.options, own))
      : what;
    const plan = await planOf(dir);
    const by = parent.commands.find((other) => other.name() === plan.args[0]);
    const job = launchJob(dir, plan, by?.options ?? [], options, command);
    const slurm = options.slurm === true;
    const launch = slurm ? slurmLaunch(job, options) : kubernetesLaunch(job, options);
    for (const [name, text] of Object.entries(launch.files)) {
      const path = join(job.dir, name);
      await makeFolder(dirname(path));
      await writeWhole(path, text);
    }
    if (slurm) await makeFolder(join(job.dir, "logs"));
    const jobs = options.now === true ? await submitToSlurm(job.dir) : null;
    const about = { job, plan, launch, jobs };
    io.out(options.json === true ? submitJson(about, command) : submitText(about));
  });
}

/** An option for another command: a command writes its group of the help into those that it is given. */
function copyOf(option: Option): Option {
  return Object.assign(new Option(option.flags), option);
}

function withLaunchOptions(submit: Command): Command {
  const number = wholeBetween(1, 100_000);
  const more = (value: string, before: readonly string[] = []) => [...before, value];
  return submit
    .option("--slurm", "for Slurm: an array script and a merge script")
    .option("--k8s", "for Kubernetes: an Indexed Job and a merge Job")
    .option("--shards <n>", "how many shards (default: by --time-per-shard, 1 to 1000)", number)
    .addOption(
      new Option("--time-per-shard <minutes>", "about how long a shard takes")
        .argParser(number)
        .default(60)
        .conflicts("shards"),
    )
    .option("--parallel <n>", "how many shards may run at once (default: all)", number)
    .option(
      "--program <words>",
      "how to call induction there (default: as here; in pods: induction)",
      words,
    )
    .option("--json", "print one JSON object")
    .optionsGroup("Slurm:")
    .option("--now", "call sbatch")
    .option("--partition <name>", "partition to run in", word)
    .option("--account <name>", "account to charge", word)
    .option("--sbatch <option>", "another option of sbatch: --sbatch=--qos=long", more)
    .optionsGroup("Kubernetes:")
    .option("--image <name>", "container image in which induction runs", word)
    .option("--claim <name>", "volume claim that holds the run's parent folder", claimName)
    .option("--namespace <name>", "namespace of the Jobs", namespaceName);
}

/** One word, as stands in a line of a script. */
function word(text: string): string {
  if (/^[^\s\p{Cc}]+$/u.test(text)) return text;
  throw new InvalidArgumentError(`Expected one word, got ${JSON.stringify(text)}.`);
}

/** Words with spaces between. */
function words(text: string): string {
  if (text.trim() !== "" && !/\p{Cc}/u.test(text)) return text.trim();
  throw new InvalidArgumentError(`Expected a program and its words, got ${JSON.stringify(text)}.`);
}

/** A label as Kubernetes takes it (RFC 1123), such as a namespace. */
const label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

function namespaceName(text: string): string {
  if (new RegExp(`^${label}$`).test(text)) return text;
  throw new InvalidArgumentError(
    `Expected a name of small letters, digits and hyphens, got ${JSON.stringify(text)}.`,
  );
}

/** Labels with dots between, as volume claims may have. */
function claimName(text: string): string {
  if (text.length <= 253 && new RegExp(`^${label}(\\.${label})*$`).test(text)) return text;
  throw new InvalidArgumentError(
    `Expected a name of small letters, digits, hyphens and dots, got ${JSON.stringify(text)}.`,
  );
}

/** Options that one of the two launchers alone has. */
const ofLauncher = {
  slurm: ["now", "partition", "account", "sbatch"],
  k8s: ["image", "claim", "namespace"],
} as const;

function checkOptions(options: SubmitOptions): void {
  const { slurm, k8s, image, claim, parallel, shards } = options;
  if ((slurm === true) === (k8s === true)) {
    const got = slurm === true ? "both" : "neither";
    throw usageError(`submit: expected one of --slurm and --k8s, got ${got}`, "name one");
  }
  const [own, other] = slurm === true ? (["slurm", "k8s"] as const) : (["k8s", "slurm"] as const);
  const stranger = ofLauncher[other].find((name) => options[name] !== undefined);
  if (stranger !== undefined) {
    throw usageError(`--${stranger}: expected --${other} beside it, got --${own}`, "leave it out");
  }
  if (k8s === true && (image === undefined || claim === undefined)) {
    throw usageError(
      `submit --k8s: expected --image and --claim, got no ${image === undefined ? "image" : "claim"}`,
      "name a container image that has induction-lab, and a volume claim that all nodes may write",
    );
  }
  if (parallel !== undefined && shards !== undefined && parallel > shards) {
    throw usageError(
      `--parallel: expected at most ${shards} shards, got ${parallel}`,
      "leave it out",
    );
  }
}

/** A plan that is there says what is measured: options of a run beside it would be without effect. */
function refuseRunOptions(submit: Command, own: ReadonlySet<string>, dir: string): void {
  for (const option of submit.options) {
    const { long = "" } = option;
    if (own.has(long) || long === "--quiet" || long === "--debug") continue;
    if (submit.getOptionValueSource(option.attributeName()) !== "cli") continue;
    throw usageError(
      `submit ${dir}: expected a preset beside ${long}, got a folder, whose plan says what is measured`,
      `leave ${long} out, or name a preset: ${presets.map(({ name }) => name).join(", ")}`,
    );
  }
}

/** Makes the plan of a preset as `induction run … --dry-run` does; returns its folder. */
async function planPreset(io: Io, command: string, words: readonly string[]): Promise<string> {
  const args = ["run", ...words, "--dry-run", "--json"];
  let printed = "";
  const planner = new Command("induction")
    .exitOverride()
    .configureOutput({ writeErr: (text) => io.err(text) });
  addRun(planner, { ...io, out: (text) => void (printed += text) }, command, args);
  await planner.parseAsync(args, { from: "user" });
  // Our own output, of the schema induction-lab/dry-run/1.
  return dirname((JSON.parse(printed) as { readonly plan: string }).plan);
}

async function planOf(dir: string): Promise<PlanFile> {
  const plan = await readPlan(dir);
  if (plan !== null) return plan;
  const folder = await stat(dir).catch(() => null);
  const names = presets.map(({ name }) => name);
  const [near] = folder === null ? nearestNames(dir, names, 1) : [];
  throw usageError(
    `submit: expected a preset (${names.join(", ")}) or a folder with a plan.json, got "${dir}", ${folder === null ? "which is not there" : "which has none"}`,
    near === undefined
      ? folder?.isFile() === true
        ? "give the folder that it lies in, or a preset"
        : `for a new run: induction submit PRESET -o ${shellCommand([dir])}`
      : `did you mean "${near}"?`,
  );
}
