import { nodeEngine } from "../../src/graph/engine-node.js";
import type { Engine, FloatDType } from "../../src/graph/index.js";

/** An execution provider that the backend and golden tests run on, with its tolerances (relative). */
export interface TestBackend {
  readonly name: string;
  readonly dtype: FloatDType;
  /** Against references in float64. */
  readonly tolerance: number;
  engine(): Engine;
}

export const backends: readonly TestBackend[] = [
  {
    name: "cpu float32",
    dtype: "float32",
    tolerance: 1e-5,
    engine: () => nodeEngine({ runtime: "cpu" }),
  },
  {
    name: "cpu float64",
    dtype: "float64",
    tolerance: 2e-7,
    engine: () => nodeEngine({ runtime: "cpu" }),
  },
  {
    name: "wasm float32",
    dtype: "float32",
    tolerance: 1e-4,
    engine: () => nodeEngine({ runtime: "wasm" }),
  },
];
