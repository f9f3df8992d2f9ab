import type * as ort from "onnxruntime-web";
import type { CompiledGraph, Engine, EngineInfo, TensorStore } from "./engine.js";
import { createHost } from "./ort-host.js";

/** Options of {@link webEngine}. */
export interface WebEngineOptions {
  /**
   * ONNX Runtime's web build, such as the module `onnxruntime-web/wasm`; its `env.wasm.wasmPaths` is
   * the caller's to set.
   */
  readonly runtime: typeof ort;
  /** `wasm` (the default), or `webgpu` where a real adapter exists. */
  readonly provider?: "wasm" | "webgpu";
  /** More than 1 needs a page that is cross-origin isolated; 1 by default. */
  readonly threads?: number;
}

/** Sessions that live at once in a browser: each holds its own copy of the weights. */
const maxSessions = 3;

/** The engine for browsers; it computes in the thread that made it, which should be a worker. */
export function webEngine({ runtime, provider = "wasm", threads = 1 }: WebEngineOptions): Engine {
  runtime.env.wasm.numThreads = threads;
  const host = createHost(runtime, { provider, threads, maxSessions });
  const graphs = new WeakMap<CompiledGraph, number>();
  let graphCount = 0;
  let storeCount = 0;
  const info: EngineInfo = {
    provider,
    runtime: `onnxruntime-web ${runtime.env.versions.web ?? runtime.env.versions.common}`,
    threads,
    note: null,
  };
  return {
    parametersAs: "initializers",
    info: () => Promise.resolve(info),
    store(tensors): Promise<TensorStore> {
      const id = storeCount++;
      host.store(id, tensors);
      return Promise.resolve({ id });
    },
    run(graph, feeds) {
      let id = graphs.get(graph);
      if (id === undefined) {
        id = graphCount++;
        graphs.set(graph, id);
        host.add(id, graph, graph.store.id);
      }
      return host.run(id, feeds);
    },
    close: () => host.close(),
  };
}
