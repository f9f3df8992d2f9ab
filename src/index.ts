/**
 * induction-lab: measures how induction (…AB…A → B) works inside a transformer of finite capacity.
 * This entry runs in Node and in browsers; `induction-lab/node` adds the engine and loader for Node.
 */
export { type ExitCode, LabError, type LabErrorOptions } from "./errors.js";
export * from "./graph/index.js";
export * from "./induction/index.js";
export * from "./model/index.js";
