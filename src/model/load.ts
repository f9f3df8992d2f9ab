import { LabError } from "../errors.js";
import type { Engine, FloatDType } from "../graph/index.js";
import {
  findWeights,
  type KnownModel,
  type ModelFiles,
  openWeights,
  readFile,
} from "../weights/index.js";
import { type ModelConfig, parseConfig } from "./config.js";
import { lensWeights } from "./layout.js";
import { Model } from "./model.js";
import type { ModelOrigin } from "./origin.js";
import { takeWeights, type Weights } from "./parameters.js";
import { type ProcessingStep, processingSteps, processWeights } from "./processing.js";
import { type LabTokenizer, loadTokenizer } from "./tokenizer.js";

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
  /** The file of weights; the final ones unless given. */
  readonly weights?: string;
  /** Where tokenizer.json lies, if not beside the weights. */
  readonly tokenizerFiles?: ModelFiles;
  /** The version of the files, for provenance. */
  readonly origin?: ModelOrigin;
}

/** The protocol of the 2023 post writes this id where nothing says what BOS is. */
const protocolBos = 1;

/**
 * Loads a model from its files: config.json, weights (safetensors, one file or several, or a torch
 * checkpoint) and, where there is one, tokenizer.json.
 *
 * @throws LabError that names the file and what is wrong with it.
 */
export async function loadModelFiles(files: ModelFiles, options: LoadOptions): Promise<Model> {
  const { engine, name, dtype = "float32", processing = processingSteps, known } = options;
  const raw = await readWeights(files, { dtype, ...options });
  const processed = processWeights(raw.config, raw.weights, processing, { inPlace: true });
  const tokenizer = await readTokenizer(options.tokenizerFiles ?? files);
  return new Model({
    name,
    sha256: raw.sha256,
    origin: options.origin ?? null,
    known: known ?? null,
    config: processed.config,
    weights: processed.weights,
    processing: processed.steps,
    dtype,
    tokenizer,
    bos: known?.bos.id ?? tokenizer?.bosId ?? raw.bos ?? protocolBos,
    engine,
  });
}

/** The weights of a model as its files hold them, under TransformerLens's keys. */
export interface RawWeights {
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Id of BOS, where config.json says it. */
  readonly bos: number | null;
  /** Of the file of weights; see {@link OpenedWeights.sha256}. */
  readonly sha256: string;
}

/**
 * Reads config.json and the weights, without processing.
 *
 * @throws LabError that names the file and what is wrong with it.
 */
export async function readWeights(
  files: ModelFiles,
  { dtype = "float32", weights: name }: { dtype?: FloatDType; weights?: string } = {},
): Promise<RawWeights> {
  const bytes = await readFile(files, "config.json");
  if (bytes === null) {
    throw new LabError(`${files.where}: expected a file config.json, found none`, {
      hint: "a model folder holds config.json, model.safetensors or a .pth file and, for text, tokenizer.json",
    });
  }
  const text = new TextDecoder().decode(bytes);
  const { config, layout, bos } = parseConfig(text, `${files.where}/config.json`);
  const opened = await openWeights(files, name ?? (await findWeights(files)));
  try {
    const weights = await takeWeights(lensWeights(opened, layout, config), config, dtype);
    return { config, weights, bos, sha256: await opened.sha256() };
  } finally {
    await opened.close();
  }
}

async function readTokenizer(files: ModelFiles): Promise<LabTokenizer | null> {
  const json = await readFile(files, "tokenizer.json");
  if (json === null) return null;
  return loadTokenizer(json, await readFile(files, "tokenizer_config.json"), files.where);
}
