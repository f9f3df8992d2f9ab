/** What a run can fetch: a named value, or a derivative by the name `grad(OBJECTIVE, NAME)`. */
import { usageError } from "../errors.js";
import type { Chooser, Use } from "./choose.js";
import { dependencies } from "./cut.js";
import { gradients } from "./gradient.js";
import { type Graph, type NamedValue, valueNamed } from "./graph.js";
import type { Value } from "./value.js";

/** One thing that a run fetches. */
export interface Fetch {
  /** The name as the caller wrote it. */
  readonly name: string;
  readonly value: NamedValue;
  /** The scalar whose derivative with respect to `value` is fetched; `null` if it is `value` itself. */
  readonly objective: NamedValue | null;
}

/**
 * What a name means, such as `logits` or `grad(loss, blocks.0.attn.hook_z)`.
 *
 * @throws LabError with the nearest names if there is none of it in the graph.
 */
export function fetchNamed(graph: Graph, name: string): Fetch {
  if (graph.names.has(name) || !name.includes("(")) {
    return { name, value: valueNamed(graph, name), objective: null };
  }
  const [, objective, value] = /^grad\(([^(),]+),([^(),]+)\)$/.exec(name) ?? [];
  if (objective === undefined || value === undefined) {
    throw usageError(
      `fetch: expected grad(OBJECTIVE, NAME), got "${name}"`,
      "such as grad(loss, hook_embed)",
    );
  }
  return {
    name,
    value: valueNamed(graph, value.trim()),
    objective: valueNamed(graph, objective.trim()),
  };
}

/** The names that a run touches, for the ways that it takes. */
export function useOf(fetches: readonly Fetch[], fed: ReadonlySet<string>): Use {
  const fetched = fetches.map(({ value, objective }) => (objective ?? value).name);
  const varied = fetches.flatMap(({ value, objective }) => (objective ? [value.name] : []));
  return { fetched: new Set(fetched), fed, varied: new Set(varied) };
}

/**
 * The value of each fetch. Derivatives of one objective share everything that they have in common.
 *
 * @param known The values that feeds replace.
 * @throws LabError if a gradient does not exist.
 */
export function fetchedValues(
  fetches: readonly Fetch[],
  known: ReadonlySet<Value>,
  choose: Chooser,
): Value[] {
  const variables = new Map<Value, Set<Value>>();
  for (const { objective, value } of fetches) {
    if (objective === null) continue;
    variables.set(objective, (variables.get(objective) ?? new Set()).add(value));
  }
  const derived = new Map(
    [...variables].map(([objective, values]) => {
      const derivatives = gradients(objective, [...values], { choose, known });
      return [objective, new Map([...values].map((value, i) => [value, derivatives[i] as Value]))];
    }),
  );
  return fetches.map(({ objective, value }) =>
    objective === null ? value : (derived.get(objective)?.get(value) as Value),
  );
}

/**
 * Refuses a gradient whose way leads through a JavaScript function.
 *
 * @param fed The values that tensors replace.
 * @param functions The values that functions replace.
 */
export function refuseFunctions(
  fetches: readonly Fetch[],
  fed: ReadonlySet<Value>,
  functions: readonly NamedValue[],
  choose: Chooser,
): void {
  for (const { name, objective, value } of fetches) {
    if (objective === null || functions.length === 0) continue;
    const before = dependencies(objective, fed, choose);
    for (const replaced of functions) {
      if (replaced === value || !before.has(replaced)) continue;
      if (!dependencies(replaced, fed, choose).has(value)) continue;
      throw usageError(
        `${name}: expected no function between the two, got one as the feed of "${replaced.name}"`,
        "a function is not differentiated; feed the tensor that it returns, which counts as a constant",
      );
    }
  }
}
