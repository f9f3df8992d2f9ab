/** Which weights an engine has, and when it may forget them: `hostedGraphs` over a host that takes notes. */
import { describe, expect, it } from "vitest";
import type { CompiledGraph, TensorStore } from "../../src/graph/engine.js";
import { hostedGraphs } from "../../src/graph/hosted-graphs.js";
import { zeros } from "../../src/graph/tensor.js";

const weights = new Map(["W_E", "W_U"].map((name) => [name, zeros("float32", [2])]));

function graphOf(store: TensorStore, parts: Partial<CompiledGraph>): CompiledGraph {
  const none = { inputs: [], shared: [], held: [], outputs: [], lasting: false };
  return { bytes: new Uint8Array(), store, ...none, ...parts };
}

/** Graphs in a host that keeps a list of what it has, and fails where a session's weight is not there. */
function noted() {
  const has = new Set<string>();
  const sent: string[] = [];
  let [broken, brokenSends] = [0, 0];
  const graphs = hostedGraphs({
    store(_, tensors) {
      if (tensors.size > 0 && brokenSends-- > 0) return Promise.reject(new Error("no room"));
      for (const name of tensors.keys()) {
        has.add(name);
        sent.push(name);
      }
      return Promise.resolve();
    },
    add(_, { shared, held }) {
      if (broken-- > 0) return Promise.reject(new Error("no room"));
      const missing = [...shared, ...held].filter((name) => !has.has(name));
      return missing.length === 0 ? Promise.resolve() : Promise.reject(new Error(missing.join()));
    },
    drop(_, names) {
      for (const name of names) has.delete(name);
      return Promise.resolve();
    },
    run: () => Promise.resolve({}),
    keep(_, shapes) {
      for (const name of Object.keys(shapes)) has.add(name);
      return Promise.resolve();
    },
    release: () => Promise.resolve(),
  });
  const breaks = { breakNext: () => (broken = 1), breakNextSend: () => (brokenSends = 1) };
  return { graphs, has, sent, ...breaks };
}

describe("hostedGraphs", () => {
  it("hands each weight over once, when the first graph reads it", async () => {
    const { graphs, sent } = noted();
    const store = await graphs.store(weights);
    expect(sent).toEqual([]);
    await graphs.run(graphOf(store, { shared: ["W_E"] }), {});
    await graphs.run(graphOf(store, { shared: ["W_E", "W_U"] }), {});
    expect(sent).toEqual(["W_E", "W_U"]);
  });

  it("drops what a lasting session copied, and hands it over again to the next that reads it", async () => {
    const { graphs, has, sent } = noted();
    const store = await graphs.store(weights);
    await graphs.run(graphOf(store, { held: ["W_U"], shared: ["W_E"], lasting: true }), {});
    expect([...has]).toEqual(["W_E"]);
    await graphs.run(graphOf(store, { held: ["W_U"] }), {});
    expect(sent).toEqual(["W_E", "W_U", "W_U"]);
    expect(has).toEqual(new Set(["W_E", "W_U"]));
  });

  it("keeps what a session needs that may be made again", async () => {
    const { graphs, has } = noted();
    const store = await graphs.store(weights);
    await graphs.run(graphOf(store, { held: ["W_U"] }), {});
    await graphs.run(graphOf(store, { held: ["W_U", "W_E"], lasting: true }), {});
    expect([...has]).toEqual(["W_U"]);
  });

  it("drops kept results that a lasting session copied; they have to be kept again", async () => {
    const { graphs, has } = noted();
    const store = await graphs.store(weights);
    const outputs = [{ name: "table", dtype: "float32" as const, shape: [2] }];
    const keep = () => graphs.keep(graphOf(store, { held: ["W_E"], outputs }), { table: [2] });
    const read = () => graphs.run(graphOf(store, { held: ["table"], lasting: true }), {});
    await keep();
    await read();
    expect([...has]).toEqual(["W_E"]);
    await expect(read()).rejects.toThrow("engine: no weight is kept under table");
    await keep();
    await read();
  });

  it("tries a graph again that could not be made", async () => {
    const { graphs, breakNext } = noted();
    const graph = graphOf(await graphs.store(weights), { shared: ["W_E"] });
    breakNext();
    await expect(graphs.run(graph, {})).rejects.toThrow("no room");
    expect(await graphs.run(graph, {})).toEqual({});
  });

  it("hands a weight over again that did not arrive", async () => {
    const { graphs, sent, breakNextSend } = noted();
    const graph = graphOf(await graphs.store(weights), { shared: ["W_E"] });
    breakNextSend();
    await expect(graphs.run(graph, {})).rejects.toThrow("no room");
    expect(await graphs.run(graph, {})).toEqual({});
    expect(sent).toEqual(["W_E"]);
  });
});
