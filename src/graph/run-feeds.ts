import { usageError } from "../errors.js";
import { checkFeed, type Sizes } from "./feed-check.js";
import { type Graph, type NamedValue, valueNamed } from "./graph.js";
import type { FeedInput, GraphFeed } from "./graph-feed.js";
import type { Tensor } from "./tensor.js";
import { type Input, input, type Value } from "./value.js";

/** Computes what replaces a value from the value itself, a copy that it may change in place. */
export type FeedFunction = (value: Tensor) => Tensor | Promise<Tensor>;

/**
 * What replaces a named value: numbers, a computation inside the graph, or a JavaScript function of
 * the value it replaces.
 */
export type Feed = Tensor | GraphFeed | FeedFunction;

/** The feeds of one run, by what they are. */
export interface RunFeeds {
  /** Numbers by what they are for: values that tensors replace, and what computations read. */
  readonly known: Map<Value, Tensor>;
  /** What computes a value in the place of what the graph has for it. */
  readonly replaced: ReadonlyMap<Value, Value>;
  /** The functions, in the order in which a run computes their values. */
  readonly functions: readonly { readonly value: NamedValue; readonly replace: FeedFunction }[];
  /** Names of the computations: runs that differ in no key compute the same. */
  readonly keys: readonly string[];
  readonly sizes: Sizes;
}

/** What a computation of one key builds, and the inputs that it reads. */
interface Replacement {
  readonly by: Value;
  readonly inputs: ReadonlyMap<string, Input>;
}

/** Reads the feeds of a program's runs; each computation among them is built once. */
export class FeedReader {
  readonly #graph: Graph;
  readonly #replacements = new Map<string, Replacement>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /**
   * The feeds of one run.
   *
   * @throws LabError for a name that does not exist, and a feed that does not fit its value.
   */
  read(feeds: Readonly<Record<string, Feed>>): RunFeeds {
    const known = new Map<Value, Tensor>();
    const replaced = new Map<Value, Value>();
    const functions: { value: NamedValue; replace: FeedFunction }[] = [];
    const keys: string[] = [];
    const sizes: Sizes = new Map();
    for (const [name, feed] of Object.entries(feeds)) {
      const value = valueNamed(this.#graph, name);
      if (typeof feed === "function") functions.push({ value, replace: feed });
      else if (isGraphFeed(feed)) {
        const { key, by, inputs } = this.#bind(value, feed);
        replaced.set(value, by);
        keys.push(key);
        for (const [node, tensor] of inputs) {
          known.set(node, checkFeed({ ...node, name }, tensor, sizes));
        }
      } else known.set(value, checkFeed(value, feed, sizes));
    }
    const position = ({ value }: { value: Value }) => this.#graph.order.get(value) as number;
    functions.sort((a, b) => position(a) - position(b));
    return { known, replaced, functions, keys, sizes };
  }

  /** The computation that replaces a value, built once for each key, and the numbers that it reads. */
  #bind(value: NamedValue, feed: GraphFeed) {
    if (value.kind !== "named") {
      throw usageError(
        `feed "${value.name}": expected a tensor for what the graph does not compute, got a change of it`,
      );
    }
    const { key: feedKey, inputs, build } = feed.bind(value);
    const key = `${value.name}=${feedKey}`;
    let replacement = this.#replacements.get(key);
    if (replacement === undefined) {
      const nodes = Object.entries(inputs).map(([name, { tensor, shape }]) => {
        return [name, input(`${key} ${name}`, tensor.dtype, shape)] as const;
      });
      replacement = { by: build(value.of, Object.fromEntries(nodes)), inputs: new Map(nodes) };
      this.#replacements.set(key, replacement);
    }
    const numbers = Array.from(replacement.inputs, ([name, node]) => {
      return [node, (inputs[name] as FeedInput).tensor] as const;
    });
    return { key, by: replacement.by, inputs: numbers };
  }
}

function isGraphFeed(feed: Tensor | GraphFeed): feed is GraphFeed {
  return typeof feed === "object" && feed !== null && "bind" in feed;
}
