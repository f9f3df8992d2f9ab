import { LabError } from "../errors.js";
import { type FloatDType, type FloatTensor, castFloat, zeros } from "../graph/index.js";
import type { ModelConfig } from "./config.js";

/** The weights of a model by TransformerLens's keys, such as `blocks.0.attn.W_Q`. */
export type Weights = ReadonlyMap<string, FloatTensor>;

/** Every weight of a model and its shape, by TransformerLens's keys. */
export function parameterShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { nLayers, nHeads: h, dModel: d, dHead: e, nCtx, dVocab } = config;
  const withBias = config.normalization === "LN";
  const shapes = new Map<string, readonly number[]>([
    ["embed.W_E", [dVocab, d]],
    ["pos_embed.W_pos", [nCtx, d]],
  ]);
  const norm = (name: string) => {
    if (!withBias) return;
    shapes.set(`${name}.w`, [d]).set(`${name}.b`, [d]);
  };
  for (let layer = 0; layer < nLayers; layer++) {
    const block = `blocks.${layer}`;
    norm(`${block}.ln1`);
    for (const x of ["Q", "K", "V"]) {
      shapes.set(`${block}.attn.W_${x}`, [h, d, e]).set(`${block}.attn.b_${x}`, [h, e]);
    }
    shapes.set(`${block}.attn.W_O`, [h, e, d]).set(`${block}.attn.b_O`, [d]);
  }
  norm("ln_final");
  return shapes.set("unembed.W_U", [d, dVocab]).set("unembed.b_U", [dVocab]);
}

/** Buffers that TransformerLens saves beside the weights; they carry nothing. */
const buffer = /^blocks\.\d+\.attn\.(mask|IGNORE)$/;

/** A weight that may be absent, because its absence means zeros. */
const bias = /\.b(_[A-Z])?$/;

/** Where weights come from: the names a file holds, and the numbers of each. */
export interface WeightSource {
  readonly names: Iterable<string>;
  /** @throws LabError if the numbers cannot be read. */
  float(name: string): FloatTensor;
}

/**
 * Takes exactly the weights that a config asks for, as `dtype`; a missing bias is zero.
 *
 * @throws LabError that lists missing or unknown keys, or names the tensor whose shape is wrong or
 *   that holds NaN or infinity.
 */
export function takeWeights(
  source: WeightSource,
  config: ModelConfig,
  dtype: FloatDType,
  where: string,
): Map<string, FloatTensor> {
  const shapes = parameterShapes(config);
  const present = new Set([...source.names].filter((name) => !buffer.test(name)));
  const missing = [...shapes.keys()].filter((name) => !present.has(name) && !bias.test(name));
  const unknown = [...present].filter((name) => !shapes.has(name));
  if (missing.length > 0 || unknown.length > 0) {
    const parts = [
      missing.length > 0 ? `lacks ${list(missing)}` : "",
      unknown.length > 0 ? `also holds ${list(unknown)}` : "",
    ];
    throw new LabError(
      `${where}: expected the weights that config.json describes, but the file ${parts.filter(Boolean).join(" and ")}`,
      { hint: "config.json and the weights must belong to the same model" },
    );
  }
  const weights = new Map<string, FloatTensor>();
  for (const [name, shape] of shapes) {
    const value = present.has(name) ? castFloat(source.float(name), dtype) : zeros(dtype, shape);
    if (value.shape.join() !== shape.join()) {
      throw new LabError(
        `${where}: ${name}: expected shape [${shape.join(", ")}] by config.json, got [${value.shape.join(", ")}]`,
        { hint: "config.json and the weights must belong to the same model" },
      );
    }
    const bad = value.data.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) {
      throw new LabError(
        `${where}: ${name}: expected finite numbers, got ${value.data[bad]} at element ${bad}`,
        { hint: "the file is damaged, or the training of this model diverged" },
      );
    }
    weights.set(name, value as FloatTensor);
  }
  return weights;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
