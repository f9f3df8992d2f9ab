import { type FloatTensor, input, named, ops, parameter } from "../graph/index.js";
import type { ActivationCache } from "./cache.js";
import { reshaped, runGraph } from "./programs.js";
import { accumulatedResid, type AccumulatedOptions } from "./residual.js";

/** Logits of named components. */
export interface LogitStack {
  readonly labels: readonly string[];
  /** [component, batch, position, d_vocab] */
  readonly values: FloatTensor;
  readonly positions: readonly [from: number, to: number];
}

/**
 * The logit lens: what the model would predict if the stream of each layer were its last, the final
 * norm and the unembedding applied to {@link accumulatedResid}. Only the wanted positions are
 * unembedded. The norm's statistics are each layer's own, or with `frozenScale` those of the run.
 * Source: nostalgebraist, "interpreting GPT: the logit lens", 2020.
 */
export async function logitLens(
  cache: ActivationCache,
  options: Pick<AccumulatedOptions, "inclMid" | "frozenScale" | "positions"> = {},
): Promise<LogitStack> {
  const { model } = cache;
  const { dModel: d, dVocab } = model.config;
  const stack = await accumulatedResid(cache, { ...options, applyLn: true });
  const { shape } = stack.values; // [component, batch, position, d]
  const build = () => {
    const rows = input("stack", model.dtype, ["rows", d]);
    const wU = parameter("unembed.W_U", model.dtype, [d, dVocab]);
    const bU = parameter("unembed.b_U", model.dtype, [dVocab]);
    return [named("logits", ops.add(ops.matMul(rows, wU), bU))];
  };
  const { logits } = await runGraph(model, "unembed", build, ["logits"], {
    stack: reshaped(stack.values, [stack.values.data.length / d, d]),
  });
  return {
    labels: stack.labels,
    values: reshaped(logits, [...shape.slice(0, 3), dVocab]),
    positions: stack.positions,
  };
}
