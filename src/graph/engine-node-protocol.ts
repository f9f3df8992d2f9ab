import type { CompiledGraph } from "./engine.js";
import type { Tensor } from "./tensor.js";

/** What the engine thread is started with. */
export interface StartOptions {
  /** `auto`: the native build where its binary loads, else the WASM build. */
  readonly runtime: "auto" | "cpu" | "wasm";
  readonly threads: number;
}

/** What the engine thread is asked. */
export type Request =
  | { readonly kind: "info" }
  | {
      readonly kind: "store";
      readonly store: number;
      readonly tensors: ReadonlyMap<string, Tensor>;
    }
  | {
      readonly kind: "add";
      readonly graph: number;
      readonly compiled: Omit<CompiledGraph, "store">;
      readonly store: number;
    }
  | { readonly kind: "release"; readonly graph: number }
  | { readonly kind: "drop"; readonly store: number; readonly names: readonly string[] }
  | {
      readonly kind: "run";
      readonly graph: number;
      readonly feeds: Readonly<Record<string, Tensor>>;
    }
  | {
      readonly kind: "keep";
      readonly graph: number;
      readonly shapes: Readonly<Record<string, readonly number[]>>;
    }
  | { readonly kind: "close" };

/** What the engine thread answers to the request of that id. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };
