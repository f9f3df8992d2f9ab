import { LabError } from "../errors.js";
import { philox4x32 } from "../random/index.js";
import { type Matrix, matrix } from "./matrix.js";

/** Which random matrix is meant: the same address gives the same matrix, in any order of calls. */
export interface MatrixAddress {
  /** The two words of the Philox key, 32 bits each. */
  readonly key: readonly [number, number];
  /** The last two words of the counter, 32 bits each; the first two count within the matrix. */
  readonly tail: readonly [number, number];
}

/**
 * A random matrix [rows, columns] with PyTorch's Kaiming-uniform initialisation of a linear layer
 * (He, Zhang, Ren and Sun 2015, with a = √5): uniform between ±1/√columns, columns being the fan-in.
 *
 * @throws LabError if a size is no whole number above 0, or if a word of the address is none of 32
 *   bits.
 */
export function kaimingUniform(rows: number, columns: number, address: MatrixAddress): Matrix {
  for (const word of [...address.key, ...address.tail]) {
    if (word >>> 0 !== word) {
      throw new LabError(`kaimingUniform: expected integers from 0 to 2^32 - 1, got ${word}`);
    }
  }
  const out = matrix(rows, columns);
  const bound = 1 / Math.sqrt(columns);
  const words = new Uint32Array(4);
  const { length } = out.data;
  for (let block = 0; block * 4 < length; block++) {
    philox4x32([block, 0, address.tail[0], address.tail[1]], address.key, words);
    for (let at = block * 4; at < Math.min(block * 4 + 4, length); at++) {
      // In the middle of one of 2^32 equal steps, so that neither bound nor 0 is favoured.
      out.data[at] = bound * ((words[at % 4]! + 0.5) * 2 ** -31 - 1);
    }
  }
  return out;
}
