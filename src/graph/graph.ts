import { LabError } from "../errors.js";
import { nearestNames } from "../nearest.js";
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
  const order = new Map<Value, number>();
  const names = new Map<string, NamedValue>();
  const open = [...roots].reverse().map((value) => ({ value, entered: false }));
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { value, entered } = top;
    if (order.has(value)) continue;
    if (!entered) {
      open.push({ value, entered: true });
      for (const source of [...inputsOf(value)].reverse()) {
        open.push({ value: source, entered: false });
      }
      continue;
    }
    order.set(value, order.size);
    if (value.kind === "named" || value.kind === "input" || value.kind === "parameter") {
      if (names.has(value.name)) {
        throw new LabError(`graph: expected one value named "${value.name}", got two`);
      }
      names.set(value.name, value);
    }
  }
  return { names, order };
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
  throw new LabError(`graph: expected the name of a value, got "${name}"`, {
    hint:
      near.length > 0
        ? `did you mean ${near.map((n) => `"${n}"`).join(" or ")}?`
        : "the graph's names are listed by model.hookNames()",
    exitCode: 2,
  });
}
