/**
 * Cutting a graph: what must be computed for some targets when some values are known already.
 * "Known" values are those that are fed, or that an earlier stage of the same run has computed.
 */
import type { Chooser } from "./choose.js";
import { inOrder } from "./order.js";
import { inputsOf, type Value } from "./value.js";

/** A value as it is computed: names and choices followed down, until a known value or a real node. */
export function strip(value: Value, known: ReadonlySet<Value>, choose: Chooser): Value {
  for (let v = value; ;) {
    if (known.has(v)) return v;
    if (v.kind === "named" || v.kind === "choice") v = choose(v);
    else return v;
  }
}

/** All nodes that the targets need, known ones left out; each stands after those it reads. */
export function needed(
  targets: readonly Value[],
  known: ReadonlySet<Value>,
  choose: Chooser,
): Set<Value> {
  const unknown = (values: readonly Value[]) =>
    values.map((value) => strip(value, known, choose)).filter((value) => !known.has(value));
  return inOrder(unknown(targets), (value) => unknown(inputsOf(value)));
}

/**
 * The values that the first part computes and the second part reads too: handing them over saves
 * computing them again. Both parts are sets that {@link needed} returned.
 */
export function crossing(
  first: ReadonlySet<Value>,
  second: ReadonlySet<Value>,
  secondTargets: readonly Value[],
  known: ReadonlySet<Value>,
  choose: Chooser,
): Value[] {
  const read = new Set(secondTargets.map((value) => strip(value, known, choose)));
  for (const value of second) {
    if (first.has(value)) continue;
    for (const source of inputsOf(value)) read.add(strip(source, known, choose));
  }
  return [...first].filter((value) => value.kind === "operation" && read.has(value));
}

/** All values that a value depends on in one run, itself included; each stands after its sources. */
export function dependencies(
  of: Value,
  known: ReadonlySet<Value>,
  choose: Chooser,
): ReadonlySet<Value> {
  return inOrder([of], (value) => sourcesOf(value, known, choose));
}

/** What a value is computed from in one run. Names stay: the derivative at a name is its own. */
export function sourcesOf(
  value: Value,
  known: ReadonlySet<Value>,
  choose: Chooser,
): readonly Value[] {
  if (known.has(value)) return [];
  switch (value.kind) {
    case "input":
    case "parameter":
    case "constant":
      return [];
    case "named":
    case "choice":
      return [choose(value)];
    case "operation":
      return value.inputs;
  }
}
