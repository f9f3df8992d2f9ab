import { LabError, usageError } from "../errors.js";
import { nearestNames } from "../nearest.js";
import { inOrder } from "./order.js";
import { inputsOf, type Input, type Named, type Parameter, type Value } from "./value.js";

/** A value that can be fetched and fed by its name. */
export type NamedValue = Input | Parameter | Named;

/** A graph: everything that its roots are computed from, and the names in it. */
export interface Graph {
  /** All named values, in the order in which a run computes them. */
  readonly names: ReadonlyMap<string, NamedValue>;
  /** All values; each stands after those it is computed from. */
  readonly order: ReadonlyMap<Value, number>;
}

/**
 * The graph of everything that the given values are computed from.
 *
 * @throws LabError if two different values bear the same name.
 */
export function graphOf(...roots: Value[]): Graph {
  const names = new Map<string, NamedValue>();
  const values = inOrder(roots.toReversed(), (value) => inputsOf(value).toReversed());
  for (const value of values) {
    if (value.kind !== "named" && value.kind !== "input" && value.kind !== "parameter") continue;
    if (names.has(value.name)) {
      throw new LabError(`graph: expected one value named "${value.name}", got two`);
    }
    names.set(value.name, value);
  }
  return { names, order: new Map(Array.from(values, (value, i) => [value, i] as const)) };
}

/**
 * The value of that name.
 *
 * @throws LabError with the nearest names if there is none.
 */
export function valueNamed(graph: Graph, name: string): NamedValue {
  const value = graph.names.get(name);
  if (value !== undefined) return value;
  const near = nearestNames(name, [...graph.names.keys()]);
  throw usageError(
    `graph: expected the name of a value, got "${name}"`,
    near.length > 0
      ? `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?`
      : "the graph's names are listed by model.hookNames()",
  );
}
