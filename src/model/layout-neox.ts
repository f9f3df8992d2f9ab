import type { WeightSource } from "../weights/index.js";
import type { ModelConfig } from "./config.js";
import type { LensWeights } from "./layout.js";
import { cookWeights, type Recipe, transposed } from "./layout-recipe.js";

/** Masks and angles that Hugging Face's GPT-NeoX saves beside its weights. */
const buffers =
  /^gpt_neox\.layers\.\d+\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$|^gpt_neox\.rotary_emb\.inv_freq$/;

/**
 * Hugging Face's GPT-NeoX files, such as Pythia's: matrices are stored (out, in); of
 * `query_key_value` each head has its own Q, K and V rows, one after the other. Source:
 * transformers' `GPTNeoXModel`.
 */
export function neoxLayout(source: WeightSource, config: ModelConfig): LensWeights {
  const { nLayers, nHeads: h, dModel: d, dHead: e, dVocab, mlp } = config;
  const dMlp = mlp?.dMlp ?? 0;
  const recipes = new Map<string, Recipe>();
  const set = (
    name: string,
    key: string,
    shape: readonly number[],
    from: readonly number[] = shape,
    at?: (i: number) => number,
  ) => recipes.set(name, { key, shape, from, ...(at && { at }) });
  const norm = (name: string, key: string) => {
    set(`${name}.w`, `${key}.weight`, [d]);
    set(`${name}.b`, `${key}.bias`, [d]);
  };

  set("embed.W_E", "gpt_neox.embed_in.weight", [dVocab, d]);
  for (let layer = 0; layer < nLayers; layer++) {
    const [block, stored] = [`blocks.${layer}`, `gpt_neox.layers.${layer}`];
    norm(`${block}.ln1`, `${stored}.input_layernorm`);
    ["Q", "K", "V"].forEach((x, part) => {
      // [(i part e), m] to [i, m, e]
      const weight = (i: number) => {
        const [head, m, column] = [Math.floor(i / (d * e)), Math.floor(i / e) % d, i % e];
        return (head * 3 * e + part * e + column) * d + m;
      };
      const bias = (i: number) => Math.floor(i / e) * 3 * e + part * e + (i % e);
      const qkv = `${stored}.attention.query_key_value`;
      set(`${block}.attn.W_${x}`, `${qkv}.weight`, [h, d, e], [3 * h * e, d], weight);
      set(`${block}.attn.b_${x}`, `${qkv}.bias`, [h, e], [3 * h * e], bias);
    });
    const dense = `${stored}.attention.dense`;
    const [up, down] = [`${stored}.mlp.dense_h_to_4h`, `${stored}.mlp.dense_4h_to_h`];
    set(`${block}.attn.W_O`, `${dense}.weight`, [h, e, d], [d, h * e], transposed(d, h * e));
    set(`${block}.attn.b_O`, `${dense}.bias`, [d]);
    norm(`${block}.ln2`, `${stored}.post_attention_layernorm`);
    set(`${block}.mlp.W_in`, `${up}.weight`, [d, dMlp], [dMlp, d], transposed(dMlp, d));
    set(`${block}.mlp.b_in`, `${up}.bias`, [dMlp]);
    set(`${block}.mlp.W_out`, `${down}.weight`, [dMlp, d], [d, dMlp], transposed(d, dMlp));
    set(`${block}.mlp.b_out`, `${down}.bias`, [d]);
  }
  norm("ln_final", "gpt_neox.final_layer_norm");
  const head = source.names.has("embed_out.weight")
    ? "embed_out.weight"
    : "gpt_neox.embed_in.weight";
  set("unembed.W_U", head, [d, dVocab], [dVocab, d], transposed(dVocab, d));
  return cookWeights(source, recipes, buffers);
}
