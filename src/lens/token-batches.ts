import { usageError } from "../errors.js";
import { type Tensor, tensor } from "../graph/index.js";
import { checkTokenIds, type Model, type TokenInput } from "../model/index.js";

/** Numbers that one value of a batch may hold: 32 MiB in float32. */
const largestValue = 2 ** 23;

/** Consecutive sequences of one length. */
export interface TokenBatch {
  readonly rows: readonly Int32Array[];
  /** [batch, position] */
  readonly tokens: Tensor<"int32">;
}

/**
 * Sequences, however they were given, each as its ids.
 *
 * @throws LabError of wrong usage if there is none, and for ids that are not whole numbers.
 */
export function tokenRows(
  tokens: TokenInput | readonly ArrayLike<number>[],
  where: string,
): Int32Array[] {
  const rows: readonly ArrayLike<number>[] = "data" in tokens ? rowsOf(tokens) : tokens;
  if (rows.length === 0) throw usageError(`${where}: expected sequences of tokens, got none`);
  return rows.map((row) => {
    const ids = Array.from(row);
    // An Int32Array would take them modulo 2^32, and drop fractions.
    const bad = ids.find((id) => (id | 0) !== id);
    if (bad === undefined) return Int32Array.from(ids);
    throw usageError(
      `${where}: expected token ids, which are whole numbers below 2^31, got ${bad}`,
    );
  });
}

function rowsOf({ shape, data }: Tensor<"int32">): Int32Array[] {
  const [rows = 0, length = 0] = shape;
  return Array.from({ length: rows }, (_, i) => data.subarray(i * length, (i + 1) * length));
}

/** How large batches are. */
export interface BatchSize {
  /** The most sequences of a batch; left out: up to 64, as memory allows. */
  readonly size?: number | undefined;
  /** Numbers that the largest value of one sequence holds, where that is no attention pattern. */
  readonly numbers?: number;
}

/**
 * Sequences in batches, in order; a batch ends where the length changes, so that sequences of unequal
 * length run one by one.
 *
 * @throws LabError of wrong usage if the size is not a whole number from 1.
 */
export function* tokenBatches(
  model: Model,
  rows: readonly Int32Array[],
  { size, numbers = 0 }: BatchSize = {},
): Generator<TokenBatch> {
  if (size !== undefined && !(Number.isInteger(size) && size > 0)) {
    throw usageError(`batch: expected a whole number of sequences from 1, got ${size}`);
  }
  for (let from = 0; from < rows.length;) {
    const { length } = rows[from] as Int32Array;
    const largest = Math.max(model.config.nHeads * length ** 2, numbers);
    const fitting = Math.floor(largestValue / largest);
    const most = from + (size ?? Math.max(1, Math.min(64, fitting)));
    let to = from + 1;
    while (to < most && rows[to]?.length === length) to++;
    const batch = rows.slice(from, to);
    const data = new Int32Array(batch.length * length);
    batch.forEach((row, i) => data.set(row, i * length));
    yield { rows: batch, tokens: tensor("int32", [batch.length, length], data) };
    from = to;
  }
}

/**
 * Checks sequences against the vocabulary and the context, as programs that do not run through the model
 * need it.
 *
 * @throws LabError of wrong usage for ids and lengths that the model does not have.
 */
export function checkTokens(model: Model, rows: readonly Int32Array[], where: string): void {
  const { dVocab, nCtx } = model.config;
  for (const row of rows) {
    checkTokenIds(row, dVocab, where);
    if (row.length >= 1 && row.length <= nCtx) continue;
    throw usageError(
      `${where}: expected sequences of 1 to ${nCtx} tokens, got ${row.length}`,
      `the context of ${model.name} is that long`,
    );
  }
}
