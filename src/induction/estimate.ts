import { type Moments, standardDeviation, standardError } from "../stats/index.js";
import type { Estimate } from "./summary.js";

/** Moments as results state them; standard error and deviation are `null` below two values. */
export function estimateOf(moments: Moments): Estimate {
  return {
    n: moments.n,
    mean: moments.mean,
    se: standardError(moments),
    sd: standardDeviation(moments),
  };
}
