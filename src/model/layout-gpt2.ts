import type { WeightSource } from "../weights/index.js";
import type { ModelConfig } from "./config.js";
import type { LensWeights } from "./layout.js";
import { cookWeights, type Recipe, transposed } from "./layout-recipe.js";

/** The causal masks that Hugging Face's GPT-2 saves beside its weights. */
const buffers = /^(transformer\.)?h\.\d+\.attn\.(bias|masked_bias)$/;

/**
 * Hugging Face's GPT-2 files, with or without the prefix `transformer.`: matrices are stored
 * (in, out) as ours; `c_attn` holds Q, K and V side by side, each by head. The unembedding is W_E's
 * transpose unless the file has an `lm_head` of its own. Source: transformers' `GPT2Model`.
 */
export function gpt2Layout(source: WeightSource, config: ModelConfig): LensWeights {
  const { nLayers, nHeads: h, dModel: d, dHead: e, nCtx, dVocab, mlp } = config;
  const dMlp = mlp?.dMlp ?? 0;
  const prefix = source.names.has("transformer.wte.weight") ? "transformer." : "";
  const recipes = new Map<string, Recipe>();
  const set = (
    name: string,
    key: string,
    shape: readonly number[],
    from: readonly number[] = shape,
    at?: (i: number) => number,
  ) => recipes.set(name, { key: prefix + key, shape, from, ...(at && { at }) });
  const norm = (name: string, key: string) => {
    set(`${name}.w`, `${key}.weight`, [d]);
    set(`${name}.b`, `${key}.bias`, [d]);
  };

  set("embed.W_E", "wte.weight", [dVocab, d]);
  set("pos_embed.W_pos", "wpe.weight", [nCtx, d]);
  for (let layer = 0; layer < nLayers; layer++) {
    const [block, stored] = [`blocks.${layer}`, `h.${layer}`];
    norm(`${block}.ln1`, `${stored}.ln_1`);
    ["Q", "K", "V"].forEach((x, part) => {
      // [m, (part i e)] to [i, m, e]
      const weight = (i: number) => {
        const [head, m, column] = [Math.floor(i / (d * e)), Math.floor(i / e) % d, i % e];
        return m * 3 * h * e + part * h * e + head * e + column;
      };
      const qkv = `${stored}.attn.c_attn`;
      set(`${block}.attn.W_${x}`, `${qkv}.weight`, [h, d, e], [d, 3 * h * e], weight);
      set(`${block}.attn.b_${x}`, `${qkv}.bias`, [h, e], [3 * h * e], (i) => part * h * e + i);
    });
    set(`${block}.attn.W_O`, `${stored}.attn.c_proj.weight`, [h, e, d], [h * e, d]);
    set(`${block}.attn.b_O`, `${stored}.attn.c_proj.bias`, [d]);
    norm(`${block}.ln2`, `${stored}.ln_2`);
    set(`${block}.mlp.W_in`, `${stored}.mlp.c_fc.weight`, [d, dMlp]);
    set(`${block}.mlp.b_in`, `${stored}.mlp.c_fc.bias`, [dMlp]);
    set(`${block}.mlp.W_out`, `${stored}.mlp.c_proj.weight`, [dMlp, d]);
    set(`${block}.mlp.b_out`, `${stored}.mlp.c_proj.bias`, [d]);
  }
  norm("ln_final", "ln_f");
  const head = source.names.has("lm_head.weight") ? "lm_head.weight" : `${prefix}wte.weight`;
  const unembed = { key: head, shape: [d, dVocab], from: [dVocab, d], at: transposed(dVocab, d) };
  recipes.set("unembed.W_U", unembed);
  return cookWeights(source, recipes, buffers);
}
