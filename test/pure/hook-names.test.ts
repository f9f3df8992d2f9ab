import { describe, expect, it } from "vitest";
import { graphOf, type Shape } from "../../src/graph/index.js";
import {
  defaultHooks,
  forward,
  type ModelConfig,
  parameterShapes,
  parseConfig,
} from "../../src/model/index.js";
import { fixtureJson } from "../support/fixtures.js";

const config: ModelConfig = {
  nLayers: 2,
  nHeads: 4,
  dModel: 32,
  dHead: 8,
  nCtx: 16,
  dVocab: 101,
  mlp: null,
  parallel: false,
  normalization: "LN",
  positions: "standard",
  rotary: null,
  eps: 1e-5,
};
const [b, p, h, d, e, m] = ["batch", 12, 4, 32, 8, 48];

/** TransformerLens's hook points and their shapes, the opt-in ones included. */
function hookShapes({
  normalization,
  mlp,
  parallel,
  positions,
}: ModelConfig): Record<string, Shape> {
  const norm = (name: string, width = d): Record<string, Shape> =>
    normalization === null
      ? {}
      : { [`${name}.hook_scale`]: [b, p, 1], [`${name}.hook_normalized`]: [b, p, width] };
  const withMlp = (block: string): Record<string, Shape> => ({
    [`${block}.hook_mlp_in`]: [b, p, d],
    ...norm(`${block}.ln2`),
    [`${block}.mlp.hook_pre`]: [b, p, m],
    ...(mlp?.activation === "solu_ln" && {
      [`${block}.mlp.hook_mid`]: [b, p, m],
      [`${block}.mlp.ln.hook_scale`]: [b, p, 1],
      [`${block}.mlp.ln.hook_normalized`]: [b, p, m],
    }),
    [`${block}.mlp.hook_post`]: [b, p, m],
    [`${block}.hook_mlp_out`]: [b, p, d],
    ...(!parallel && { [`${block}.hook_resid_mid`]: [b, p, d] }),
  });
  const block = (l: number): Record<string, Shape> => ({
    [`blocks.${l}.hook_resid_pre`]: [b, p, d],
    [`blocks.${l}.hook_attn_in`]: [b, p, h, d],
    [`blocks.${l}.hook_q_input`]: [b, p, h, d],
    [`blocks.${l}.hook_k_input`]: [b, p, h, d],
    [`blocks.${l}.hook_v_input`]: [b, p, h, d],
    [`blocks.${l}.attn.hook_q`]: [b, p, h, e],
    [`blocks.${l}.attn.hook_k`]: [b, p, h, e],
    [`blocks.${l}.attn.hook_v`]: [b, p, h, e],
    ...(positions === "rotary" && {
      [`blocks.${l}.attn.hook_rot_q`]: [b, p, h, e],
      [`blocks.${l}.attn.hook_rot_k`]: [b, p, h, e],
    }),
    [`blocks.${l}.attn.hook_attn_scores`]: [b, h, p, p],
    [`blocks.${l}.attn.hook_pattern`]: [b, h, p, p],
    [`blocks.${l}.attn.hook_z`]: [b, p, h, e],
    [`blocks.${l}.attn.hook_result`]: [b, p, h, d],
    [`blocks.${l}.hook_attn_out`]: [b, p, d],
    [`blocks.${l}.hook_resid_post`]: [b, p, d],
    ...norm(`blocks.${l}.ln1`),
    ...(mlp !== null && withMlp(`blocks.${l}`)),
  });
  return {
    hook_tokens: [b, p],
    hook_embed: [b, p, d],
    ...(positions !== "rotary" && { hook_pos_embed: [b, p, d] }),
    ...block(0),
    ...block(1),
    ...norm("ln_final"),
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
  meanLogOdds: [],
  logitDiff: [],
  loss_per_token: [b, 11],
  loss: [],
} satisfies Record<string, Shape>;

const mlp = { dMlp: m, activation: "gelu" } as const;
const rotary = { dim: 4, base: 10_000 };

describe.each([
  ["LN, standard positions", config],
  ["LNPre, standard positions", { ...config, normalization: "LNPre" }],
  ["no norm, shortformer positions", { ...config, normalization: null, positions: "shortformer" }],
  ["LN, shortformer positions", { ...config, positions: "shortformer" }],
  ["no norm, standard positions", { ...config, normalization: null }],
  ["GELU layers", { ...config, mlp }],
  ["SoLU layers", { ...config, mlp: { dMlp: m, activation: "solu_ln" } }],
  ["rotary positions, parallel", { ...config, mlp, parallel: true, positions: "rotary", rotary }],
] as [string, ModelConfig][])("%s", (_, model) => {
  it.each(["float32", "float64"] as const)(
    "has TransformerLens's hooks and shapes, %s",
    (dtype) => {
      const { names } = graphOf(...forward(model, 12, dtype));
      const shapes = Object.fromEntries([...names].map(([name, value]) => [name, value.shape]));
      expect(shapes).toEqual({
        ...hookShapes(model),
        ...Object.fromEntries(parameterShapes(model)),
        ...ours,
      });
    },
  );
});

describe("the hooks that TransformerLens fires without being asked", () => {
  it.each([
    "a-attn-only-ln",
    "b-attn-only-shortformer",
    "c-gelu-ln",
    "d-solu-ln",
    "e-gpt2",
    "f-pythia",
  ])("%s", async (fixture) => {
    const text = JSON.stringify(await fixtureJson(`${fixture}/config.json`));
    const golden = (await fixtureJson(`${fixture}/golden.json`)) as { hook_names: string[] };
    expect(defaultHooks(parseConfig(text, fixture).config)).toEqual(golden.hook_names);
  });
});
