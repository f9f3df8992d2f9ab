import type { OnnxValueInfo } from "./onnx-bytes.js";
import type { Tensor } from "./tensor.js";

/** What computes, for provenance: every result names it. */
export interface EngineInfo {
  /** ONNX Runtime's execution provider. */
  readonly provider: "cpu" | "wasm" | "webgpu";
  /** Package and version, such as `onnxruntime-node 1.30.0`. */
  readonly runtime: string;
  readonly threads: number;
  /** Why this is not the engine one would expect, or `null`. */
  readonly note: string | null;
}

/** Weights that an engine keeps, for all sessions of a model. */
export interface TensorStore {
  readonly id: number;
}

/** A cut graph as bytes: one ONNX session when an engine runs it. */
export interface CompiledGraph {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly store: TensorStore;
  /** Names of the tensors that a run must hand over. */
  readonly inputs: readonly string[];
  /** Names of stored tensors that the session reads at each run, without a copy of its own. */
  readonly shared: readonly string[];
  /** Names of stored tensors that the session copies when it is made. */
  readonly held: readonly string[];
  /** Whether its session lives until it is released, so that what it copied need not be kept beside it. */
  readonly lasting: boolean;
  readonly outputs: readonly OnnxValueInfo[];
}

/**
 * What runs graphs. Whoever starts the program makes one and passes it in: `nodeEngine()` on a
 * computer, `webEngine()` in a browser.
 */
export interface Engine {
  /** Whether sessions read weights as inputs (shared, no copy) or hold them as external initializers. */
  readonly parametersAs: "inputs" | "initializers";
  /** Starts the engine if need be and says what it is. */
  info(): Promise<EngineInfo>;
  /** Names weights; each is handed over when the first graph reads it. The caller's tensors stay untouched. */
  store(tensors: ReadonlyMap<string, Tensor>): Promise<TensorStore>;
  /** Runs a graph on tensors by input name; sessions are made when needed and kept while there is room. */
  run(
    graph: CompiledGraph,
    feeds: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
  /**
   * Runs a graph without inputs, once, and keeps its outputs among the weights of its store, by their names and
   * in the shapes given.
   */
  keep(graph: CompiledGraph, shapes: Readonly<Record<string, readonly number[]>>): Promise<void>;
  /** Frees the session of a graph; running the graph makes it again. */
  release(graph: CompiledGraph): Promise<void>;
  /** Frees everything; the engine cannot be used afterwards. */
  close(): Promise<void>;
}
