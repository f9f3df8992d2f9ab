import { Worker } from "node:worker_threads";
import { LabError } from "../errors.js";
import type { Engine, EngineInfo } from "./engine.js";
import type { Reply, Request, StartOptions } from "./engine-node-protocol.js";
import { hostedGraphs } from "./hosted-graphs.js";
import type { Tensor } from "./tensor.js";

/** Options of {@link nodeEngine}. */
export interface NodeEngineOptions {
  /**
   * `auto` (the default): the native build of ONNX Runtime where its binary loads, else its WASM
   * build, and `info().note` says so. `cpu` and `wasm` name one of them.
   */
  readonly runtime?: StartOptions["runtime"];
  /** Threads that one operator may use; 2 by default, a fixed number so that results repeat. */
  readonly threads?: number;
}

/**
 * The engine for Node: ONNX Runtime in one worker thread, started at the first use. It does not keep
 * the process alive while it is idle.
 */
export function nodeEngine({ runtime = "auto", threads = 2 }: NodeEngineOptions = {}): Engine {
  const thread = new EngineThread({ runtime, threads });
  const graphs = hostedGraphs({
    async store(store, tensors) {
      await thread.info();
      await thread.ask({ kind: "store", store, tensors });
    },
    async add(graph, compiled, store) {
      await thread.ask({ kind: "add", graph, compiled, store });
    },
    async drop(store, names) {
      await thread.ask({ kind: "drop", store, names });
    },
    async run(graph, feeds) {
      return (await thread.ask({ kind: "run", graph, feeds })) as Record<string, Tensor>;
    },
    async keep(graph, shapes) {
      await thread.ask({ kind: "keep", graph, shapes });
    },
    async release(graph) {
      await thread.ask({ kind: "release", graph });
    },
  });
  return {
    ...graphs,
    // The WASM build reads initializers; it is asked for by name, or known after the start.
    get parametersAs() {
      return thread.provider === "wasm" ? "initializers" : "inputs";
    },
    info: () => thread.info(),
    close: () => thread.close(),
  };
}

/** The worker thread and the requests that wait for its answers. */
class EngineThread {
  readonly #options: StartOptions;
  readonly #waiting = new Map<
    number,
    { resolve(result: unknown): void; reject(error: Error): void }
  >();
  #worker: Worker | null = null;
  #info: Promise<EngineInfo> | null = null;
  #closed = false;
  #count = 0;
  provider: EngineInfo["provider"] | null = null;

  constructor(options: StartOptions) {
    this.#options = options;
  }

  info(): Promise<EngineInfo> {
    this.#info ??= this.ask({ kind: "info" }).then((result) => {
      const info = result as EngineInfo;
      this.provider = info.provider;
      return info;
    });
    return this.#info;
  }

  ask(request: Request): Promise<unknown> {
    if (this.#closed)
      return Promise.reject(new LabError("engine: expected an open one, got one that is closed"));
    const worker = (this.#worker ??= this.#start());
    const id = this.#count++;
    return new Promise((resolve, reject) => {
      // First, as it throws for what cannot be sent: nothing would ever answer that.
      worker.postMessage({ id, request });
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
    });
  }

  async close(): Promise<void> {
    if (this.#worker !== null && !this.#closed) {
      await this.ask({ kind: "close" }).catch(() => undefined);
      this.#closed = true;
      await this.#worker.terminate();
    }
    this.#closed = true;
  }

  #start(): Worker {
    const url = new URL("./engine-node-worker.js", import.meta.url);
    // None of the program's own flags: one such as --input-type would stop the thread.
    const worker = new Worker(url, { workerData: this.#options, execArgv: [] });
    worker.on("message", (reply: Reply) => {
      const { resolve, reject } = this.#waiting.get(reply.id) as {
        resolve(result: unknown): void;
        reject(error: Error): void;
      };
      this.#waiting.delete(reply.id);
      if (this.#waiting.size === 0) worker.unref();
      if ("error" in reply)
        reject(new LabError(`engine: ${firstLine(reply.error)}`, { cause: reply.error }));
      else resolve(reply.result);
    });
    const fail = (error: Error) => {
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
      this.#closed = true;
    };
    worker.on("error", (error: Error) =>
      fail(new LabError(`engine: ${firstLine(error.message)}`, { cause: error })),
    );
    worker.on("exit", (code) =>
      fail(new LabError(`engine: the engine thread ended with code ${code}`)),
    );
    return worker;
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] as string;
}
