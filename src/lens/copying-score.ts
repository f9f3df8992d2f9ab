import { LabError } from "../errors.js";
import {
  constant,
  type FloatTensor,
  graphOf,
  input,
  named,
  ops,
  parameter,
  tensor,
  type Value,
} from "../graph/index.js";
import { forward, type Model } from "../model/index.js";
import { type HeadEstimate, headEstimates } from "./head-estimates.js";
import { allHeads, headName } from "./heads.js";
import { evaluatorSequences, type EvaluatorOptions } from "./prefix-matching.js";
import { runGraph } from "./programs.js";
import { checkTokens, tokenBatches } from "./token-batches.js";

/**
 * Copying score of every head, −1 to 1: whether what it adds to the residual stream raises the logit of
 * the token that it attends to. Definition: Olsson et al., "In-context Learning and Induction Heads",
 * 2022, appendix; see {@link evaluatorSequences} for the text, and for `times: 1` without repetition.
 *
 * A head's output times W_U (biases and the final LayerNorm left out: the processed weights hold its
 * weight), minus the mean over the vocabulary, negative numbers set to 0, is how it raises each token.
 * With a its raise of the token attended to and s that of all tokens of the sample, each summed over
 * the positions of a sequence, a / (a + s) goes from 0 to ½ and the score is 4a / (a + s) − 1: 1 where
 * it raises nothing but the token attended to, −1 where it raises only others. The token attended to is
 * the one with the largest attention, the start token left out.
 *
 * Only the logits of the sample's tokens are computed, layer by layer, and the sums leave the session.
 *
 * @throws LabError for a range with too few ids or outside the vocabulary, sequences longer than the
 *   context, and a head that raises no token.
 */
export async function copyingScore(
  model: Model,
  options: EvaluatorOptions,
): Promise<HeadEstimate[]> {
  const { length: n = 25, batch } = options;
  const rows = evaluatorSequences(model, options);
  checkTokens(model, rows, "copyingScore");
  const { nHeads, dModel: d } = model.config;
  const heads = allHeads(model.config);
  const mean = await meanUnembedding(model);
  const scores: Float64Array[] = [];
  for (const { rows: part, tokens } of tokenBatches(model, rows, { size: batch })) {
    const p = tokens.shape[1] as number;
    const columns = sampleColumns(model, part, n, mean);
    const shape = [part.length, 1, d, n];
    const layers = [...Array(model.config.nLayers).keys()];
    const values = await runGraph(
      model,
      `copying, ${p} positions, ${n} tokens`,
      () => raises(model, p, n),
      layers.flatMap((layer) => [`attended.${layer}`, `sample.${layer}`]),
      { tokens, columns: { dtype: model.dtype, shape, data: columns } as FloatTensor },
    );
    for (let item = 0; item < part.length; item++) {
      const row = Float64Array.from(heads, ({ layer, head }) => {
        const of = (what: string) =>
          (values[`${what}.${layer}`] as FloatTensor).data[item * nHeads + head] as number;
        const [attended, sample] = [of("attended"), of("sample")];
        if (sample > 0) return (4 * attended) / (attended + sample) - 1;
        throw new LabError(
          `copyingScore: expected a head that raises a token, got ${headName({ layer, head })}`,
          { hint: "its output does not reach the logits of any token of the sample" },
        );
      });
      scores.push(row);
    }
  }
  return headEstimates(heads, scores);
}

/** The mean column of W_U, [d_model]. */
async function meanUnembedding(model: Model): Promise<FloatTensor["data"]> {
  const { dModel, dVocab } = model.config;
  const build = () => {
    const W_U = parameter("unembed.W_U", model.dtype, [dModel, dVocab]);
    return [named("mean", ops.mean(W_U))]; // [d, 1]
  };
  return (await runGraph(model, "mean unembedding", build, ["mean"], {})).mean.data;
}

/** The columns of W_U of each sequence's n tokens, the mean column subtracted: [sequence, d_model, n]. */
function sampleColumns(
  model: Model,
  rows: readonly Int32Array[],
  n: number,
  mean: FloatTensor["data"],
): FloatTensor["data"] {
  const { dModel, dVocab } = model.config;
  const { data: weights } = model.weights.get("unembed.W_U") as FloatTensor;
  const size = rows.length * dModel * n;
  const columns = model.dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  for (const [item, row] of rows.entries()) {
    for (let i = 0; i < dModel; i++) {
      for (let j = 0; j < n; j++) {
        const weight = weights[i * dVocab + (row[1 + j] as number)] as number;
        columns[(item * dModel + i) * n + j] = weight - (mean[i] as number);
      }
    }
  }
  return columns;
}

/** How much the heads of every layer raise the token attended to, and all of the sample: [b, h] each. */
function raises(model: Model, p: number, n: number): Value[] {
  const { nLayers, dModel: d } = model.config;
  const { names } = graphOf(...forward(model.config, p, model.dtype));
  const columns = input("columns", model.dtype, ["batch", 1, d, n]);
  const tokenAt = constant(
    tensor(
      "int32",
      [p - 1],
      Array.from({ length: p - 1 }, (_, i) => i % n),
    ),
  );
  const afterStart = (x: Value, axis: number) => ops.slice(x, axis, 1, p);
  const total = (x: Value) => ops.sum(ops.sum(x, 3), 2);
  return Array.from({ length: nLayers }, (_, layer) => {
    const of = (name: string) => names.get(`blocks.${layer}.attn.${name}`) as Value;
    const writes = ops.matMul(of("W_O"), columns); // [b, h, e, n]
    const z = ops.transpose(afterStart(of("hook_z"), 1), [0, 2, 1, 3]); // [b, h, p - 1, e]
    const raise = ops.clip(ops.matMul(z, writes), 0, Infinity); // [b, h, p - 1, n]
    const pattern = afterStart(afterStart(of("hook_pattern"), 2), 3); // [b, h, p - 1, p - 1]
    const attended = ops.gatherRows(tokenAt, ops.argMax(pattern)); // [b, h, p - 1, 1]
    return [
      named(`attended.${layer}`, total(ops.gatherElements(raise, attended))),
      named(`sample.${layer}`, total(raise)),
    ];
  }).flat();
}
