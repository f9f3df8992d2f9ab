import { usageError } from "../errors.js";
import { type Chooser, NameReach } from "./choose.js";
import { compile } from "./compile.js";
import { crossing, needed, strip } from "./cut.js";
import type { CompiledGraph, Engine, TensorStore } from "./engine.js";
import { checkFeed, type Sizes } from "./feed-check.js";
import { type Fetch, fetchedValues, fetchNamed, refuseFunctions, useOf } from "./fetch.js";
import { type Graph, graphOf, type NamedValue, valueNamed } from "./graph.js";
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

/** What one run fetches and feeds. */
export interface RunOptions<Name extends string = string> {
  /**
   * Names of the values wanted; a name that is fed too gives what was fed. `grad(OBJECTIVE, NAME)` is
   * the total derivative of a scalar value with respect to any value of real numbers.
   */
  readonly fetch: readonly Name[];
  /** Values to replace, by name. Inputs must be fed; everything else may be. */
  readonly feed: Readonly<Record<string, Feed>>;
}

/**
 * A graph, its weights and the engine that runs it: any named value can be fetched, any can be fed,
 * and gradients are fetched like values.
 */
export class Program {
  readonly graph: Graph;
  readonly #engine: Engine;
  readonly #store: TensorStore;
  readonly #parameters: ReadonlyMap<string, Tensor>;
  readonly #reach = new NameReach();
  readonly #compiled = new Map<string, CompiledGraph>();
  readonly #derived = new Map<string, readonly Value[]>();
  readonly #replacements = new Map<string, Replacement>();
  /** The names of derivatives and of what feeds build, which are not in the graph. */
  readonly #derivedNames = new WeakMap<Value, string>();
  #derivedCount = 0;

  constructor(
    roots: readonly Value[],
    engine: Engine,
    store: TensorStore,
    parameters: ReadonlyMap<string, Tensor>,
  ) {
    this.graph = graphOf(...roots);
    this.#engine = engine;
    this.#store = store;
    this.#parameters = parameters;
  }

  /**
   * Runs the graph. Functions among the feeds cut it: the graph runs up to the value, JavaScript
   * computes the replacement, and the rest runs on; nothing is computed twice. A function that gives
   * back the numbers that it got leaves the run as it is without it.
   *
   * A gradient is that of the computation that this run does: fed values are constants, and it can
   * be taken with respect to them.
   *
   * @throws LabError for a name that does not exist (with the nearest ones), an input that is not
   *   fed, a feed whose element type or shape does not fit, and a gradient that does not exist: of
   *   what is no scalar, with respect to whole numbers or to what the objective does not depend on,
   *   or through a function among the feeds.
   */
  async run<Name extends string>({ fetch, feed }: RunOptions<Name>): Promise<Record<Name, Tensor>> {
    const fetches = fetch.map((name) => fetchNamed(this.graph, name));
    const fed = new Set(Object.keys(feed));
    const sizes: Sizes = new Map();
    const known = new Map<Value, Tensor>();
    const replaced = new Map<Value, Value>();
    const functions: { value: NamedValue; feed: FeedFunction }[] = [];
    const keys: string[] = [];
    for (const [name, replacement] of Object.entries(feed)) {
      const value = valueNamed(this.graph, name);
      if (typeof replacement === "function") functions.push({ value, feed: replacement });
      else if ("bind" in replacement) {
        const { key, by } = this.#replace(value, replacement, known, sizes);
        replaced.set(value, by);
        keys.push(key);
      } else known.set(value, checkFeed(value, replacement, sizes));
    }
    functions.sort((a, b) => this.#position(a.value) - this.#position(b.value));
    const wanting = (): [Chooser, readonly Value[]] => {
      const chooser = this.#reach.chooser(useOf(fetches, fed), replaced);
      const leaves = [...fed].map((name) => valueNamed(this.graph, name));
      const constants = new Set<Value>(leaves.filter((value) => !replaced.has(value)));
      const use = JSON.stringify([fetch, [...fed], keys]);
      return [chooser, this.#wanted(fetches, constants, chooser, use)];
    };

    let [choose, wanted] = wanting();
    const replacing = functions.map(({ value }) => value);
    refuseFunctions(fetches, new Set(known.keys()), replacing, choose);
    const stage = (targets: readonly Value[]) =>
      this.#stage(targets, known, choose, JSON.stringify([fetch, [...fed], keys]));
    for (const [i, { value, feed: replace }] of functions.entries()) {
      const before = this.#original(value);
      const rest = [...wanted, ...functions.slice(i + 1).map((f) => this.#original(f.value))];
      const now = new Set(known.keys());
      const first = needed([before], now, choose);
      const later = new Set([...now, value]);
      const second = needed(rest, later, choose);
      await stage([before, ...crossing(first, second, rest, later, choose)]);
      const original = this.#knownTensor(before, known, choose);
      const given = checkFeed(value, await replace(copyOf(original)), sizes);
      if (sameNumbers(original, given)) {
        // Nothing was replaced, so the rest takes the ways that it takes without this feed.
        fed.delete(value.name);
        [choose, wanted] = wanting();
      } else {
        known.set(value, given);
      }
    }
    await stage(wanted);

    const given = new Set<Tensor>();
    const fetched = wanted.map((value, i) => {
      const tensor = this.#knownTensor(value, known, choose);
      // Two names of one value must not share memory: changing one result would change the other.
      const own = given.has(tensor) ? copyOf(tensor) : tensor;
      given.add(own);
      return [fetch[i], own];
    });
    return Object.fromEntries(fetched) as Record<Name, Tensor>;
  }

  /** Frees the sessions of this program; the next run makes what it needs again. */
  async release(): Promise<void> {
    const compiled = [...this.#compiled.values()];
    this.#compiled.clear();
    await Promise.all(compiled.map((graph) => this.#engine.release(graph)));
  }

  /** The values to compute; derivatives are made once for all runs of the same use. */
  #wanted(
    fetches: readonly Fetch[],
    constants: ReadonlySet<Value>,
    choose: Chooser,
    use: string,
  ): readonly Value[] {
    let values = this.#derived.get(use);
    if (values === undefined) {
      values = fetchedValues(fetches, constants, choose);
      this.#derived.set(use, values);
      for (const [i, value] of values.entries()) {
        if (!this.graph.order.has(value)) this.#derivedNames.set(value, (fetches[i] as Fetch).name);
      }
    }
    return values;
  }

  /** The computation that replaces a value, built once for each key; its inputs become known. */
  #replace(
    value: NamedValue,
    feed: GraphFeed,
    known: Map<Value, Tensor>,
    sizes: Sizes,
  ): Replacement {
    if (value.kind !== "named") {
      throw usageError(
        `feed "${value.name}": expected a tensor for what the graph does not compute, got a change of it`,
      );
    }
    const { key, inputs, build } = feed.bind(value);
    const named = `${value.name}=${key}`;
    let replacement = this.#replacements.get(named);
    if (replacement === undefined) {
      const nodes = Object.entries(inputs).map(([name, { tensor, shape }]) => {
        return [name, input(`${named} ${name}`, tensor.dtype, shape)] as const;
      });
      const by = build(value.of, Object.fromEntries(nodes));
      replacement = { key: named, by, inputs: new Map(nodes) };
      this.#replacements.set(named, replacement);
    }
    for (const [name, node] of replacement.inputs) {
      const { tensor } = inputs[name] as FeedInput;
      known.set(node, checkFeed({ ...node, name: value.name }, tensor, sizes));
    }
    return replacement;
  }

  /** Computes the targets that are not known yet and adds them to what is known. */
  async #stage(
    targets: readonly Value[],
    known: Map<Value, Tensor>,
    choose: Chooser,
    use: string,
  ): Promise<void> {
    const knownValues = new Set(known.keys());
    const missing = new Set(targets.map((value) => strip(value, knownValues, choose)));
    for (const value of missing) {
      if (known.has(value) || value.kind === "parameter" || value.kind === "constant") {
        missing.delete(value);
      }
    }
    if (missing.size === 0) return;
    const name = (value: Value) => ("name" in value ? value.name : this.#nameOf(value));
    const outputs = new Map([...missing].map((value) => [name(value), value]));
    const read = [...needed([...missing], knownValues, choose)];
    for (const value of read) {
      if (value.kind !== "input") continue;
      throw usageError(
        `run: expected "${value.name}" among the feeds, got none`,
        `feed ${value.dtype} [${value.shape.join(", ")}] under that name`,
      );
    }
    const key = JSON.stringify([[...outputs.keys()], [...knownValues].map(name), use]);
    let compiled = this.#compiled.get(key);
    if (compiled === undefined) {
      const knownNames = new Map([...knownValues].map((value) => [value, name(value)]));
      const cut = { targets: outputs, known: knownNames, choose };
      compiled = compile(cut, this.#store, this.#engine.parametersAs);
      this.#compiled.set(key, compiled);
    }
    const tensors = new Map([...known].map(([value, tensor]) => [name(value), tensor]));
    const feeds = Object.fromEntries(
      compiled.inputs.map((input) => [input, tensors.get(input) as Tensor]),
    );
    const results = await this.#engine.run(compiled, feeds);
    for (const [outputName, value] of outputs) {
      known.set(value, results[outputName] as Tensor);
    }
  }

  /** What a named value is before a feed replaces it. */
  #original(value: NamedValue): Value {
    return value.kind === "named" ? value.of : value;
  }

  #knownTensor(value: Value, known: ReadonlyMap<Value, Tensor>, choose: Chooser): Tensor {
    const source = strip(value, new Set(known.keys()), choose);
    if (source.kind === "constant") return copyOf(source.tensor);
    if (source.kind === "parameter" && !known.has(source)) {
      return copyOf(this.#parameters.get(source.name) as Tensor);
    }
    const tensor = known.get(source);
    if (tensor !== undefined) return tensor;
    const name = "name" in source ? source.name : source.kind;
    throw usageError(
      `run: expected numbers for the input "${name}", got a function of it`,
      "feed a tensor",
    );
  }

  /** A name for a value without one, the same in all runs. */
  #nameOf(value: Value): string {
    const position = this.graph.order.get(value);
    if (position !== undefined) return `value at ${position}`;
    const name = this.#derivedNames.get(value) ?? `derived value ${this.#derivedCount++}`;
    this.#derivedNames.set(value, name);
    return name;
  }

  #position(value: Value): number {
    return this.graph.order.get(value) as number;
  }
}

/** What a feed of one key builds, and the inputs that it reads. */
interface Replacement {
  readonly key: string;
  readonly by: Value;
  readonly inputs: ReadonlyMap<string, Input>;
}

function copyOf(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() } as Tensor;
}

function sameNumbers(a: Tensor, b: Tensor): boolean {
  return a.data.every((x: number | bigint, i: number) => Object.is(x, b.data[i]));
}
