import type { Tensor } from "../../src/graph/index.js";

/**
 * The project's measure of disagreement: max|x − ref| / max(1, max|ref|) over finite entries of the
 * reference; −∞ there must be −∞ here, or lie below −1e4. Infinity where a shape or a −∞ differs.
 */
export function relativeError(x: Tensor, ref: Tensor): number {
  if (x.shape.join() !== ref.shape.join()) return Infinity;
  let worst = 0;
  let scale = 1;
  for (let i = 0; i < ref.data.length; i++) {
    const [value, expected] = [Number(x.data[i]), Number(ref.data[i])];
    if (Number.isFinite(expected)) {
      worst = Math.max(worst, Number.isNaN(value) ? Infinity : Math.abs(value - expected));
      scale = Math.max(scale, Math.abs(expected));
    } else if (!(expected === -Infinity && value < -1e4)) {
      return Infinity;
    }
  }
  return worst / scale;
}
