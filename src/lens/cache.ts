import { LabError, usageError } from "../errors.js";
import type { FloatTensor, Tensor } from "../graph/index.js";
import { nearestNames } from "../nearest.js";
import { type Model, positionRange, type Positions } from "../model/index.js";
import { writeSafetensors } from "../weights/index.js";
import { type BlockPart, fullName } from "./shorthand.js";

/** What an {@link ActivationCache} is made of. */
export interface CacheParts {
  readonly model: Model;
  /** Values by full name; the cache keeps these tensors. */
  readonly values: ReadonlyMap<string, Tensor>;
  /** The positions [from, to) that the values are of. */
  readonly positions: readonly [from: number, to: number];
}

/**
 * Named values of one run, by full name or by TransformerLens's short names. They are the cache's
 * own: whatever else holds the numbers of that run, changing it changes nothing here.
 */
export class ActivationCache {
  readonly model: Model;
  /** The positions [from, to) that are cached: axis 1 of most values, the queries of patterns. */
  readonly positions: readonly [from: number, to: number];
  readonly #values: ReadonlyMap<string, Tensor>;

  constructor({ model, values, positions }: CacheParts) {
    this.model = model;
    this.positions = positions;
    this.#values = values;
  }

  /** The full names of the values, in the order in which they were asked for. */
  names(): string[] {
    return [...this.#values.keys()];
  }

  /** The full name that a short one means in this model; a negative layer counts from the end. */
  fullName(name: string, layer?: number, part?: BlockPart): string {
    const { nLayers } = this.model.config;
    return fullName(name, layer === undefined || layer >= 0 ? layer : nLayers + layer, part);
  }

  /** Whether a value is cached; the name as for {@link get}. */
  has(name: string, layer?: number, part?: BlockPart): boolean {
    return this.#values.has(this.fullName(name, layer, part));
  }

  /**
   * A value by its full name, or by a short one with its layer (negative: from the end) and, for
   * `scale` and `normalized`, the norm: `get("pattern", 1)`, `get("scale", 0, "ln2")`.
   *
   * @throws LabError if it was not cached, which says how to fetch it, or does not exist, with the
   *   nearest names.
   */
  get(name: string, layer?: number, part?: BlockPart): Tensor {
    const full = this.fullName(name, layer, part);
    const value = this.#values.get(full);
    if (value !== undefined) return value;
    const known = this.model.hookNames();
    if (known.includes(full)) {
      throw usageError(
        `cache: expected the name of a cached value, got "${full}", which was not asked for`,
        `runWithCache(model, tokens, { names: ["${full}", …] }) caches it`,
      );
    }
    const near = nearestNames(full, [...this.names(), ...known]);
    throw usageError(
      `cache: expected the name of a value, got "${full}"`,
      near.length > 0
        ? `nearest names: ${[...new Set(near)].join(", ")}`
        : "cache.names() lists what was cached",
    );
  }

  /** A value of real numbers, as {@link get} finds it. @throws LabError if it holds something else. */
  float(name: string, layer?: number, part?: BlockPart): FloatTensor {
    const value = this.get(name, layer, part);
    if (value.dtype === "float32" || value.dtype === "float64") return value as FloatTensor;
    throw new LabError(`cache: expected real numbers, got ${value.dtype} for "${name}"`);
  }

  /**
   * The range [from, to) that `positions` means, in the numbers of the whole sequence.
   *
   * @throws LabError of wrong usage for positions that are not cached.
   */
  range(positions?: Positions): readonly [from: number, to: number] {
    return positionRange(positions, this.positions, "cache");
  }

  /**
   * A safetensors file of all values by their full names; its metadata say which model, weights and
   * positions they are of.
   */
  toSafetensors(): Uint8Array {
    const { name, sha256, processing } = this.model;
    const metadata = new Map([
      ["format", "pt"],
      ["made_by", "induction-lab"],
      ["model", name],
      ["weights_sha256", sha256],
      ["processing", processing.join(",")],
      ["positions", this.positions.join(",")],
    ]);
    return writeSafetensors(this.#values, { metadata });
  }

  /** `hook_embed` [batch, position, d_model]. */
  embed(): FloatTensor {
    return this.float("embed");
  }

  /** `hook_pos_embed` [batch, position, d_model]. */
  posEmbed(): FloatTensor {
    return this.float("pos_embed");
  }

  /** `attn.hook_pattern` [batch, head, query, key]. */
  pattern(layer: number): FloatTensor {
    return this.float("pattern", layer);
  }

  /** `attn.hook_attn_scores` [batch, head, query, key], −∞ where masked. */
  scores(layer: number): FloatTensor {
    return this.float("attn_scores", layer);
  }

  /** `attn.hook_q` [batch, position, head, d_head]. */
  q(layer: number): FloatTensor {
    return this.float("q", layer);
  }

  /** `attn.hook_k` [batch, position, head, d_head]. */
  k(layer: number): FloatTensor {
    return this.float("k", layer);
  }

  /** `attn.hook_v` [batch, position, head, d_head]. */
  v(layer: number): FloatTensor {
    return this.float("v", layer);
  }

  /** `attn.hook_z` [batch, position, head, d_head]. */
  z(layer: number): FloatTensor {
    return this.float("z", layer);
  }

  /** `attn.hook_result` [batch, position, head, d_model], which is cached only where it is asked for. */
  result(layer: number): FloatTensor {
    return this.float("result", layer);
  }

  /** `hook_resid_pre` [batch, position, d_model]. */
  residPre(layer: number): FloatTensor {
    return this.float("resid_pre", layer);
  }

  /** `hook_resid_mid` [batch, position, d_model], where an MLP follows the attention. */
  residMid(layer: number): FloatTensor {
    return this.float("resid_mid", layer);
  }

  /** `hook_resid_post` [batch, position, d_model]. */
  residPost(layer: number): FloatTensor {
    return this.float("resid_post", layer);
  }

  /** `hook_attn_out` [batch, position, d_model]. */
  attnOut(layer: number): FloatTensor {
    return this.float("attn_out", layer);
  }

  /** `hook_mlp_out` [batch, position, d_model]. */
  mlpOut(layer: number): FloatTensor {
    return this.float("mlp_out", layer);
  }

  /** `mlp.hook_pre` [batch, position, d_mlp]. */
  mlpPre(layer: number): FloatTensor {
    return this.float("mlp_pre", layer);
  }

  /** `mlp.hook_post` [batch, position, d_mlp]. */
  mlpPost(layer: number): FloatTensor {
    return this.float("mlp_post", layer);
  }

  /** `hook_scale` [batch, position, 1] of ln_final, or of a norm of a block (ln1 by default). */
  scale(layer?: number, part?: BlockPart): FloatTensor {
    return this.float("scale", layer, part);
  }

  /** `hook_normalized` [batch, position, width] of ln_final, or of a norm of a block (ln1 by default). */
  normalized(layer?: number, part?: BlockPart): FloatTensor {
    return this.float("normalized", layer, part);
  }
}
