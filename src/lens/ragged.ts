import { usageError } from "../errors.js";
import { sizeOf, type Tensor, tensor } from "../graph/index.js";
import type { Model } from "../model/index.js";
import { axesOf } from "./axes.js";

/** Values that exist once for a batch, or of its last column, and so mean nothing for padded rows. */
const ofTheBatch: Readonly<Record<string, string>> = {
  loss: "loss_per_token",
  last_logits: "logits",
  logOdds: "logits",
  targetLogits: "logits",
};

/**
 * Runs sequences of unequal length in one batch and gives each its own values, as if it had run
 * alone: shorter ones are padded at the end, where causal attention keeps the padding out of what
 * stands before it, and what belongs to the padding is cut off.
 *
 * @returns One record per row; its tensors have a batch of 1.
 * @throws LabError of wrong usage for an empty row and for values of a whole batch, such as `loss`.
 */
export async function runRows<Name extends string>(
  model: Model,
  rows: readonly (readonly number[])[],
  { fetch }: { readonly fetch: readonly Name[] },
): Promise<Record<Name, Tensor>[]> {
  for (const name of fetch) {
    const instead = ofTheBatch[name];
    if (instead === undefined) continue;
    throw usageError(
      `runRows: expected values of single positions, got ${name}`,
      `fetch ${instead}`,
    );
  }
  const empty = rows.findIndex((row) => row.length === 0);
  if (rows.length === 0 || empty >= 0) {
    const got = rows.length === 0 ? "no rows" : `none in row ${empty}`;
    throw usageError(`runRows: expected at least one token in each row, got ${got}`);
  }
  const longest = Math.max(...rows.map((row) => row.length));
  const padded = rows.flatMap((row) => [...row, ...Array<number>(longest - row.length).fill(0)]);
  const tokens = tensor("int32", [rows.length, longest], padded);
  const values = await model.run(tokens, { fetch });
  return rows.map(({ length }, row) =>
    Object.fromEntries(
      fetch.map((name) => [name, ofRow(name, values[name], row, longest - length)]),
    ),
  ) as Record<Name, Tensor>[];
}

/** One row of a batch, without what belongs to its `surplus` last positions. */
function ofRow(name: string, value: Tensor, row: number, surplus: number): Tensor {
  const { position, query, key } = axesOf(name);
  const inner = value.shape.slice(1);
  const kept = inner.map((size, i) =>
    [position, query, key].includes(i + 1) ? size - surplus : size,
  );
  const size = sizeOf(inner);
  const source = value.data.subarray(row * size, (row + 1) * size);
  const data = source.slice(0, sizeOf(kept));
  for (let i = 0; i < data.length; i++) {
    let [rest, offset, stride] = [i, 0, 1];
    for (let axis = kept.length - 1; axis >= 0; axis--) {
      const width = kept[axis] as number;
      offset += (rest % width) * stride;
      rest = Math.floor(rest / width);
      stride *= inner[axis] as number;
    }
    data[i] = source[offset] as never;
  }
  return { ...value, shape: [1, ...kept], data } as Tensor;
}
