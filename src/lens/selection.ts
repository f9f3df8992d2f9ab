import { usageError } from "../errors.js";
import { type NamedValue, type Shape, sizeOf, type Tensor, tensor } from "../graph/index.js";
import { type Axis, axisNamed, checkIndex } from "./axes.js";

/** Places of a hook point: all that is not named. `{ heads: [1], positions: [3, 4] }` is head 1 at two positions. */
export interface Selection {
  readonly heads?: readonly number[];
  /** Of patterns and scores: the queries. */
  readonly positions?: readonly number[];
  /** Of patterns and scores only. */
  readonly keys?: readonly number[];
  /** Places along the last axis, such as neurons; not of patterns and scores. */
  readonly features?: readonly number[];
}

/** One selection for all sequences of a batch, or one for each. */
export type Selections = Selection | readonly Selection[];

/** Whether a selection says nothing, and so means every place. */
export function isEverything(selections: Selections): boolean {
  checkParts(isMany(selections) ? selections : [selections], "selection");
  return !isMany(selections) && Object.values(selections).every((part) => part === undefined);
}

function isMany(selections: Selections): selections is readonly Selection[] {
  return Array.isArray(selections);
}

/**
 * Which elements of a hook point are selected, as a boolean tensor that broadcasts against it: axes
 * along which nothing is chosen have size 1.
 *
 * @throws LabError of wrong usage for an axis that the hook point does not have, an index outside it,
 *   and an empty list.
 */
export function selectionMask(
  value: Pick<NamedValue, "name" | "shape">,
  selections: Selections,
): { readonly tensor: Tensor<"bool">; readonly shape: Shape } {
  const { name, shape } = value;
  const many = isMany(selections);
  const list = many ? selections : [selections];
  if (list.length === 0) throw usageError(`${name}: expected selections, got none`);
  checkParts(list, name);
  const chosen = new Map<number, Part>();
  for (const part of parts) {
    if (list.some((selection) => selection[part] !== undefined)) {
      chosen.set(axisNamed(name, axisOfPart(name, part)), part);
    }
  }
  const dims = shape.map((dim, axis) => (chosen.has(axis) ? (dim as number) : 1));
  const perItem = sizeOf(dims);
  const data = new Uint8Array(perItem * list.length);
  for (const [item, selection] of list.entries()) {
    const sets = Array.from(chosen, ([axis, part]) => {
      const indices = selection[part];
      if (indices === undefined) return { axis, set: null };
      if (indices.length === 0) throw usageError(`${name}: expected ${part}, got an empty list`);
      const axisName = axisOfPart(name, part);
      return { axis, set: new Set(indices.map((i) => checkIndex(name, axisName, i, shape))) };
    });
    for (let i = 0; i < perItem; i++) {
      const inside = sets.every(({ axis, set }) => set === null || set.has(indexAt(i, dims, axis)));
      data[item * perItem + i] = inside ? 1 : 0;
    }
  }
  const [, ...others] = dims;
  return {
    tensor: tensor("bool", [list.length, ...others], data),
    shape: [many ? (shape[0] as string) : 1, ...others],
  };
}

/** Refuses a misspelt part, which would select everything. */
function checkParts(selections: readonly Selection[], name: string): void {
  const known: readonly string[] = parts;
  const stranger = selections.flatMap(Object.keys).find((part) => !known.includes(part));
  if (stranger === undefined) return;
  throw usageError(`${name}: expected ${known.join(", ")}, got "${stranger}"`);
}

const parts = ["heads", "positions", "keys", "features"] as const;
type Part = (typeof parts)[number];

function axisOfPart(name: string, part: Part): Axis {
  if (part === "heads") return "head";
  if (part === "keys") return "key";
  if (part === "features") return "feature";
  return /hook_(attn_scores|pattern)$/.test(name) ? "query" : "position";
}

/** Index along one axis of the element at a row-major offset. */
function indexAt(offset: number, dims: readonly number[], axis: number): number {
  const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  return Math.floor(offset / inner) % (dims[axis] as number);
}
