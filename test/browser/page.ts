/** What the browser's test asks of a page: the library as a web page uses it, in its own thread. */
import * as ort from "onnxruntime-web/wasm";
import { type Tensor, webEngine } from "../../src/graph/index.js";
import { measurePairs, postProtocol, strengthSequence } from "../../src/induction/index.js";
import { loadModelFiles } from "../../src/model/index.js";
import {
  findKnownModel,
  memoryFiles,
  type ModelFiles,
  readSafetensors,
} from "../../src/weights/index.js";
import { relativeError } from "../support/relative-error.js";

ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";

async function fetchBytes(url: string): Promise<Uint8Array | null> {
  const response = await fetch(url);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
}

/** The named files of a folder of the server; one that is not there is left out. */
async function filesAt(folder: string, names: readonly string[]): Promise<ModelFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const bytes = await fetchBytes(`${folder}/${name}`);
    if (bytes !== null) files.set(name, bytes);
  }
  return memoryFiles(folder, files);
}

/** The largest relative error of each golden hook value, by name. */
async function goldenErrors(folder: string): Promise<Record<string, number>> {
  const engine = webEngine({ runtime: ort });
  const weights = "weights.safetensors";
  const options = { engine, name: folder, processing: [], weights };
  const model = await loadModelFiles(await filesAt(folder, ["config.json", weights]), options);
  const bytes = (await fetchBytes(`${folder}/golden.safetensors`)) as Uint8Array;
  const golden = readSafetensors(bytes, folder);
  const tokens = golden.tensor("tokens") as Tensor<"int32">;
  const errors: Record<string, number> = {};
  // One by one: more sessions than may live at once, so that the oldest must go and come again.
  for (const key of golden.entries.keys()) {
    if (!key.startsWith("cache/")) continue;
    const name = key.slice("cache/".length);
    const { [name]: value } = await model.run(tokens, { fetch: [name] });
    errors[name] = relativeError(value as Tensor, golden.float(key));
  }
  await engine.close();
  return errors;
}

/** Ids and log-odds of some sequence pairs of the embedded model. */
async function strengthOfPair(count: number): Promise<{ ids: number[]; induction: number[] }> {
  const engine = webEngine({ runtime: ort });
  const name = "attn-only-2l-mini";
  const known = findKnownModel(name);
  const names = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
  const model = await loadModelFiles(await filesAt(`/models/${name}`, names), {
    engine,
    name,
    ...(known && { known }),
  });
  const protocol = { ...postProtocol(model.config.dVocab), lowestId: 3 };
  const lab = { model, protocol, seed: 1, batch: 8 };
  const pair = { a: model.toSingleToken(" Mar"), b: model.toSingleToken("ius") };
  const draw = (k: number) => ({ unit: 0, k, pair: strengthSequence(lab, pair, k) });
  const measured = await measurePairs(lab, { from: 0, to: count }, draw);
  await engine.close();
  return {
    ids: Array.from(strengthSequence(lab, pair, count - 1).control),
    induction: Array.from(measured.induction),
  };
}

Object.assign(globalThis, { lab: { goldenErrors, strengthOfPair } });
