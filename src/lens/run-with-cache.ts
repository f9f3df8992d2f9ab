import { usageError } from "../errors.js";
import { type Graph, inputsOf, type Tensor, type Value } from "../graph/index.js";
import {
  defaultHooks,
  matchNames,
  type Model,
  type ModelRunOptions,
  positionRange,
  type Positions,
  type TokenInput,
} from "../model/index.js";
import { ActivationCache } from "./cache.js";

/** A full name, a pattern such as `blocks.*.attn.hook_pattern`, or a predicate of full names. */
export type NamePattern = string | ((name: string) => boolean);

/** What {@link runWithCache} keeps of a run, and what it replaces in it. */
export interface RunWithCacheOptions {
  /** Left out: every hook point that TransformerLens fires by default. */
  readonly names?: NamePattern | readonly NamePattern[];
  /** Where the values are kept; elsewhere they do not leave the session. Left out: everywhere. */
  readonly positions?: Positions;
  readonly feed?: ModelRunOptions<string>["feed"];
}

/**
 * Runs a model on tokens [batch, position] and keeps the values that were asked for, and no other.
 *
 * @example
 * const cache = await runWithCache(model, tokens, { names: "blocks.*.attn.hook_pattern" });
 * cache.pattern(1); // [batch, head, query, key]
 * @throws LabError for names and patterns that mean nothing, and for all that `model.run` refuses.
 */
export async function runWithCache(
  model: Model,
  tokens: TokenInput,
  { names, positions, feed }: RunWithCacheOptions = {},
): Promise<ActivationCache> {
  const length = "data" in tokens ? (tokens.shape[1] as number) : (tokens[0]?.length ?? 0);
  const fetch =
    names === undefined
      ? defaultHooks(model.config)
      : wantedNames((await model.program(length)).graph, names, Object.keys(feed ?? {}));
  const values = await model.run(tokens, {
    fetch,
    ...(feed && { feed }),
    ...(positions !== undefined && { positions }),
  });
  return new ActivationCache({
    model,
    // What was fed is the caller's, who may change it: those numbers are copied.
    values: new Map(fetch.map((name) => [name, owned(values[name] as Tensor, feed !== undefined)])),
    positions: positionRange(positions, [0, length], model.name),
  });
}

function owned(value: Tensor, shared: boolean): Tensor {
  return shared ? ({ ...value, data: value.data.slice() } as Tensor) : value;
}

/** The names that patterns mean among the activations that a run can compute, each once. */
function wantedNames(
  graph: Graph,
  patterns: NamePattern | readonly NamePattern[],
  fed: readonly string[],
): string[] {
  const list =
    typeof patterns === "string" || typeof patterns === "function" ? [patterns] : patterns;
  if (list.length === 0) {
    throw usageError(
      "runWithCache: expected names of values, got an empty list",
      "leave names out",
    );
  }
  const activations = computable(graph, new Set(["tokens", ...fed]));
  return [...new Set(list.flatMap((wanted) => matchNames(activations, wanted)))];
}

/** The names, weights and inputs left out, of values that depend on no input but those that are fed. */
function computable({ order, names }: Graph, fed: ReadonlySet<string>): string[] {
  const missing = new Set<Value>();
  for (const value of order.keys()) {
    if ("name" in value && fed.has(value.name)) continue;
    if (value.kind === "input" || inputsOf(value).some((source) => missing.has(source))) {
      missing.add(value);
    }
  }
  return [...names.values()]
    .filter((value) => value.kind === "named" && !missing.has(value))
    .map(({ name }) => name);
}
