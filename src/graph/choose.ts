import { LabError } from "../errors.js";
import { type Choice, inputsOf, type Value } from "./value.js";

/** The names that a run touches. */
export interface Use {
  readonly fetched: ReadonlySet<string>;
  readonly fed: ReadonlySet<string>;
}

/** Answers, for one run, which way each choice of the graph takes. */
export type Chooser = (choice: Choice) => Value;

/**
 * Decides the choices of a graph for the names that a run fetches and feeds: the first way on which
 * each of them that any way has is met.
 */
export class NameReach {
  readonly #reach = new Map<Value, ReadonlySet<string>>();

  /** A chooser for one run; it throws a LabError if two fed names lie on ways that exclude each other. */
  chooser(use: Use): Chooser {
    const made = new Map<Choice, Value>();
    return (choice) => {
      const way = made.get(choice) ?? this.#choose(choice, use);
      made.set(choice, way);
      return way;
    };
  }

  #choose(choice: Choice, { fetched, fed }: Use): Value {
    const counted = choice.on === "use" ? [...fed, ...fetched] : [...fed];
    const reaches = choice.ways.map((way) => this.#reachOf(way));
    const wanted = counted.filter((name) => reaches.some((reach) => reach.has(name)));
    const index = reaches.findIndex((reach) => wanted.every((name) => reach.has(name)));
    const way = choice.ways[index];
    if (way !== undefined) return way;
    const names = wanted.filter((name) => !reaches.every((reach) => reach.has(name)));
    throw new LabError(
      `run: expected feeds that one computation can use, got ${names.map((n) => `"${n}"`).join(" and ")}, which replace each other`,
      { hint: "feed one of them", exitCode: 2 },
    );
  }

  /** The names of all values that a value is computed from, itself included. */
  #reachOf(value: Value): ReadonlySet<string> {
    const known = this.#reach.get(value);
    if (known !== undefined) return known;
    const reach = new Set<string>();
    for (const source of inputsOf(value)) {
      for (const name of this.#reachOf(source)) reach.add(name);
    }
    if ("name" in value) reach.add(value.name);
    this.#reach.set(value, reach);
    return reach;
  }
}
