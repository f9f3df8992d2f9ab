// @ts-check
/**
 * The engine thread of Node: `run()` of ONNX Runtime blocks its thread, so it gets its own.
 *
 * @import { Request, Reply, StartOptions } from "./engine-node-protocol.js"
 * @import { EngineInfo } from "./engine.js"
 * @import { Host } from "./ort-host.js"
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { createHost } from "./ort-host.js";

const port = /** @type {import("node:worker_threads").MessagePort} */ (parentPort);
const options = /** @type {StartOptions} */ (workerData);

// The collector does not see in time how large the arrays are that are let go here: at the size of
// attn-only-2l they would add 0.2 GB to the peak.
setFlagsFromString("--expose-gc");
const collectGarbage = /** @type {() => void} */ (runInNewContext("gc"));

/** The host is made once; a failure is reported to each request. */
const starting = start();
starting.catch(() => undefined);

/** @returns {Promise<{ host: Host, info: EngineInfo }>} */
async function start() {
  const { threads } = options;
  let note = null;
  if (options.runtime !== "wasm") {
    try {
      const ort = await import("onnxruntime-node");
      const host = createHost(ort, { provider: "cpu", threads, maxSessions: 16 });
      return {
        host,
        info: { provider: "cpu", runtime: version("onnxruntime-node"), threads, note },
      };
    } catch (error) {
      // Without the folders that Node adds: results must not depend on where the package lies.
      const [reason] = String(error instanceof Error ? error.message : error).split(
        / imported from |\n/,
      );
      if (options.runtime === "cpu") {
        throw new Error(
          `expected the native build, onnxruntime-node does not load (${reason}): leave the backend to auto, or choose wasm`,
        );
      }
      note = `onnxruntime-node does not load (${reason}); the slower WASM build serves`;
    }
  }
  const ort = await import("onnxruntime-web");
  ort.env.wasm.numThreads = threads;
  const host = createHost(ort, { provider: "wasm", threads, maxSessions: 3 });
  return { host, info: { provider: "wasm", runtime: version("onnxruntime-web"), threads, note } };
}

/** @param {string} name */
function version(name) {
  const require = createRequire(import.meta.url);
  // The packages do not export their package.json: look beside the entry point instead.
  for (const up of ["../package.json", "../../package.json"]) {
    try {
      const found = require(fileURLToPath(new URL(up, pathToFileURL(require.resolve(name)))));
      if (found.name === name) return `${name} ${found.version}`;
    } catch {
      continue;
    }
  }
  return name;
}

/** @param {Request} request */
async function answer(request) {
  const { host, info } = await starting;
  switch (request.kind) {
    case "info":
      return info;
    case "store":
      return host.store(request.store, request.tensors);
    case "add":
      return host.add(request.graph, request.compiled, request.store);
    case "release":
      return host.release(request.graph);
    case "drop":
      host.drop(request.store, request.names);
      return collectGarbage();
    case "run":
      return host.run(request.graph, request.feeds);
    case "keep":
      return host.keep(request.graph, request.shapes);
    case "close":
      return host.close();
  }
}

port.on("message", (/** @type {{ id: number, request: Request }} */ { id, request }) => {
  answer(request).then(
    (result) => {
      const buffers =
        request.kind === "run"
          ? Object.values(/** @type {Record<string, import("./tensor.js").Tensor>} */ (result)).map(
              (tensor) => /** @type {ArrayBuffer} */ (tensor.data.buffer),
            )
          : [];
      port.postMessage(/** @type {Reply} */ ({ id, result }), buffers);
    },
    (error) => {
      const message = error instanceof Error ? error.message : String(error);
      port.postMessage(/** @type {Reply} */ ({ id, error: message }));
    },
  );
});
