import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { LabError, usageError } from "../errors.js";
import { loadTokenizer, type RawWeights, readWeights, type Weights } from "../model/index.js";
import { makeFolder, writeWhole } from "../runs/index.js";
import { version } from "../version.js";
import { readFile, safetensorsPieces } from "../weights/index.js";
import { folderFiles, type OpenedModel, openModel } from "../weights/node.js";
import { formatCount } from "../report/numbers.js";
import { formatBytes } from "./bytes.js";
import { formatFacts } from "./facts.js";
import type { Io } from "./io.js";
import { lensConfig } from "./lens-config.js";
import { type HalfCost, halfCost } from "./models-export-cost.js";
import { openOptions, type VersionOptions, withVersionOptions } from "./models-options.js";
import { jsonHead, jsonText, reasonOf } from "./output.js";

interface ExportOptions extends VersionOptions {
  readonly dtype: "f32" | "f16";
  readonly output: string;
}

/** Adds `induction models export`. */
export function addModelsExport(models: Command, io: Io, command: string): void {
  withVersionOptions(
    models
      .command("export")
      .argument("<name>", "known name, owner/name on the hub, or a folder")
      .description("write a model as safetensors under TransformerLens's keys, unprocessed")
      .addOption(
        new Option("--dtype <type>", "f16 halves the size; what it costs is measured")
          .choices(["f32", "f16"])
          .default("f32"),
      )
      .requiredOption("-o, --output <dir>", "a new or an empty folder"),
  ).action(async (name: string, options: ExportOptions) => {
    const { output: dir, dtype } = options;
    await checkEmpty(dir);
    const opened = await openModel(name, openOptions(io, options));
    const { sha256, bytes } = await writeModel(opened, dir, dtype);
    const cost = dtype === "f16" ? await costOf(opened, dir) : null;
    if (options.json === true) {
      const written = { name: opened.name, folder: dir, dtype, bytes, origin: opened.origin };
      const head = jsonHead("models-export", command);
      io.out(jsonText({ ...head, ...written, source: { weights: opened.weights, sha256 }, cost }));
      return;
    }
    io.out(
      formatFacts([
        ["model", opened.name],
        ["folder", dir],
        [
          "weights",
          `model.safetensors, ${dtype}, ${formatCount(bytes)} bytes (${formatBytes(bytes)})`,
        ],
        ["from", `${opened.weights}, SHA-256 ${sha256}`],
        ["float16", cost && describeCost(cost)],
      ]),
    );
  });
}

function describeCost(cost: HalfCost): string {
  const { strength, difference, meanAbsolute, maxAbsolute, pairs } = cost;
  const signed = (difference.mean < 0 ? "" : "+") + difference.mean.toPrecision(2);
  return (
    `changes the strength of ${pairs} random pairs, ${strength.mean.toFixed(3)} ± ${strength.se.toFixed(3)} nats, ` +
    `by ${signed} ± ${difference.se.toPrecision(2)} nats; ` +
    `absolute difference ${meanAbsolute.toPrecision(2)} on average, ${maxAbsolute.toPrecision(2)} at most`
  );
}

async function checkEmpty(dir: string): Promise<void> {
  try {
    const { length } = await readdir(dir);
    if (length === 0) return;
    throw usageError(
      `--output ${dir}: expected a new or an empty folder, got one with ${length} ${length === 1 ? "entry" : "entries"}`,
      "name another folder",
    );
  } catch (error) {
    if (error instanceof LabError) throw error;
    const reason = reasonOf(error);
    if (reason === "ENOENT") return;
    throw usageError(`--output ${dir}: expected a new or an empty folder, got ${reason}`);
  }
}

/** Writes weights, tokenizer and, last, config.json: without it a folder is no model. */
async function writeModel(
  opened: OpenedModel,
  dir: string,
  dtype: "f32" | "f16",
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const { files, weights: file, name } = opened;
  const raw: RawWeights = await readWeights(files, { weights: file });
  if (dtype === "f16") checkHalf(raw.weights, files.where);
  const tokenizer = await tokenizerFilesOf(opened);
  const metadata = new Map([
    ["format", "pt"],
    ["made_by", `induction-lab ${version}`],
    ["model", name],
    ["source_sha256", raw.sha256],
  ]);
  const pieces = safetensorsPieces(raw.weights, { metadata, half: dtype === "f16" });
  await makeFolder(dir);
  await writeWhole(join(dir, "model.safetensors"), pieces);
  for (const [path, bytes] of tokenizer) await writeWhole(join(dir, path), bytes);
  const config = JSON.stringify(lensConfig(name, raw.config), null, 2);
  await writeWhole(join(dir, "config.json"), `${config}\n`);
  return { sha256: raw.sha256, bytes: pieces.reduce((sum, { length }) => sum + length, 0) };
}

/** The first magnitude that rounds to infinity in float16. */
const halfOverflow = 65_520;

function checkHalf(weights: Weights, where: string): void {
  for (const [name, { data }] of weights) {
    let largest = 0;
    for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i] as number));
    if (largest < halfOverflow) continue;
    throw new LabError(
      `${where}: ${name}: expected numbers that float16 can hold, below ${halfOverflow}, got ${largest}`,
      { hint: "--dtype f32" },
    );
  }
}

/** The tokenizer's files; the configuration names the BOS that the registry knows. */
async function tokenizerFilesOf({ files, tokenizerFiles, known }: OpenedModel) {
  const from = tokenizerFiles ?? files;
  const found = new Map<string, Uint8Array | string>();
  const json = await readFile(from, "tokenizer.json");
  if (json === null) return found;
  found.set("tokenizer.json", json);
  const config = await readFile(from, "tokenizer_config.json");
  if (config !== null) found.set("tokenizer_config.json", config);
  const id = known?.bos.id ?? null;
  const tokenizer = loadTokenizer(json, config, from.where);
  // A folder is not known by name: what the registry says of it must be in its files.
  if (id !== null && tokenizer.bosId !== id) {
    const fields: unknown = config === null ? {} : JSON.parse(new TextDecoder().decode(config));
    const named = { ...(fields as object), bos_token: tokenizer.toStrings([id])[0] };
    found.set("tokenizer_config.json", `${JSON.stringify(named, null, 2)}\n`);
  }
  return found;
}

function costOf(opened: OpenedModel, dir: string): Promise<HalfCost> {
  const { files, tokenizerFiles, weights, known, name } = opened;
  const options = {
    name,
    weights,
    ...(known !== null && { known }),
    ...(tokenizerFiles !== null && { tokenizerFiles }),
  };
  const exported = { name, ...(known !== null && { known }) };
  return halfCost({ files, options }, { files: folderFiles(dir), options: exported }, known);
}
