import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Engine, FloatDType } from "../../src/graph/index.js";
import { loadModelFiles, type Model, type ProcessingStep } from "../../src/model/index.js";
import { type ModelFiles, readSafetensors, type SafetensorsFile } from "../../src/weights/index.js";
import { folderFiles } from "../../src/weights/node.js";

const root = new URL("../fixtures/", import.meta.url);

/** One small model of each architecture, with TransformerLens's values. */
export const fixtures = [
  "a-attn-only-ln",
  "b-attn-only-shortformer",
  "c-gelu-ln",
  "d-solu-ln",
  "e-gpt2",
  "f-pythia",
  "g-attn-only-1l",
];

/** Reads a safetensors file of test/fixtures. */
export async function fixtureTensors(path: string): Promise<SafetensorsFile> {
  return readSafetensors(await readFile(new URL(path, root)), path);
}

/** Reads a JSON file of test/fixtures. */
export async function fixtureJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(path, root), "utf8"));
}

/** A fixture's folder as the files of a model. */
export function fixtureFiles(name: string): ModelFiles {
  return folderFiles(fileURLToPath(new URL(name, root)));
}

/** Loads a fixture's model on an engine. */
export function fixtureModel(
  name: string,
  engine: Engine,
  dtype: FloatDType,
  processing?: readonly ProcessingStep[],
): Promise<Model> {
  return loadModelFiles(fixtureFiles(name), {
    engine,
    name,
    dtype,
    weights: "weights.safetensors",
    ...(processing && { processing }),
  });
}
