import { LabError } from "../errors.js";
import type { Engine, FloatDType } from "../graph/index.js";
import { type KnownModel, type ModelFiles, readSafetensors } from "../weights/index.js";
import { parseConfig } from "./config.js";
import { Model } from "./model.js";
import { takeWeights } from "./parameters.js";
import { processingSteps, type ProcessingStep, processWeights } from "./processing.js";
import { loadTokenizer } from "./tokenizer.js";

/** Options of {@link loadModelFiles}. */
export interface LoadOptions {
  /** What runs the model: `nodeEngine()` or `webEngine()`. */
  readonly engine: Engine;
  /** What results call the model. */
  readonly name: string;
  /** `float32` (the default), or `float64` as the user's own reference (CPU provider only). */
  readonly dtype?: FloatDType;
  /** Steps of weight processing; all of TransformerLens's defaults unless given, `[]` for none. */
  readonly processing?: readonly ProcessingStep[];
  /** What is known of the model beyond its files. */
  readonly known?: KnownModel;
}

/** The protocol of the 2023 post writes this id where nothing says what BOS is. */
const protocolBos = 1;

/**
 * Loads a model from its files: config.json, model.safetensors and, where there is one, tokenizer.json.
 *
 * @throws LabError that names the file and what is wrong with it.
 */
export async function loadModelFiles(files: ModelFiles, options: LoadOptions): Promise<Model> {
  const { engine, name, dtype = "float32", processing = processingSteps, known } = options;
  const need = async (file: string): Promise<Uint8Array> => {
    const bytes = await files.read(file);
    if (bytes !== null) return bytes;
    throw new LabError(`${files.where}: expected a file ${file}, found none`, {
      hint: "a model folder holds config.json, model.safetensors and, for text, tokenizer.json",
    });
  };
  const at = (file: string) => `${files.where}/${file}`;
  const text = new TextDecoder().decode(await need("config.json"));
  const config = parseConfig(text, at("config.json"));
  const bytes = await need("model.safetensors");
  const sha256 = await sha256Of(bytes);
  const file = readSafetensors(bytes, at("model.safetensors"));
  const source = { names: file.entries.keys(), float: (key: string) => file.float(key) };
  const raw = takeWeights(source, config, dtype, at("model.safetensors"));
  const processed = processWeights(config, raw, processing);

  const tokenizerJson = await files.read("tokenizer.json");
  const tokenizerConfig = await files.read("tokenizer_config.json");
  const tokenizer =
    tokenizerJson === null ? null : loadTokenizer(tokenizerJson, tokenizerConfig, files.where);
  return new Model({
    name,
    sha256,
    config: processed.config,
    weights: processed.weights,
    processing: processed.steps,
    dtype,
    tokenizer,
    bos: known?.bos.id ?? tokenizer?.bosId ?? protocolBos,
    engine,
  });
}

async function sha256Of(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
