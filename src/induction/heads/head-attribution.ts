import {
  type FloatTensor,
  graphOf,
  input,
  named,
  ops,
  tensor,
  type Value,
} from "../../graph/index.js";
import { forward, type Model } from "../../model/index.js";
import type { Experiment } from "../experiment.js";
import { drawPair, experimentCodes, sequenceLength } from "../protocol.js";
import { scoreRows, type ScoreRows } from "../score-rows.js";
import type { Lab } from "../strength-meter.js";
import type { Estimate } from "../summary.js";
import { columnEstimates } from "./head-scores.js";

/** Parameters of {@link headAttribution}. */
export interface HeadAttributionParams {
  readonly sequences: number;
  readonly heads: number;
}

/**
 * Direct logit attribution to B: what each head's output at the last position of an induction sequence
 * adds to the logit of B, past all later layers, the final norm's scale being that of the run; nats,
 * against the mean over the vocabulary where the unembedding is centred. On the sequences of the
 * ablations. Definition: Elhage et al., "A Mathematical Framework for Transformer Circuits", 2021.
 */
export const headAttribution: Experiment<HeadAttributionParams, Estimate[], ScoreRows> = {
  id: "head-attribution",
  units: ({ sequences }) => ({ count: 1, sequences }),
  async measure(lab, { heads }, { from, to }) {
    const { model, protocol, seed, batch } = lab;
    const rows = scoreRows(from, to, heads);
    const length = sequenceLength(protocol);
    const program = await attributionProgram(model, length);
    const { nLayers, nHeads } = model.config;
    const fetch = Array.from({ length: nLayers }, (_, layer) => `attribution.${layer}`);
    for (let at = 0; at < to - from; at += batch) {
      const pairs = Array.from({ length: batch }, (_, i) => {
        const k = Math.min(from + at + i, to - 1);
        return drawPair(
          protocol,
          { seed, experiment: experimentCodes.headAblation, unit: 0, k },
          {},
        );
      });
      const ids = new Int32Array(batch * length);
      pairs.forEach(({ induction }, i) => ids.set(induction, i * length));
      const values = await program.run({
        fetch,
        feed: {
          tokens: tensor("int32", [batch, length], ids),
          answers: tensor(
            "int32",
            [batch],
            pairs.map(({ b }) => b),
          ),
        },
      });
      for (const [layer, name] of fetch.entries()) {
        const { data } = values[name] as FloatTensor; // [b, h]
        for (let i = 0; i < batch && at + i < to - from; i++) {
          const part = data.subarray(i * nHeads, (i + 1) * nHeads);
          rows.scores.set(part, (at + i) * heads + layer * nHeads);
        }
      }
    }
    return rows;
  },
  summarise: ({ heads }, pieces) => columnEstimates(pieces, heads),
};

const programs = new WeakMap<Model, Map<number, ReturnType<Model["programOf"]>>>();

/** `attribution.L` [batch, head] of every layer; made once for each length. */
function attributionProgram(
  model: Model,
  positions: number,
): ReturnType<Lab["model"]["programOf"]> {
  const made = programs.get(model) ?? new Map<number, ReturnType<Model["programOf"]>>();
  programs.set(model, made);
  let program = made.get(positions);
  if (program === undefined) {
    program = model.programOf(attributionValues(model, positions));
    made.set(positions, program);
  }
  return program;
}

function attributionValues({ config, dtype }: Model, positions: number): Value[] {
  const { nLayers, normalization } = config;
  const { names } = graphOf(...forward(config, positions, dtype));
  const value = (name: string) => names.get(name) as Value;
  const answers = input("answers", "int32", ["batch"]);
  const last = (x: Value) => ops.at(x, 1, positions - 1);
  let direction = ops.gatherRows(ops.transpose(value("unembed.W_U"), [1, 0]), answers); // [b, d]
  // The final norm divides by its scale and, where it still has one, multiplies by its weight.
  if (normalization === "LN") direction = ops.mul(direction, value("ln_final.w"));
  if (normalization !== null) {
    direction = ops.sub(direction, ops.mean(direction));
    direction = ops.div(direction, last(value("ln_final.hook_scale")));
  }
  return Array.from({ length: nLayers }, (_, layer) => {
    const z = last(value(`blocks.${layer}.attn.hook_z`)); // [b, h, e]
    const w = value(`blocks.${layer}.attn.W_O`); // [h, e, d]
    const toAnswer = ops.matMul(w, ops.transpose(direction, [1, 0])); // [h, e, b]
    const each = ops.mul(ops.transpose(toAnswer, [2, 0, 1]), z); // [b, h, e]
    return named(`attribution.${layer}`, ops.sum(each, 2));
  });
}
