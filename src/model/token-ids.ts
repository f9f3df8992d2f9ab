import { usageError } from "../errors.js";
import type { Tensor } from "../graph/index.js";

/**
 * Checks token ids: out of range, the runtime would read another token, or stop in the middle.
 *
 * @param what What they are, as it is named in the error.
 * @throws LabError of wrong usage for an id outside the vocabulary.
 */
export function checkTokenIds(
  ids: ArrayLike<number> | Tensor<"int32">,
  dVocab: number,
  what: string,
): void {
  const list = "data" in ids ? ids.data : ids;
  for (let i = 0; i < list.length; i++) {
    const id = list[i] as number;
    if (Number.isInteger(id) && id >= 0 && id < dVocab) continue;
    throw usageError(
      `${what}: expected token ids 0 to ${dVocab - 1}, got ${id}`,
      `the vocabulary has ${dVocab} tokens`,
    );
  }
}
