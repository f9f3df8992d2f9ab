import { describe, expect, it } from "vitest";
import { graphOf, type Shape } from "../../src/graph/index.js";
import { forward, type ModelConfig, parameterShapes } from "../../src/model/index.js";

const config: ModelConfig = {
  nLayers: 2,
  nHeads: 4,
  dModel: 32,
  dHead: 8,
  nCtx: 16,
  dVocab: 101,
  normalization: "LN",
  positions: "standard",
  eps: 1e-5,
};
const [b, p, h, d, e] = ["batch", 12, 4, 32, 8];

/** TransformerLens's hook points of attention-only models and their shapes, the opt-in ones included. */
function hookShapes(withNorm: boolean): Record<string, Shape> {
  const block = (l: number): Record<string, Shape> => ({
    [`blocks.${l}.hook_resid_pre`]: [b, p, d],
    [`blocks.${l}.hook_attn_in`]: [b, p, h, d],
    [`blocks.${l}.hook_q_input`]: [b, p, h, d],
    [`blocks.${l}.hook_k_input`]: [b, p, h, d],
    [`blocks.${l}.hook_v_input`]: [b, p, h, d],
    [`blocks.${l}.attn.hook_q`]: [b, p, h, e],
    [`blocks.${l}.attn.hook_k`]: [b, p, h, e],
    [`blocks.${l}.attn.hook_v`]: [b, p, h, e],
    [`blocks.${l}.attn.hook_attn_scores`]: [b, h, p, p],
    [`blocks.${l}.attn.hook_pattern`]: [b, h, p, p],
    [`blocks.${l}.attn.hook_z`]: [b, p, h, e],
    [`blocks.${l}.attn.hook_result`]: [b, p, h, d],
    [`blocks.${l}.hook_attn_out`]: [b, p, d],
    [`blocks.${l}.hook_resid_post`]: [b, p, d],
    ...(withNorm && {
      [`blocks.${l}.ln1.hook_scale`]: [b, p, 1],
      [`blocks.${l}.ln1.hook_normalized`]: [b, p, d],
    }),
  });
  return {
    hook_tokens: [b, p],
    hook_embed: [b, p, d],
    hook_pos_embed: [b, p, d],
    ...block(0),
    ...block(1),
    ...(withNorm && {
      "ln_final.hook_scale": [b, p, 1],
      "ln_final.hook_normalized": [b, p, d],
    }),
    "unembed.hook_in": [b, p, d],
    "unembed.hook_out": [b, p, 101],
  };
}

const ours = {
  tokens: [b, p],
  targets: [b, "targets"],
  logits: [b, p, 101],
  last_logits: [b, 101],
  targetLogits: [b, "targets"],
  logOdds: [b, "targets"],
} satisfies Record<string, Shape>;

describe.each([
  ["LN, standard positions", config],
  ["LNPre, standard positions", { ...config, normalization: "LNPre" }],
  ["no norm, shortformer positions", { ...config, normalization: null, positions: "shortformer" }],
  ["LN, shortformer positions", { ...config, positions: "shortformer" }],
  ["no norm, standard positions", { ...config, normalization: null }],
] as [string, ModelConfig][])("%s", (_, model) => {
  it.each(["float32", "float64"] as const)(
    "has TransformerLens's hooks and shapes, %s",
    (dtype) => {
      const { names } = graphOf(...forward(model, 12, dtype));
      const shapes = Object.fromEntries([...names].map(([name, value]) => [name, value.shape]));
      expect(shapes).toEqual({
        ...hookShapes(model.normalization !== null),
        ...Object.fromEntries(parameterShapes(model)),
        ...ours,
      });
    },
  );
});
