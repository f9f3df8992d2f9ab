import { choice, constant, named, ops, tensor, type Value } from "../graph/index.js";

/** A normalisation over d_model: LN with weight and bias, LNPre without, or none. */
export type Norm =
  | { readonly kind: "LN"; readonly eps: number; readonly w: Value; readonly b: Value }
  | { readonly kind: "LNPre" | null; readonly eps: number };

/**
 * Layer normalisation over the last axis: c = x − mean(x), scale = √(mean(c²) + eps), c / scale · w + b.
 * With a name, `<name>.hook_scale` […, 1] and `<name>.hook_normalized` (after w and b) are named as in
 * TransformerLens. One fused kernel computes it in float32, unless the scale is fetched or fed.
 */
export function layerNorm(x: Value, norm: Norm, name?: string): Value {
  if (norm.kind === null) return x;
  const hook = (point: string, value: Value) =>
    name === undefined ? value : named(`${name}.${point}`, value);
  const centred = ops.sub(x, ops.mean(x));
  const variance = ops.mean(ops.mul(centred, centred));
  const scale = hook("hook_scale", ops.sqrt(ops.add(variance, norm.eps)));
  const unit = ops.div(centred, scale);
  const byHand = norm.kind === "LN" ? ops.add(ops.mul(unit, norm.w), norm.b) : unit;
  if (x.dtype !== "float32") return hook("hook_normalized", byHand);

  const d = x.shape.at(-1) as number;
  const fused =
    norm.kind === "LN"
      ? ops.fusedLayerNorm(x, norm.w, norm.b, norm.eps)
      : ops.fusedLayerNorm(x, constant(tensor("float32", [d], Array(d).fill(1))), null, norm.eps);
  return hook("hook_normalized", choice("use", fused, byHand));
}
