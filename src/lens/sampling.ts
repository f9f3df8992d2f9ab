import { usageError } from "../errors.js";
import {
  type FloatTensor,
  input,
  named,
  ops,
  parameter,
  type Tensor,
  tensor,
} from "../graph/index.js";
import type { Model, TokenInput } from "../model/index.js";
import { ItemStream } from "../random/index.js";
import { runGraph } from "./programs.js";
import { oneSequence } from "./sequences.js";

/** How {@link sample} chooses tokens. */
export interface SampleOptions {
  /** Tokens to add. */
  readonly count: number;
  /** Divides the logits; 0 takes the most probable token. 1 unless given. */
  readonly temperature?: number;
  /** Draw among this many most probable tokens only. */
  readonly topK?: number;
  /** Draw among the most probable tokens that together have at least this probability. */
  readonly topP?: number;
  /** Ends the text when it is drawn; it is part of the result. */
  readonly stopAt?: number;
  readonly seed?: number;
}

/** Lengths share a program in steps of this many positions. */
const step = 16;

/**
 * Continues a sequence token by token. The same seed and options give the same tokens; there is no
 * cache of keys and values.
 *
 * @returns The sequence with the new tokens behind it.
 * @throws LabError of wrong usage for options out of range, and if the context is too short.
 */
export async function sample(
  model: Model,
  tokens: TokenInput | readonly number[],
  { count, temperature = 1, topK, topP, stopAt, seed = 0 }: SampleOptions,
): Promise<number[]> {
  const ids = oneSequence(tokens, "sample");
  const { nCtx, dModel, dVocab } = model.config;
  if (ids.length === 0) throw usageError("sample: expected at least one token, got none");
  if (ids.length + count - 1 > nCtx) {
    throw usageError(
      `sample: expected at most ${nCtx - ids.length + 1} new tokens, got ${count}`,
      `the model's context is ${nCtx} tokens`,
    );
  }
  if (!(temperature >= 0)) {
    throw usageError(`sample: expected a temperature from 0 up, got ${temperature}`);
  }
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1)) {
    throw usageError(`sample: expected a topK from 1 up, got ${topK}`);
  }
  if (topP !== undefined && !(topP > 0 && topP <= 1)) {
    throw usageError(`sample: expected a topP above 0 and up to 1, got ${topP}`);
  }
  const { dtype } = model;
  const build = () => {
    const last = input("residual", dtype, [1, dModel]);
    const product = ops.matMul(last, parameter("unembed.W_U", dtype, [dModel, dVocab]));
    return [named("next", ops.add(product, parameter("unembed.b_U", dtype, [dVocab])))];
  };

  for (let i = 0; i < count; i++) {
    const length = Math.min(Math.ceil(ids.length / step) * step, nCtx);
    const padded = tensor(
      "int32",
      [1, length],
      [...ids, ...Array<number>(length - ids.length).fill(0)],
    );
    const run = await model.run(padded, { fetch: ["unembed.hook_in"] });
    const { data } = run["unembed.hook_in"] as FloatTensor;
    const residual = {
      dtype,
      shape: [1, dModel],
      data: data.slice((ids.length - 1) * dModel, ids.length * dModel),
    } as Tensor;
    const { next } = await runGraph(model, "unembed one", build, ["next"], { residual });
    const stream = new ItemStream([seed >>> 0, sampleKey], [i, 0]);
    const word = (stream.draw(0, 2 ** 21) + 0.5) / 2 ** 21;
    const chosen = choose(next.data, { temperature, topK, topP, word });
    ids.push(chosen);
    if (chosen === stopAt) break;
  }
  return ids;
}

/** Sampling's own part of the random key, apart from those of the experiments. */
const sampleKey = 0x5a;

/** The token that a uniform number in (0, 1) picks among the allowed ones. */
function choose(
  logits: ArrayLike<number>,
  options: {
    readonly temperature: number;
    readonly topK: number | undefined;
    readonly topP: number | undefined;
    readonly word: number;
  },
): number {
  const { temperature, topK, topP, word } = options;
  const order = Array.from({ length: logits.length }, (_, id) => id);
  order.sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  const [best] = order as [number];
  if (temperature === 0) return best;
  const top = logits[best] as number;
  const allowed = topK === undefined ? order : order.slice(0, topK);
  const weights = allowed.map((id) => Math.exp(((logits[id] as number) - top) / temperature));
  let total = weights.reduce((sum, weight) => sum + weight, 0);
  let count = weights.length;
  if (topP !== undefined) {
    let kept = 0;
    for (count = 0; count < weights.length && kept < topP * total; count++) {
      kept += weights[count] as number;
    }
    total = kept;
  }
  let rest = word * total;
  for (let i = 0; i < count; i++) {
    rest -= weights[i] as number;
    if (rest < 0) return allowed[i] as number;
  }
  return allowed[count - 1] as number;
}
