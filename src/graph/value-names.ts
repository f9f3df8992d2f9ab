import type { Graph } from "./graph.js";
import type { Value } from "./value.js";

/** A name for every value of a program's runs, the same in all of them: sessions hand values over by it. */
export class ValueNames {
  readonly #graph: Graph;
  /** Of derivatives and of what feeds build, which are not in the graph. */
  readonly #derived = new WeakMap<Value, string>();
  #derivedCount = 0;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** The value's own name, or one that is made up. */
  of(value: Value): string {
    if ("name" in value) return value.name;
    const position = this.#graph.order.get(value);
    if (position !== undefined) return `value at ${position}`;
    const name = this.#derived.get(value) ?? `derived value ${this.#derivedCount++}`;
    this.#derived.set(value, name);
    return name;
  }

  /** Names a derivative as it is fetched; values of the graph keep their names. */
  nameDerived(value: Value, name: string): void {
    if (!this.#graph.order.has(value)) this.#derived.set(value, name);
  }
}
