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

/** A value of one sequence [1, …] for a batch of it, `n` times: [n, …]. */
export function repeatRows(value: Tensor | undefined, n: number): Tensor {
  const { dtype, shape, data } = value as Tensor<"float32">;
  const rows = new (data.constructor as Float32ArrayConstructor)(n * data.length);
  for (let i = 0; i < n; i++) rows.set(data, i * data.length);
  return { dtype, shape: [n, ...shape.slice(1)], data: rows } as Tensor;
}
