import { usageError } from "../errors.js";
import {
  castFloat,
  type FloatTensor,
  input,
  named,
  ops,
  parameter,
  type Tensor,
  tensor,
  type Value,
} from "../graph/index.js";
import type { FactoredMatrix } from "../linalg/index.js";
import { checkTokenIds, type Model } from "../model/index.js";
import { runGraph } from "./programs.js";

/** A vocabulary × vocabulary map that is never made whole: rows, a low-rank core, columns. */
export interface VocabularyMap {
  /** The vectors of the row tokens [n, d_model], in the order of `ids`. */
  readonly rows: Tensor;
  /** The tokens of the rows: each row's diagonal element is in the column of its own token. */
  readonly ids: readonly number[];
  /** The map between [d_model, d_model]. */
  readonly core: FactoredMatrix;
  /** What the core's output is compared with: W_U for OV circuits, W_E for QK circuits. */
  readonly columns: "W_U" | "W_E";
}

/** How often a token is first, or among the first five, of its own row. */
export interface DiagonalAccuracy {
  readonly n: number;
  readonly top1: number;
  readonly top5: number;
  /** Place of each token in its own row, 0 the highest. */
  readonly ranks: Int32Array;
}

/** Rows that are multiplied out at once. */
const rowsAtOnce = 256;

/**
 * The place of each token in its own row of a vocabulary × vocabulary map, row by row: top-1
 * accuracy is how often it is the largest. Ties count for the token. Definition: ARENA 3.0, chapter
 * 1.2, "full OV circuit".
 *
 * @throws LabError of wrong usage if rows and ids differ in number.
 */
export async function diagonalRanks(
  model: Model,
  { rows, ids, core, columns }: VocabularyMap,
  onProgress?: (done: number, total: number) => void,
): Promise<DiagonalAccuracy> {
  const { dtype, config } = model;
  const { dModel: d, dVocab } = config;
  if (rows.shape[0] !== ids.length || rows.shape[1] !== d || ids.length === 0) {
    throw usageError(
      `diagonalRanks: expected a row of ${d} numbers for each id, got [${rows.shape.join(", ")}] for ${ids.length} ids`,
    );
  }
  checkTokenIds(ids, dVocab, "diagonalRanks");
  const factor = (m: FactoredMatrix["a"]): Tensor =>
    castFloat(tensor("float64", [m.rows, m.columns], m.data), dtype);
  const rank = core.inner;

  // The columns once: [r, V]; then each piece of rows against them.
  const { columns: table } = await runGraph(
    model,
    `circuit columns ${rank} ${columns}`,
    () => {
      const right = input("right", dtype, [rank, d]);
      const unembed = () => ops.matMul(right, parameter("unembed.W_U", dtype, [d, dVocab]));
      const embed = () => {
        const W_E = parameter("embed.W_E", dtype, [dVocab, d]);
        return ops.transpose(ops.matMul(W_E, ops.transpose(right, [1, 0])), [1, 0]);
      };
      return [named("columns", columns === "W_U" ? unembed() : embed())];
    },
    ["columns"],
    { right: factor(core.b) },
  );
  const build = () => {
    const piece = input("rows", dtype, ["rows", d]);
    const left = input("left", dtype, [d, rank]);
    const map = input("columns", dtype, [rank, dVocab]);
    const own = input("ids", "int32", ["rows", 1]);
    const logits: Value = ops.matMul(ops.matMul(piece, left), map); // [rows, V]
    const above = ops.cast(ops.greater(logits, ops.gatherElements(logits, own)), dtype);
    return [named("ranks", ops.sum(above, 1))];
  };
  const leftFactor = factor(core.a);

  const ranks = new Int32Array(ids.length);
  for (let from = 0; from < ids.length; from += rowsAtOnce) {
    const some = ids.slice(from, from + rowsAtOnce);
    const data = (rows as FloatTensor).data.slice(from * d, (from + some.length) * d);
    const { ranks: found } = await runGraph(model, `circuit ranks ${rank}`, build, ["ranks"], {
      rows: { dtype, shape: [some.length, d], data } as Tensor,
      left: leftFactor,
      columns: table,
      ids: tensor("int32", [some.length, 1], some),
    });
    ranks.set(found.data, from);
    onProgress?.(from + some.length, ids.length);
  }
  const share = (limit: number) => ranks.filter((rank) => rank < limit).length / ids.length;
  return { n: ids.length, top1: share(1), top5: share(5), ranks };
}

/**
 * Rows of W_E: the embeddings of tokens, [n, d_model].
 *
 * @throws LabError of wrong usage for ids outside the vocabulary.
 */
export function embeddings(model: Model, ids: readonly number[]): Tensor {
  const { dModel: d, dVocab } = model.config;
  checkTokenIds(ids, dVocab, "embeddings");
  const { dtype, data } = model.weights.get("embed.W_E") as FloatTensor;
  const rows = data.slice(0, ids.length * d);
  for (const [i, id] of ids.entries()) rows.set(data.subarray(id * d, (id + 1) * d), i * d);
  return { dtype, shape: [ids.length, d], data: rows } as Tensor;
}
