import type { Value } from "./value.js";

/**
 * Everything that some values are computed from, themselves included; each stands after its sources.
 *
 * @param sourcesOf What a value is computed from. Of several, the last and all behind it come first.
 */
export function inOrder(
  values: readonly Value[],
  sourcesOf: (value: Value) => readonly Value[],
): Set<Value> {
  const found = new Set<Value>();
  // A stack of its own: graphs are deeper than calls may be.
  const open = values.map((value) => ({ value, entered: false }));
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { value, entered } = top;
    if (found.has(value)) continue;
    if (entered) {
      found.add(value);
      continue;
    }
    open.push({ value, entered: true });
    for (const source of sourcesOf(value)) open.push({ value: source, entered: false });
  }
  return found;
}
