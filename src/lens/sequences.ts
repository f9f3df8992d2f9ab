import { usageError } from "../errors.js";
import { type Tensor, tensor } from "../graph/index.js";
import type { TokenInput } from "../model/index.js";

/**
 * The ids of one sequence, however it was given.
 *
 * @throws LabError of wrong usage if it is several sequences.
 */
export function oneSequence(tokens: TokenInput | readonly number[], what: string): number[] {
  if ("data" in tokens) {
    if (tokens.shape[0] === 1) return Array.from(tokens.data);
    throw usageError(`${what}: expected one sequence, got ${tokens.shape[0]}`);
  }
  const rows = tokens as readonly (number | readonly number[])[];
  if (rows.every((row) => typeof row === "number")) return [...(rows as readonly number[])];
  if (rows.length === 1) return [...(rows[0] as readonly number[])];
  throw usageError(`${what}: expected one sequence, got ${rows.length}`);
}

/** A batch of the same sequence, `n` times. */
export function repeatedSequence(ids: readonly number[], n: number): Tensor<"int32"> {
  const data = new Int32Array(n * ids.length);
  for (let i = 0; i < n; i++) data.set(ids, i * ids.length);
  return tensor("int32", [n, ids.length], data);
}
