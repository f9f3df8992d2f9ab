import type { CompiledGraph, Engine, TensorStore } from "./engine.js";
import type { Tensor } from "./tensor.js";

/** What keeps tensors, graphs and sessions, in this thread or in another one. */
export interface GraphHost {
  /** Keeps tensors beside those that a store has. */
  store(store: number, tensors: ReadonlyMap<string, Tensor>): Promise<void>;
  /** Keeps a graph; one that is to last has its session, and copies of what it holds, afterwards. */
  add(graph: number, compiled: Omit<CompiledGraph, "store">, store: number): Promise<void>;
  /** Forgets tensors of a store. */
  drop(store: number, names: readonly string[]): Promise<void>;
  run(
    graph: number,
    feeds: Readonly<Record<string, Tensor>>,
  ): Promise<Readonly<Record<string, Tensor>>>;
  /** Runs a graph once, keeps its outputs in these shapes beside the tensors of its store, and forgets it. */
  keep(graph: number, shapes: Readonly<Record<string, readonly number[]>>): Promise<void>;
  /** Forgets a graph and frees its session. */
  release(graph: number): Promise<void>;
}

/** A store, and which of its tensors the host has, or is about to have. */
interface Weights {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly sent: Map<string, Promise<void>>;
  /** Those that must stay: some session reads them at each run, or whenever it is made again. */
  readonly needed: Set<string>;
}

/**
 * The part of an engine that is the same wherever its sessions live: each graph and each weight goes to
 * the host once, when it is first needed.
 */
export function hostedGraphs(host: GraphHost): Pick<Engine, "store" | "run" | "keep" | "release"> {
  const stores: Weights[] = [];
  const graphs = new WeakMap<CompiledGraph, Promise<number>>();
  let graphCount = 0;
  let adding: Promise<unknown> = Promise.resolve();

  async function send(name: string, store: number): Promise<void> {
    const { tensors, sent } = stores[store] as Weights;
    let sending = sent.get(name);
    if (sending === undefined) {
      const tensor = tensors.get(name);
      if (tensor === undefined) throw new Error(`engine: no weight is kept under ${name}`);
      sending = host.store(store, new Map([[name, tensor]]));
      sent.set(name, sending);
      sending.catch(() => sent.delete(name));
    }
    await sending;
  }

  /** The host's number of a graph, all that it reads handed over. */
  function ready(graph: CompiledGraph): Promise<number> {
    const made = graphs.get(graph);
    if (made !== undefined) return made;
    // One after the other: what one graph copied may be dropped, and another may need it.
    const making = adding.then(() => add(graph));
    adding = making.catch(() => undefined);
    graphs.set(graph, making);
    making.catch(() => graphs.delete(graph));
    return making;
  }

  async function add({ store, ...compiled }: CompiledGraph): Promise<number> {
    // One by one: a message holds one more copy of what is in it until it is read.
    const { sent, needed } = stores[store.id] as Weights;
    const { shared, held, lasting } = compiled;
    for (const name of lasting ? shared : [...shared, ...held]) needed.add(name);
    for (const name of [...shared, ...held]) await send(name, store.id);
    const id = graphCount++;
    await host.add(id, compiled, store.id);
    const copied = lasting ? held.filter((name) => !needed.has(name)) : [];
    if (copied.length > 0) {
      for (const name of copied) sent.delete(name);
      await host.drop(store.id, copied);
    }
    return id;
  }

  return {
    async store(tensors): Promise<TensorStore> {
      const id = stores.push({ tensors, sent: new Map(), needed: new Set() }) - 1;
      await host.store(id, new Map());
      return { id };
    },
    async run(graph, feeds) {
      return await host.run(await ready(graph), feeds);
    },
    async keep(graph, shapes) {
      const { sent } = stores[graph.store.id] as Weights;
      const keeping = host.keep(await ready(graph), shapes);
      // The host has let go of it, or does so now.
      graphs.delete(graph);
      for (const { name } of graph.outputs) {
        sent.set(name, keeping);
        keeping.catch(() => sent.delete(name));
      }
      await keeping;
    },
    async release(graph) {
      const made = graphs.get(graph);
      if (made === undefined) return;
      graphs.delete(graph);
      await host.release(await made);
    },
  };
}
