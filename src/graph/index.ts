/** Graphs of named values: build, fetch, feed, run. */
export * from "./engine.js";
export { webEngine, type WebEngineOptions } from "./engine-web.js";
export { graphOf, valueNamed, type Graph, type NamedValue } from "./graph.js";
export * as ops from "./ops.js";
export { Program, type Feed, type FeedFunction, type RunOptions } from "./program.js";
export type { Dim, Shape } from "./shape.js";
export * from "./tensor.js";
export * from "./value.js";
