import { LabError } from "../errors.js";
import { castFloat, type FloatDType, type FloatTensor, zeros } from "../graph/index.js";
import type { ModelConfig } from "./config.js";
import type { LensWeights } from "./layout.js";

/** The weights of a model by TransformerLens's keys, such as `blocks.0.attn.W_Q`. */
export type Weights = ReadonlyMap<string, FloatTensor>;

/** Every weight of a model and its shape, by TransformerLens's keys. */
export function parameterShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { nLayers, nHeads: h, dModel: d, dHead: e, nCtx, dVocab, mlp, normalization } = config;
  const shapes = new Map<string, readonly number[]>([["embed.W_E", [dVocab, d]]]);
  if (config.positions !== "rotary") shapes.set("pos_embed.W_pos", [nCtx, d]);
  const norm = (name: string, width: number) => {
    if (normalization === "LN") shapes.set(`${name}.w`, [width]).set(`${name}.b`, [width]);
  };
  for (let layer = 0; layer < nLayers; layer++) {
    const block = `blocks.${layer}`;
    norm(`${block}.ln1`, d);
    for (const x of ["Q", "K", "V"]) {
      shapes.set(`${block}.attn.W_${x}`, [h, d, e]).set(`${block}.attn.b_${x}`, [h, e]);
    }
    shapes.set(`${block}.attn.W_O`, [h, e, d]).set(`${block}.attn.b_O`, [d]);
    if (mlp === null) continue;
    const { dMlp } = mlp;
    norm(`${block}.ln2`, d);
    shapes.set(`${block}.mlp.W_in`, [d, dMlp]).set(`${block}.mlp.b_in`, [dMlp]);
    if (mlp.activation === "solu_ln") norm(`${block}.mlp.ln`, dMlp);
    shapes.set(`${block}.mlp.W_out`, [dMlp, d]).set(`${block}.mlp.b_out`, [d]);
  }
  norm("ln_final", d);
  return shapes.set("unembed.W_U", [d, dVocab]).set("unembed.b_U", [dVocab]);
}

/** Buffers that TransformerLens saves beside the weights; they carry nothing. */
const buffer = /^blocks\.\d+\.attn\.(mask|IGNORE|rotary_sin|rotary_cos)$/;

/** A weight that may be absent, because its absence means zeros. */
const bias = /\.b(_[A-Za-z]+)?$/;

/**
 * Takes exactly the weights that a config asks for, as `dtype`, one by one; a missing bias is zero.
 * Nobody else has these numbers: the caller may change them.
 *
 * @throws LabError that lists missing or unknown keys, or names the tensor whose shape is wrong or
 *   that holds NaN or infinity.
 */
export async function takeWeights(
  source: LensWeights,
  config: ModelConfig,
  dtype: FloatDType,
): Promise<Map<string, FloatTensor>> {
  const { where } = source;
  const shapes = parameterShapes(config);
  const present = new Set([...source.names].filter((name) => !buffer.test(name)));
  const missing = [...shapes.keys()].filter((name) => !present.has(name) && !bias.test(name));
  const unknown = [...present].filter((name) => !shapes.has(name));
  if (missing.length > 0 || unknown.length > 0) {
    const parts = [
      missing.length > 0 ? `lacks ${list(missing, source)}` : "",
      unknown.length > 0 ? `also holds ${list(unknown, source)}` : "",
    ];
    throw new LabError(
      `${where}: expected the weights that config.json describes, but the file ${parts.filter(Boolean).join(" and ")}`,
      { hint: "config.json and the weights must belong to the same model" },
    );
  }
  for (const [name, shape] of shapes) {
    if (!present.has(name)) continue;
    const got = source.shape(name);
    if (got.join() === shape.join()) continue;
    throw new LabError(
      `${where}: ${source.keyOf(name)}: expected shape [${shape.join(", ")}] by config.json, got [${got.join(", ")}]`,
      { hint: "config.json and the weights must belong to the same model" },
    );
  }
  const weights = new Map<string, FloatTensor>();
  for (const [name, shape] of shapes) {
    const value = present.has(name)
      ? castFloat(await source.float(name), dtype)
      : zeros(dtype, shape);
    const bad = firstNotFinite(value.data);
    if (bad >= 0) {
      throw new LabError(
        `${where}: ${source.keyOf(name)}: expected finite numbers, got ${value.data[bad]} at element ${bad}`,
        { hint: "the file is damaged, or the training of this model diverged" },
      );
    }
    weights.set(name, value as FloatTensor);
  }
  return weights;
}

/** A plain loop: these are all the numbers of a model. */
function firstNotFinite(data: Float32Array | Float64Array): number {
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    if (x - x !== 0) return i;
  }
  return -1;
}

function list(names: readonly string[], source: LensWeights): string {
  const shown = names.slice(0, 5).map((name) => source.keyOf(name));
  const text = [...new Set(shown)].join(", ");
  return names.length > 5 ? `${text} and ${names.length - 5} more` : text;
}
