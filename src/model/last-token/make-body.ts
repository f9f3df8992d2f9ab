import { type FloatTensor, type Tensor, tensor } from "../../graph/index.js";
import { forward } from "../forward.js";
import { weightValues } from "../weight-values.js";
import { lastNormalized, lastTokenBody } from "./body.js";
import { firstLayerScale, firstLayerTables, hasTables } from "./first-layer.js";
import { keepEach, type PathParts, programOf } from "./parts.js";

/** Weights of blocks up to this many bytes are held by each session; of larger models they are shared where they can be. */
const heldBytes = 64e6;

/** What the unembedding reads at the last position of tokens [b, p]: [b, d]. */
export type Body = (tokens: Tensor<"int32">) => Promise<Tensor>;

/** Keeps the tables of the first layer for one body after the other. */
export class FirstLayer {
  readonly #parts: PathParts;
  #kept = false;

  constructor(parts: PathParts) {
    this.#parts = parts;
  }

  /** Keeps what the body of that sequence length reads. */
  async keep(length: number): Promise<void> {
    const { config, dtype, engine } = this.#parts;
    const weights = weightValues(config, dtype);
    if (!this.#kept) await keepEach(this.#parts, firstLayerTables(config, weights));
    // Sessions that copy the tables leave none to the next one.
    this.#kept = engine.parametersAs === "inputs";
    const scale = firstLayerScale(config, length, weights);
    if (scale !== null) await keepEach(this.#parts, [scale]);
  }
}

/** Makes the program of one sequence length, with its session. */
export async function makeBody(
  parts: PathParts,
  firstLayer: FirstLayer,
  length: number,
): Promise<Body> {
  const { config, dtype, engine } = parts;
  const centre = config.rotary === null ? await meanKey(parts, length) : null;
  const tables = hasTables(config, dtype);
  if (tables) await firstLayer.keep(length);
  const blocks = [...parts.weights].filter(([name]) => name.startsWith("blocks."));
  const bytes = blocks.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const copied = engine.parametersAs === "initializers" || bytes <= heldBytes;
  const held = (name: string) => copied && name.startsWith("blocks.");
  const weights = weightValues(config, dtype, held);
  const program = programOf(parts, [lastTokenBody(config, length, dtype, weights, tables)]);
  const run: Body = async (tokens) => {
    const feed = { tokens, ...(centre && { centre }) };
    const { [lastNormalized]: x } = await program.run({ fetch: [lastNormalized], feed });
    return x as Tensor;
  };
  await run(tensor("int32", [1, length], new Int32Array(length)));
  return run;
}

/** The mean over tokens and positions of what the last layer's attention normalises, [d], by the plain graph. */
async function meanKey(parts: PathParts, length: number): Promise<Tensor> {
  const { config, dtype } = parts;
  const { dModel: d, dVocab, nLayers, normalization } = config;
  const point = normalization === null ? "hook_resid_pre" : "ln1.hook_normalized";
  const name = `blocks.${nLayers - 1}.${point}`;
  const program = programOf(parts, forward(config, length, dtype));
  const tokens = spreadTokens(dVocab, length);
  const values = await program
    .run({ fetch: [name], feed: { tokens } })
    .finally(() => program.release());
  const { data } = values[name] as FloatTensor;
  const sums = new Float64Array(d);
  for (const [i, value] of data.entries()) sums[i % d] = (sums[i % d] as number) + value;
  return tensor(
    dtype,
    [d],
    sums.map((sum) => (sum * d) / data.length),
  );
}

/** Sequences of tokens from all over the vocabulary, the same at each call: [64, positions]. */
function spreadTokens(dVocab: number, positions: number): Tensor<"int32"> {
  const count = 64 * positions;
  const ids = Array.from({ length: count }, (_, i) =>
    Math.floor(((i * 31) % count) * (dVocab / count)),
  );
  return tensor("int32", [64, positions], ids);
}
