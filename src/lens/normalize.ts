import { usageError } from "../errors.js";
import { type FloatTensor, input, named, ops, type Tensor, type Value } from "../graph/index.js";
import { layerNorm } from "../model/layer-norm.js";
import type { ActivationCache } from "./cache.js";
import { reshaped, runGraph } from "./programs.js";
import { blocksBefore, type ResidualStack, stackOf } from "./stack.js";

/** How {@link normalizeStack} treats a stack. */
export interface NormalizeOptions {
  /** Whose norm: of the block that reads the stream there, or, left out, the final one. */
  readonly layer?: number;
  /** By the scale of the run, or by each component's own statistics. */
  readonly scale: "cached" | "own";
  /** Apply LN's weight and bias, where the model has them. */
  readonly affine: boolean;
}

/**
 * Centres each component of a stack and divides it by the cached scale of the norm that reads the
 * stream at `layer` (left out: the final norm), so that normalised components still sum to the
 * normalised stream. LN's own weight and bias are not applied; a model without norms changes nothing.
 * Definition: TransformerLens's `apply_ln_to_stack`.
 *
 * @throws LabError if the scale was not cached, or if the stack is normalised already.
 */
export function applyLnToStack(
  cache: ActivationCache,
  stack: ResidualStack,
  { layer }: { readonly layer?: number } = {},
): Promise<ResidualStack> {
  const at = layer === undefined ? {} : { layer };
  return normalizeStack(cache, stack, { ...at, scale: "cached", affine: false });
}

/** Normalises each component of a stack: (x − mean(x)) / scale, then · w + b if `affine`. */
export async function normalizeStack(
  cache: ActivationCache,
  stack: ResidualStack,
  { layer, scale, affine }: NormalizeOptions,
): Promise<ResidualStack> {
  const { model } = cache;
  const { normalization, dModel, nLayers, eps } = model.config;
  const end = blocksBefore(cache, layer);
  if (normalization === null) return stack;
  if (stack.norm !== null) {
    throw usageError(
      `stack: expected one that is not normalised, got one after ${stack.norm.name}`,
      "make it without applyLn",
    );
  }
  const name = end === nLayers ? "ln_final" : `blocks.${end}.ln1`;
  const withWeights = affine && normalization === "LN";
  const { shape } = stack.values;
  const [components, batch, count] = shape as [number, number, number];
  const feed: Record<string, Tensor> = {
    stack: reshaped(stack.values, [components, batch * count, dModel]),
  };
  if (scale === "cached") feed.scale = scalesOf(cache, name, stack, batch);
  if (withWeights) {
    for (const key of ["w", "b"]) feed[key] = model.weights.get(`${name}.${key}`) as FloatTensor;
  }
  const output = `${scale}${withWeights ? " affine" : ""}`;
  const build = () => {
    const [x, s, w, b] = [
      input("stack", model.dtype, ["components", "rows", dModel]),
      input("scale", model.dtype, ["rows", 1]),
      input("w", model.dtype, [dModel]),
      input("b", model.dtype, [dModel]),
    ] as [Value, Value, Value, Value];
    const unit = ops.div(ops.sub(x, ops.mean(x)), s);
    return [
      named("cached", unit),
      named("cached affine", ops.add(ops.mul(unit, w), b)),
      named("own", layerNorm(x, { kind: "LNPre", eps })),
      named("own affine", layerNorm(x, { kind: "LN", eps, w, b })),
    ];
  };
  const { [output]: values } = await runGraph(model, "normalize", build, [output], feed);
  return {
    ...stack,
    values: reshaped(values as FloatTensor, shape),
    norm: { name, scale, affine: withWeights },
  };
}

/** The scales of a norm at a stack's positions: [rows, 1]. */
function scalesOf(
  cache: ActivationCache,
  name: string,
  { positions }: ResidualStack,
  batch: number,
): FloatTensor {
  const scales = cache.float(`${name}.hook_scale`);
  if (scales.shape[0] !== batch) {
    throw usageError(
      `stack: expected a batch of ${scales.shape[0]} sequences like the cache, got ${batch}`,
    );
  }
  const { values } = stackOf(cache, [{ label: name, value: scales }], positions);
  return reshaped(values, [values.data.length, 1]);
}
