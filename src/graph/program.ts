import { usageError } from "../errors.js";
import { type Chooser, NameReach } from "./choose.js";
import { compile } from "./compile.js";
import { crossing, needed, strip } from "./cut.js";
import type { CompiledGraph, Engine, TensorStore } from "./engine.js";
import { checkFeed } from "./feed-check.js";
import { type Fetch, fetchedValues, fetchNamed, refuseFunctions, useOf } from "./fetch.js";
import { type Graph, graphOf, type NamedValue, valueNamed } from "./graph.js";
import { type Feed, FeedReader } from "./run-feeds.js";
import type { Tensor } from "./tensor.js";
import type { Value } from "./value.js";
import { ValueNames } from "./value-names.js";

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
  readonly #fetched = new Map<string, readonly Value[]>();
  readonly #feeds: FeedReader;
  readonly #names: ValueNames;

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
    this.#feeds = new FeedReader(this.graph);
    this.#names = new ValueNames(this.graph);
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
    const { known, replaced, functions, keys, sizes } = this.#feeds.read(feed);
    const fed = new Set(Object.keys(feed));
    const use = () => JSON.stringify([fetch, [...fed], keys]);
    const wanting = (): [Chooser, readonly Value[]] => {
      const chooser = this.#reach.chooser(useOf(fetches, fed), replaced);
      const leaves = [...fed].map((name) => valueNamed(this.graph, name));
      const constants = new Set<Value>(leaves.filter((value) => !replaced.has(value)));
      return [chooser, this.#wanted(fetches, constants, chooser, use())];
    };

    let [choose, wanted] = wanting();
    const replacing = functions.map(({ value }) => value);
    refuseFunctions(fetches, new Set(known.keys()), replacing, choose);
    const stage = (targets: readonly Value[]) => this.#stage(targets, known, choose, use());
    for (const [i, { value, replace }] of functions.entries()) {
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
    let values = this.#fetched.get(use);
    if (values === undefined) {
      values = fetchedValues(fetches, constants, choose);
      this.#fetched.set(use, values);
      for (const [i, { name }] of fetches.entries()) {
        this.#names.nameDerived(values[i] as Value, name);
      }
    }
    return values;
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
    const name = (value: Value) => this.#names.of(value);
    const outputs = new Map([...missing].map((value) => [name(value), value]));
    for (const value of needed([...missing], knownValues, choose)) {
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
}

function copyOf(tensor: Tensor): Tensor {
  return { ...tensor, data: tensor.data.slice() } as Tensor;
}

function sameNumbers(a: Tensor, b: Tensor): boolean {
  return a.data.every((x: number | bigint, i: number) => Object.is(x, b.data[i]));
}
