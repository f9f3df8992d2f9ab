/** TransformerLens's short names of hook points, such as `pattern` of layer 1 or `k6`. */

/** What of a block a short name belongs to, where the name alone does not say. */
export type BlockPart = "attn" | "mlp" | "ln1" | "ln2" | "ln";

const attentionPoints = new Set([
  "q",
  "k",
  "v",
  "z",
  "rot_q",
  "rot_k",
  "attn_scores",
  "pattern",
  "result",
]);
const mlpPoints = new Set(["pre", "mid", "post"]);
const normPoints = new Set(["scale", "normalized"]);
const embeddings = new Set(["embed", "pos_embed", "tokens"]);

/** Other words for the same points, TransformerLens's and those of the typed accessors. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["attn", "pattern"],
  ["attn_logits", "attn_scores"],
  ["scores", "attn_scores"],
  ["key", "k"],
  ["query", "q"],
  ["value", "v"],
  ["mlp_pre", "pre"],
  ["mlp_mid", "mid"],
  ["mlp_post", "post"],
]);

/**
 * The full name of a hook point: `pattern`, 1 → `blocks.1.attn.hook_pattern`; `resid_post`, 0 →
 * `blocks.0.hook_resid_post`; `scale` → `ln_final.hook_scale`; `scale`, 1, `ln2` →
 * `blocks.1.ln2.hook_scale` (`ln1` where no part is given); `k6` → `blocks.6.attn.hook_k`. Full names,
 * `logits` and `loss` among them, stay as they are. Definition: TransformerLens's `utils.get_act_name`.
 */
export function fullName(name: string, layer?: number, part?: BlockPart): string {
  if (name.includes(".") || name.startsWith("hook_")) return name;
  if (layer === undefined) {
    const compact = /^([a-z_]+?)(\d+)(attn|mlp|ln1|ln2|ln)?$/.exec(name);
    if (compact !== null) {
      return fullName(compact[1] as string, Number(compact[2]), compact[3] as BlockPart);
    }
  }
  const point = synonyms.get(name) ?? name;
  if (layer === undefined) {
    if (normPoints.has(point)) return `ln_final.hook_${point}`;
    return embeddings.has(point) ? `hook_${point}` : name;
  }
  const block = `blocks.${layer}`;
  if (normPoints.has(point)) {
    return `${block}.${part === "ln" ? "mlp.ln" : (part ?? "ln1")}.hook_${point}`;
  }
  if (attentionPoints.has(point)) return `${block}.attn.hook_${point}`;
  if (mlpPoints.has(point)) return `${block}.mlp.hook_${point}`;
  return `${block}.hook_${point}`;
}
