import { usageError } from "../errors.js";
import { nearestNames } from "../nearest.js";
import type { ModelConfig } from "./config.js";

/**
 * The hook points that TransformerLens 2.x fires without an option, in its order: what
 * `run_with_cache` returns there.
 */
export function defaultHooks(config: ModelConfig): string[] {
  const { mlp, normalization, positions, parallel } = config;
  const norm = (name: string) =>
    normalization === null ? [] : [`${name}.hook_scale`, `${name}.hook_normalized`];
  const names = positions === "rotary" ? ["hook_embed"] : ["hook_embed", "hook_pos_embed"];
  for (let layer = 0; layer < config.nLayers; layer++) {
    const block = `blocks.${layer}`;
    const attn = ["q", "k", "v", ...(positions === "rotary" ? ["rot_q", "rot_k"] : [])];
    names.push(`${block}.hook_resid_pre`, ...norm(`${block}.ln1`));
    for (const point of [...attn, "attn_scores", "pattern", "z"]) {
      names.push(`${block}.attn.hook_${point}`);
    }
    names.push(`${block}.hook_attn_out`);
    if (mlp !== null) {
      if (!parallel) names.push(`${block}.hook_resid_mid`);
      names.push(...norm(`${block}.ln2`), `${block}.mlp.hook_pre`);
      if (mlp.activation === "solu_ln") {
        names.push(`${block}.mlp.hook_mid`, ...norm(`${block}.mlp.ln`));
      }
      names.push(`${block}.mlp.hook_post`, `${block}.hook_mlp_out`);
    }
    names.push(`${block}.hook_resid_post`);
  }
  return [...names, ...norm("ln_final")];
}

/**
 * The names that a name, a pattern or a predicate means, in the order of `names`. In a pattern `*`
 * stands for any text: `blocks.*.attn.hook_pattern`.
 *
 * @throws LabError of wrong usage that lists the nearest names if nothing matches.
 */
export function matchNames(
  names: readonly string[],
  wanted: string | ((name: string) => boolean),
): string[] {
  if (typeof wanted === "function") {
    const found = names.filter(wanted);
    if (found.length > 0) return found;
    throw usageError("fetch: expected a predicate that some name meets, got one that none does");
  }
  const parts = wanted.split("*").map((part) => part.replace(/[\\^$.+?()[\]{}|]/g, "\\$&"));
  const pattern = new RegExp(`^${parts.join(".*")}$`);
  const found = names.filter((name) => pattern.test(name));
  if (found.length > 0) return found;
  const near = nearestNames(wanted, names);
  throw usageError(
    `unknown value "${wanted}": expected the name of a hook point or a pattern of them`,
    near.length > 0 ? `nearest names: ${near.join(", ")}` : "such as blocks.*.attn.hook_pattern",
  );
}
