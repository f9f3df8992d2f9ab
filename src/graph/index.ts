/** Graphs of named values: build, fetch, feed, differentiate, run. */
export type { Chooser } from "./choose.js";
export * from "./engine.js";
export { webEngine, type WebEngineOptions } from "./engine-web.js";
export { gradients, type GradientOptions } from "./gradient.js";
export { graphOf, valueNamed, type Graph, type NamedValue } from "./graph.js";
export type { BoundFeed, FeedInput, GraphFeed } from "./graph-feed.js";
export { keepValues } from "./keep-values.js";
export * as ops from "./ops.js";
export { Program, type RunOptions } from "./program.js";
export type { Feed, FeedFunction } from "./run-feeds.js";
export { type Dim, formatShape, type Shape } from "./shape.js";
export * from "./tensor.js";
export * from "./value.js";
