import type * as ort from "onnxruntime-web";
import type { Engine, EngineInfo } from "./engine.js";
import { hostedGraphs } from "./hosted-graphs.js";
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
  const graphs = hostedGraphs({
    store: (store, tensors) => Promise.resolve(host.store(store, tensors)),
    add: (graph, compiled, store) => host.add(graph, compiled, store),
    drop: (store, names) => Promise.resolve(host.drop(store, names)),
    run: (graph, feeds) => host.run(graph, feeds),
    keep: (graph, shapes) => host.keep(graph, shapes),
    release: (graph) => host.release(graph),
  });
  const info: EngineInfo = {
    provider,
    runtime: `onnxruntime-web ${runtime.env.versions.web ?? runtime.env.versions.common}`,
    threads,
    note: null,
  };
  return {
    ...graphs,
    parametersAs: "initializers",
    info: () => Promise.resolve(info),
    close: () => host.close(),
  };
}
