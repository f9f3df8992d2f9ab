import { castFloat, type FloatTensor, sizeOf, tensor } from "../../graph/index.js";
import { Model, parameterShapes } from "../../model/index.js";
import { philox4x32 } from "../../random/index.js";

const made = new WeakMap<Model, Map<number, Model>>();

/** Second word of the random key of weights, apart from those of the experiments. */
const weightsKey = 0x77;

/**
 * A model of the same architecture with random weights: normal with standard deviation
 * 0.8/√d_model, as NeelNanda's models begin, norms 1 and biases 0. What its heads score is what the
 * architecture and the sequences alone give. It has no unembedding: its attention patterns are all
 * that is asked of it. The same model and seed give the same one.
 */
export function randomTwin(model: Model, seed: number): Model {
  const twins = made.get(model) ?? new Map<number, Model>();
  made.set(model, twins);
  const known = twins.get(seed);
  if (known !== undefined) return known;
  const weights = new Map<string, FloatTensor>();
  let index = 0;
  for (const [name, shape] of parameterShapes(model.config)) {
    index++;
    if (name.startsWith("unembed.")) continue;
    const data = new Float64Array(sizeOf(shape));
    if (/\.(ln\d?|ln_final)\.w$|^ln_final\.w$/.test(name)) data.fill(1);
    else if (/\.W_|^embed|^pos_embed/.test(name)) {
      fillNormal(data, 0.8 / Math.sqrt(model.config.dModel), seed, index);
    }
    weights.set(name, castFloat(tensor("float64", shape, data), model.dtype) as FloatTensor);
  }
  const { dtype, tokenizer, bos, engine, config } = model;
  const twin = new Model({
    name: `${model.name}, random weights`,
    sha256: "",
    origin: null,
    config,
    weights,
    dtype,
    processing: [],
    tokenizer,
    bos,
    engine,
  });
  twins.set(seed, twin);
  return twin;
}

/** Normal numbers (Box and Muller 1958), two from two words of Philox. */
function fillNormal(out: Float64Array, deviation: number, seed: number, tensorIndex: number): void {
  const words = new Uint32Array(4);
  for (let i = 0; i < out.length; i += 4) {
    philox4x32([i / 4, tensorIndex, 0, 0], [seed, weightsKey], words);
    for (let j = 0; j < 4; j += 2) {
      const radius = Math.sqrt(-2 * Math.log(((words[j] as number) + 0.5) / 2 ** 32));
      const angle = (2 * Math.PI * (words[j + 1] as number)) / 2 ** 32;
      out[i + j] = deviation * radius * Math.cos(angle);
      out[i + j + 1] = deviation * radius * Math.sin(angle);
    }
  }
}
