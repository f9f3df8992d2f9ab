// @ts-check
/**
 * Sessions over ONNX Runtime's JavaScript API, which `onnxruntime-node` and `onnxruntime-web` share.
 * Plain JavaScript, because a worker thread loads it as it stands, from `src` in tests and from
 * `dist` in the package.
 *
 * @import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web"
 * @import { CompiledGraph } from "./engine.js"
 * @import { Tensor } from "./tensor.js"
 */

/**
 * @typedef {object} HostOptions
 * @property {"cpu" | "wasm" | "webgpu"} provider
 * @property {number} threads
 * @property {number} maxSessions sessions that live at once; the least recently used goes first, but none that is to last
 */

/**
 * @typedef {object} Host
 * @property {(id: number, tensors: ReadonlyMap<string, Tensor>) => void} store keeps weights, beside those that a store has
 * @property {(id: number, graph: Omit<CompiledGraph, "store">, storeId: number) => Promise<void>} add keeps a graph; one that is to last gets its session, which copies what it holds
 * @property {(id: number, names: readonly string[]) => void} drop forgets weights of a store
 * @property {(id: number, feeds: Readonly<Record<string, Tensor>>) => Promise<Record<string, Tensor>>} run
 * @property {(id: number, shapes: Readonly<Record<string, readonly number[]>>) => Promise<void>} keep runs a graph without inputs, keeps its outputs as weights of its store, in these shapes, and forgets the graph
 * @property {(id: number) => Promise<void>} release forgets a graph and frees its session
 * @property {() => Promise<void>} close
 */

const nativeSettings = {
  // Threads that spin while they wait slow each other down as soon as another program runs.
  intra_op: { allow_spinning: "0" },
  // The exponentials of masked scores are denormal numbers, which the CPU computes in microcode: a
  // causal softmax takes three times as long with them.
  set_denormal_as_zero: "1",
};

/**
 * Makes the host of one engine.
 *
 * @param {typeof import("onnxruntime-web")} ort
 * @param {HostOptions} options
 * @returns {Host}
 */
export function createHost(ort, { provider, threads, maxSessions }) {
  /** @type {Map<number, Map<string, OrtTensor>>} */
  const stores = new Map();
  /** @type {Map<number, { graph: Omit<CompiledGraph, "store">, storeId: number }>} */
  const graphs = new Map();
  /** In order of use, the least recently used first. @type {Map<number, InferenceSession>} */
  const sessions = new Map();
  /** A session cannot run twice at once. @type {Promise<unknown>} */
  let queue = Promise.resolve();

  /** @param {Tensor} tensor @returns {OrtTensor} */
  const toOrt = ({ dtype, data, shape }) => new ort.Tensor(dtype, /** @type {any} */ (data), shape);

  /** @param {number} id @returns {Promise<InferenceSession>} */
  async function open(id) {
    const live = sessions.get(id);
    if (live !== undefined) {
      sessions.delete(id);
      sessions.set(id, live);
      return live;
    }
    for (const [oldest, session] of sessions) {
      if (sessions.size < maxSessions) break;
      if (graphs.get(oldest)?.graph.lasting) continue;
      sessions.delete(oldest);
      await session.release();
    }
    const { graph, storeId } = required(graphs, id);
    const store = required(stores, storeId);
    const session = await ort.InferenceSession.create(graph.bytes, {
      executionProviders: [provider],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      ...(provider === "cpu" && { extra: { session: nativeSettings } }),
      ...(graph.held.length > 0 && {
        externalData: graph.held.map((path) => {
          const { buffer, byteOffset, byteLength } = /** @type {Float32Array} */ (
            required(store, path).data
          );
          return { path, data: new Uint8Array(buffer, byteOffset, byteLength) };
        }),
      }),
    });
    sessions.set(id, session);
    return session;
  }

  /** @param {number} id @param {Readonly<Record<string, Tensor>>} feeds */
  async function run(id, feeds) {
    const session = await open(id);
    const { graph, storeId } = required(graphs, id);
    /** @type {Record<string, OrtTensor>} */
    const inputs = {};
    for (const name of graph.shared) inputs[name] = required(required(stores, storeId), name);
    for (const name of graph.inputs) inputs[name] = toOrt(/** @type {Tensor} */ (feeds[name]));
    const results = await session.run(inputs);
    /** @type {Record<string, Tensor>} */
    const outputs = {};
    for (const { name, dtype } of graph.outputs) {
      const result = /** @type {OrtTensor} */ (results[name]);
      const { data: given } = /** @type {any} */ (result);
      // A view on memory of the runtime's could neither be transferred nor kept.
      const data = given.byteLength === given.buffer.byteLength ? given : given.slice();
      outputs[name] = /** @type {any} */ ({ dtype, shape: [...result.dims], data });
      result.dispose();
    }
    return outputs;
  }

  /** @template T @param {() => Promise<T>} task @returns {Promise<T>} */
  function inTurn(task) {
    const result = queue.then(task);
    queue = result.catch(() => undefined);
    return result;
  }

  return {
    store(id, tensors) {
      const kept = stores.get(id) ?? new Map();
      for (const [name, tensor] of tensors) kept.set(name, toOrt(tensor));
      stores.set(id, kept);
    },
    async add(id, graph, storeId) {
      graphs.set(id, { graph, storeId });
      try {
        if (graph.lasting) await inTurn(() => open(id));
      } catch (error) {
        graphs.delete(id);
        throw error;
      }
    },
    drop(id, names) {
      for (const name of names) required(stores, id).delete(name);
    },
    run: (id, feeds) => inTurn(() => run(id, feeds)),
    async keep(id, shapes) {
      const { storeId } = required(graphs, id);
      try {
        const outputs = await inTurn(() => run(id, {}));
        const shaped = Object.entries(outputs).map(([name, tensor]) => {
          return /** @type {const} */ ([name, { ...tensor, shape: shapes[name] ?? tensor.shape }]);
        });
        this.store(storeId, new Map(shaped));
      } finally {
        // It will not run again, and it holds the memory of all that it needed on the way.
        await this.release(id);
      }
    },
    release: (id) =>
      inTurn(async () => {
        const session = sessions.get(id);
        sessions.delete(id);
        graphs.delete(id);
        await session?.release();
      }),
    close: () =>
      inTurn(async () => {
        for (const session of sessions.values()) await session.release();
        sessions.clear();
        stores.clear();
        graphs.clear();
      }),
  };
}

/**
 * @template K, V
 * @param {Map<K, V>} map
 * @param {K} key
 * @returns {V}
 */
function required(map, key) {
  const value = map.get(key);
  if (value === undefined) throw new Error(`engine: nothing is kept under ${String(key)}`);
  return value;
}
