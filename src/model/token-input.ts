import { usageError } from "../errors.js";
import { type Tensor, tensor } from "../graph/index.js";
import { checkTokenIds } from "./token-ids.js";

/** Token ids as rows of equal length, or as an int32 tensor [batch, position]. */
export type TokenInput = Tensor<"int32"> | readonly (readonly number[])[];

/**
 * Token ids as a tensor [batch, position].
 *
 * @param where What reads them, as it is named in errors.
 * @throws LabError of wrong usage if there is no sequence, if sequences differ in length, and for ids
 *   outside the vocabulary.
 */
export function tokenTensor(tokens: TokenInput, dVocab: number, where: string): Tensor<"int32"> {
  // Types do not reach a program in JavaScript.
  if (typeof tokens !== "object") {
    const hint = "toTokens gives the ids of a text";
    throw usageError(`${where}: expected token ids, got a ${typeof tokens}`, hint);
  }
  const ids = "data" in tokens ? tokens : fromRows(tokens, dVocab, where);
  if (ids.shape.length !== 2) {
    throw usageError(
      `${where}: expected tokens [batch, position], got shape [${ids.shape.join(", ")}]`,
    );
  }
  // The native build of ONNX Runtime divides by the number of sequences, and ends the process.
  if (ids.shape[0] === 0) throw usageError(`${where}: expected sequences of tokens, got none`);
  if (ids === tokens) checkTokenIds(ids, dVocab, where);
  return ids;
}

function fromRows(
  rows: readonly (readonly number[])[],
  dVocab: number,
  where: string,
): Tensor<"int32"> {
  const length = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== length);
  if (odd >= 0) {
    throw usageError(
      `${where}: expected sequences of equal length, got ${length} and ${rows[odd]?.length} tokens`,
      "run sequences of different length one by one",
    );
  }
  const ids = rows.flat();
  // Before they are an int32 array, which would take them modulo 2^32 and drop fractions.
  checkTokenIds(ids, dVocab, where);
  return tensor("int32", [rows.length, length], ids);
}
