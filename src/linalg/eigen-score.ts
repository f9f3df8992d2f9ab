import { LabError } from "../errors.js";
import type { Eigenvalues } from "./eigenvalues.js";

/**
 * Eigenvalue copying score Σ Re λ / Σ |λ|, from −1 to 1, near 1 where a map copies: Elhage et al.,
 * "A Mathematical Framework for Transformer Circuits" (2021), for the full OV map W_E W_V W_O W_U
 * or the QK map through a previous-token head.
 *
 * @throws LabError if all eigenvalues are zero (there is nothing to compare) or one is not finite.
 */
export function eigenvalueScore({ real, imaginary }: Eigenvalues): number {
  let sum = 0;
  let sizes = 0;
  for (let i = 0; i < real.length; i++) {
    sum += real[i]!;
    sizes += Math.hypot(real[i]!, imaginary[i]!);
  }
  if (!(sizes > 0 && sizes < Infinity)) {
    throw new LabError(
      `eigenvalueScore: expected finite eigenvalues, not all of them 0, got Σ|λ| = ${sizes}`,
      { hint: "A zero matrix neither copies nor anticopies: leave its head out." },
    );
  }
  return sum / sizes;
}

/**
 * Share of the values above zero, from 0 to 1: of the real parts of eigenvalues, or of the diagonal
 * of an OV map (how many tokens raise themselves).
 *
 * @throws LabError if there is no value, or if one is NaN.
 */
export function positiveShare(values: ArrayLike<number>): number {
  let positive = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) {
      throw new LabError(`positiveShare: expected numbers, got NaN at place ${i}`);
    }
    if (value > 0) positive++;
  }
  if (values.length === 0) throw new LabError("positiveShare: expected a value, got none");
  return positive / values.length;
}
