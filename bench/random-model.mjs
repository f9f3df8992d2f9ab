/**
 * Makes a random model of any size as a model folder: config.json in NeelNanda's form and
 * model.safetensors in float32, no tokenizer. Of attention only, or with MLP layers of 4 d_model
 * where --act names an activation. Same seed and sizes, same numbers.
 *
 *     node bench/random-model.mjs -o DIR [--layers N] [--heads N] [--d-model N] [--d-head N]
 *                                 [--n-ctx N] [--d-vocab N] [--act gelu|gelu_new|solu_ln] [--seed N]
 *
 * The default size is attn-only-2l's.
 */
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { activations, parameterShapes } from "induction-lab/model";
import { philox4x32 } from "induction-lab/random";

/**
 * @typedef {object} RandomModelSize
 * @property {number} nLayers
 * @property {number} nHeads
 * @property {number} dModel
 * @property {number} dHead
 * @property {number} nCtx
 * @property {number} dVocab
 * @property {import("induction-lab/model").Activation} [activation] Of MLP layers; none if left out.
 */

/** The size of attn-only-2l, 52 million parameters: 208 MB. @type {RandomModelSize} */
export const attnOnly2l = {
  nLayers: 2,
  nHeads: 8,
  dModel: 512,
  dHead: 64,
  nCtx: 1024,
  dVocab: 48262,
};

/** Numbers that are drawn and written at once; an even count. */
const chunk = 2 ** 20;

/**
 * Writes a random model to a folder, which is made: weights normal with standard deviation
 * 0.8 / √d_model, the weights of norms 1, every bias 0. A file in the way is overwritten.
 *
 * @param {string} dir
 * @param {{ size?: RandomModelSize, seed?: number }} [options]
 */
export async function writeRandomModel(dir, { size = attnOnly2l, seed = 0 } = {}) {
  const { activation, ...sizes } = size;
  const { nLayers, nHeads, dModel, dHead, nCtx, dVocab } = sizes;
  const shapes = parameterShapes({
    ...sizes,
    mlp: activation === undefined ? null : { dMlp: 4 * dModel, activation },
    parallel: false,
    normalization: "LN",
    positions: "standard",
    rotary: null,
    eps: 1e-5,
  });
  await mkdir(dir, { recursive: true });
  const file = await open(join(dir, "model.safetensors"), "w");
  try {
    await file.write(header(shapes));
    // Drawn and written in chunks: the whole file is never in memory.
    const numbers = new Float32Array(chunk);
    let tensor = 0;
    for (const [name, shape] of shapes) {
      const count = shape.reduce((product, length) => product * length, 1);
      for (let from = 0; from < count; from += chunk) {
        const part = numbers.subarray(0, Math.min(chunk, count - from));
        if (/\.ln[12]?\.w$|^ln_final\.w$/.test(name)) part.fill(1);
        else if (/\.b(_\w+)?$/.test(name)) part.fill(0);
        else fillNormal(part, 0.8 / Math.sqrt(dModel), { seed, tensor, from });
        await file.write(new Uint8Array(numbers.buffer, 0, part.byteLength));
      }
      tensor++;
    }
  } finally {
    await file.close();
  }
  const config = {
    n_layers: nLayers,
    d_model: dModel,
    d_mlp: 4 * dModel,
    d_head: dHead,
    n_heads: nHeads,
    n_ctx: nCtx,
    d_vocab: dVocab,
    act_fn: activation ?? "solu_ln",
    attn_only: activation === undefined,
    normalization: "LN",
    shortformer_pos: false,
    tokenizer_name: null,
  };
  await writeFile(join(dir, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * The safetensors header of float32 tensors that lie one after the other.
 *
 * @param {ReadonlyMap<string, readonly number[]>} shapes
 */
function header(shapes) {
  /** @type {Record<string, object>} */
  const entries = {};
  let end = 0;
  for (const [name, shape] of shapes) {
    const begin = end;
    end += 4 * shape.reduce((product, length) => product * length, 1);
    entries[name] = { dtype: "F32", shape, data_offsets: [begin, end] };
  }
  const json = JSON.stringify(entries);
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

/**
 * Fills with normal numbers (Box and Muller 1958), two from two words of Philox. `from` is the first
 * element's index in its tensor, a multiple of four.
 *
 * @param {Float32Array} out
 * @param {number} deviation
 * @param {{ seed: number, tensor: number, from: number }} at
 */
function fillNormal(out, deviation, { seed, tensor, from }) {
  const words = new Uint32Array(4);
  for (let i = 0; i < out.length; i += 4) {
    philox4x32([(from + i) / 4, tensor, 0, 0], [seed, 0], words);
    for (let j = 0; j < 4; j += 2) {
      const radius = Math.sqrt(-2 * Math.log((Number(words[j]) + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * Number(words[j + 1])) / 2 ** 32;
      // A number beyond the end is dropped: writing outside a typed array does nothing.
      out[i + j] = deviation * radius * Math.cos(angle);
      out[i + j + 1] = deviation * radius * Math.sin(angle);
    }
  }
}

/**
 * A whole number that an option gives, or its default.
 *
 * @param {string} name
 * @param {string | undefined} text
 * @param {{ least: number, otherwise: number }} bounds
 */
function whole(name, text, { least, otherwise }) {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value < 2 ** 32) return value;
  return fail(`--${name}: expected a whole number from ${least}, got ${JSON.stringify(text)}`);
}

/** @param {string} message @param {1 | 2} code @returns {never} */
function fail(message, code = 2) {
  process.stderr.write(`random-model: ${message}\n`);
  process.exit(code);
}

function parse() {
  const text = /** @type {const} */ ({ type: "string" });
  try {
    return parseArgs({
      options: {
        output: { type: "string", short: "o" },
        layers: text,
        heads: text,
        "d-model": text,
        "d-head": text,
        "n-ctx": text,
        "d-vocab": text,
        act: text,
        seed: text,
      },
    }).values;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

async function main() {
  const given = parse();
  if (given.output === undefined) fail("expected a folder, got none: give -o DIR");
  /** @param {keyof typeof given} name @param {number} otherwise */
  const size = (name, otherwise) => whole(name, given[name], { least: 1, otherwise });
  const activation = activations.find((known) => known === given.act);
  if (given.act !== undefined && activation === undefined) {
    fail(`--act: expected one of ${activations.join(", ")}, got ${JSON.stringify(given.act)}`);
  }
  await writeRandomModel(given.output, {
    size: {
      nLayers: size("layers", attnOnly2l.nLayers),
      nHeads: size("heads", attnOnly2l.nHeads),
      dModel: size("d-model", attnOnly2l.dModel),
      dHead: size("d-head", attnOnly2l.dHead),
      nCtx: size("n-ctx", attnOnly2l.nCtx),
      dVocab: size("d-vocab", attnOnly2l.dVocab),
      ...(activation && { activation }),
    },
    seed: whole("seed", given.seed, { least: 0, otherwise: 0 }),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main().catch((error) => fail(error.message, 1));
}
