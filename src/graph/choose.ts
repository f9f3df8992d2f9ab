import { usageError } from "../errors.js";
import { inOrder } from "./order.js";
import { type Choice, inputsOf, type Named, type Value } from "./value.js";

/** The names that a run touches. */
export interface Use {
  readonly fetched: ReadonlySet<string>;
  readonly fed: ReadonlySet<string>;
  /** Names with respect to which the run differentiates: they must have their effect, like fed ones. */
  readonly varied: ReadonlySet<string>;
}

/**
 * Answers, for one run, what stands for a choice or a name: the way that the choice takes, and what
 * bears the name, which a feed may have replaced by a computation.
 */
export type Chooser = (value: Choice | Named) => Value;

/**
 * Decides the choices of a graph for the names that a run fetches, feeds and differentiates with
 * respect to: the first way on which each of them that any way has is met.
 */
export class NameReach {
  readonly #reach = new Map<Value, ReadonlySet<string>>();

  /**
   * A chooser for one run; it throws a LabError if two names lie on ways that exclude each other.
   *
   * @param replaced What computes a named value in the place of the value that bears the name.
   */
  chooser(use: Use, replaced: ReadonlyMap<Value, Value> = new Map()): Chooser {
    const made = new Map<Choice, Value>();
    return (choice) => {
      if (choice.kind === "named") return replaced.get(choice) ?? choice.of;
      const way = made.get(choice) ?? this.#choose(choice, use);
      made.set(choice, way);
      return way;
    };
  }

  #choose(choice: Choice, { fetched, fed, varied }: Use): Value {
    const counted = new Set([...fed, ...varied, ...(choice.on === "use" ? fetched : [])]);
    const reaches = choice.ways.map((way) => this.#reachOf(way));
    const wanted = [...counted].filter((name) => reaches.some((reach) => reach.has(name)));
    const index = reaches.findIndex((reach) => wanted.every((name) => reach.has(name)));
    const way = choice.ways[index];
    if (way !== undefined) return way;
    const names = wanted.filter((name) => !reaches.every((reach) => reach.has(name)));
    const [what, hint] = names.some((name) => varied.has(name))
      ? ["feeds and gradients", "fetch their gradients in runs of their own"]
      : ["feeds", "feed one of them"];
    throw usageError(
      `run: expected ${what} that one computation can use, got ${names.map((n) => `"${n}"`).join(" and ")}, which replace each other`,
      hint,
    );
  }

  /** The names of all values that a value is computed from, itself included. */
  #reachOf(value: Value): ReadonlySet<string> {
    const unknown = (values: readonly Value[]) => values.filter((one) => !this.#reach.has(one));
    for (const one of inOrder(unknown([value]), (of) => unknown(inputsOf(of)))) {
      this.#reach.set(one, this.#united(one, inputsOf(one)));
    }
    return this.#reach.get(value) as ReadonlySet<string>;
  }

  /** The names of the sources and the value's own; values that reach the same names share one set. */
  #united(value: Value, sources: readonly Value[]): ReadonlySet<string> {
    const reaches = sources.map((source) => this.#reach.get(source) as ReadonlySet<string>);
    if ("name" in value) reaches.push(new Set([value.name]));
    const [largest = new Set<string>(), ...others] = reaches.sort((a, b) => b.size - a.size);
    const isNew = (name: string) => !largest.has(name);
    if (others.every((reach) => reach === largest || ![...reach].some(isNew))) return largest;
    return new Set(reaches.flatMap((reach) => [...reach]));
  }
}
