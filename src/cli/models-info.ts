import type { Command } from "commander";
import { type Architecture, float32Bytes, parameterCount } from "../weights/index.js";
import { hubClientOf, hubOptionsFromEnvironment } from "../weights/node.js";
import { formatCount } from "../report/numbers.js";
import { formatBytes } from "./bytes.js";
import { formatFacts } from "./facts.js";
import type { Io } from "./io.js";
import { type ModelInfo, modelInfo } from "./model-info.js";
import { formatTable, jsonHead, jsonText } from "./output.js";

interface InfoOptions {
  readonly revision?: string;
  readonly offline?: boolean;
  readonly json?: boolean;
}

/** What the program takes beside the weights: the runtime, and one batch of sequences. */
const besideWeights = 150e6;

/**
 * Bytes of memory that running a model takes, about: its float32 weights as they are read and
 * processed, once more in the runtime's sessions, and the program itself.
 */
function memoryOf(architecture: Architecture): number {
  return 2 * float32Bytes(architecture) + besideWeights;
}

/** Adds `induction models info`. */
export function addModelsInfo(models: Command, io: Io, command: string): void {
  models
    .command("info")
    .argument("<name>", "known name, owner/name on the hub, or a folder")
    .description("what a model is, which files it has, and where they are")
    .option("--revision <name>", "branch, tag or commit on the hub (default: main)")
    .option("--offline", "ask no server")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "no progress on stderr")
    .option("--debug", "show the stack trace of an error")
    .action(async (name: string, options: InfoOptions) => {
      const offline = options.offline ?? hubOptionsFromEnvironment(process.env).offline;
      const { revision } = options;
      const info = await modelInfo(name, hubClientOf({ offline }), { offline, revision });
      if (options.json === true) {
        const { architecture: a } = info;
        const counts = a && {
          parameters: parameterCount(a),
          float32Bytes: float32Bytes(a),
          memoryBytes: memoryOf(a),
        };
        io.out(jsonText({ ...jsonHead("models-info", command), ...info, ...counts }));
        return;
      }
      io.out(formatFacts([...origin(info, name), ...form(info), ...protocol(info)]));
      io.out(filesTable(info));
    });
}

type Facts = readonly (readonly [string, string | null])[];

function origin({ known, repo, ...info }: ModelInfo, typed: string): Facts {
  const { cached } = info;
  const notCached = `no: induction models pull ${typed} downloads it`;
  const where = info.commit === null ? repo : `${repo} at ${info.revision} (commit ${info.commit})`;
  return [
    ["model", info.name],
    ["other names", known?.aliases.join(", ") || null],
    ["what", known?.description ?? null],
    ["folder", info.folder],
    ["repository", repo === null ? null : where],
    ["tokenizer", known?.tokenizerRepo ?? null],
    [
      "cached",
      repo === null
        ? null
        : cached === null
          ? notCached
          : `${formatBytes(cached.bytes)} in ${cached.folder}`,
    ],
  ];
}

function form({ architecture: a }: ModelInfo): Facts {
  if (a === null) return [];
  const mlp = a.dMlp === null ? "none: attention only" : `${a.dMlp} wide, ${a.actFn}`;
  const heads = `${a.heads} of d_head ${a.dHead}`;
  const [weights, memory] = [float32Bytes(a), memoryOf(a)];
  return [
    ["layers", `${a.layers}${a.parallel ? ", attention and MLP in parallel" : ""}`],
    ["heads", heads],
    ["d_model", String(a.dModel)],
    ["MLP", mlp],
    ["context", `${a.nCtx} tokens`],
    ["vocabulary", formatCount(a.dVocab)],
    ["norms", a.normalization ?? "none"],
    ["positions", a.positions],
    ["parameters", formatCount(parameterCount(a))],
    [
      "memory",
      `about ${formatBytes(memory)}: the weights in float32, ${formatBytes(weights)}, once as they are processed and once in the runtime, and ${formatBytes(besideWeights)} for the program`,
    ],
  ];
}

function protocol({ known, checkpoints: c }: ModelInfo): Facts {
  const range = c && `${c.count}, from ${c.first} to ${c.last} ${c.unit} (--checkpoint)`;
  if (known === null) return [["checkpoints", range]];
  const { bos, powersRange: powers } = known;
  const id = bos.id === null ? "by its tokenizer_config.json" : `id ${bos.id}`;
  const inFront = bos.prepend ? "in front" : "not in front by default";
  return [
    ["BOS", `${id}, ${inFront}${bos.note === undefined ? "" : `; ${bos.note}`}`],
    ["drawn ids", `${known.lowestId} to ${known.highestId}; powers ${powers.from} to ${powers.to}`],
    ["checkpoints", range],
  ];
}

/** Files and their sizes; checkpoints, which may be hundreds, in one line. */
function filesTable({ files, cached, commit }: ModelInfo): string {
  if (files === null) return "files are not known offline\n";
  const here = cached?.revisions.find((one) => one.commit === commit)?.files ?? [];
  const have = new Set(here.map(({ path }) => path));
  const mark = (path: string) => (have.has(path) ? "cached" : "");
  const isCheckpoint = ({ path }: { path: string }) => path.startsWith("checkpoints/");
  const rows = files
    .filter((file) => !isCheckpoint(file))
    .map(({ path, size }) => [path, formatBytes(size), mark(path)]);
  const checkpoints = files.filter(isCheckpoint);
  if (checkpoints.length > 0) {
    const bytes = checkpoints.reduce((sum, { size }) => sum + size, 0);
    const cachedCount = checkpoints.filter(({ path }) => have.has(path)).length;
    const note = cachedCount > 0 ? `${cachedCount} cached` : "";
    rows.push([`checkpoints/ (${checkpoints.length} files)`, formatBytes(bytes), note]);
  }
  return formatTable([["file", "size", ""], ...rows]);
}
