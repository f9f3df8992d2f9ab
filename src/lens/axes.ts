import { usageError } from "../errors.js";
import type { Shape } from "../graph/index.js";

/** The axes of a hook point that an intervention can choose along. */
export type Axis = "batch" | "position" | "head" | "query" | "key" | "feature";

const perHead = /\.attn\.hook_(q|k|v|z|rot_q|rot_k|result)$|\.hook_(q|k|v)_input$|\.hook_attn_in$/;
const byQuery = /\.attn\.hook_(attn_scores|pattern)$/;

/**
 * Which axis of a hook point is which: [batch, position, head, feature], [batch, head, query, key],
 * or [batch, position, feature].
 */
export function axesOf(name: string): Partial<Record<Axis, number>> {
  if (byQuery.test(name)) return { batch: 0, head: 1, query: 2, key: 3 };
  if (perHead.test(name)) return { batch: 0, position: 1, head: 2, feature: 3 };
  return { batch: 0, position: 1, feature: 2 };
}

/**
 * The axis of a hook point.
 *
 * @throws LabError of wrong usage if the hook point has no such axis.
 */
export function axisNamed(name: string, axis: Axis): number {
  const axes = axesOf(name);
  const index = axes[axis];
  if (index !== undefined) return index;
  throw usageError(
    `${name}: expected one of its axes ${Object.keys(axes).join(", ")}, got ${axis}`,
    axis === "head" ? "per head are q, k, v, z, pattern, attn_scores and result" : undefined,
  );
}

/**
 * An index along an axis, checked.
 *
 * @throws LabError of wrong usage if it lies outside.
 */
export function checkIndex(name: string, axis: Axis, index: number, shape: Shape): number {
  const size = shape[axisNamed(name, axis)];
  const fits = Number.isInteger(index) && index >= 0 && (typeof size !== "number" || index < size);
  if (fits) return index;
  throw usageError(
    `${name}: expected a ${axis} from 0 to ${typeof size === "number" ? size - 1 : "…"}, got ${index}`,
  );
}
