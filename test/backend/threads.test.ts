import { expect, it } from "vitest";
import { postProtocol, powersSequence, measurePairs } from "../../src/induction/index.js";
import { loadModel, nodeEngine } from "../../src/node.js";

// Runs may go on with another number of threads: their parts must still be the same to the last bit.
it.each(["cpu", "wasm"] as const)("one thread and two give the same bits, %s", async (runtime) => {
  const measured = [];
  for (const threads of [1, 2]) {
    const engine = nodeEngine({ runtime, threads });
    const model = await loadModel("attn-only-2l-mini", { engine });
    const lab = { model, protocol: postProtocol(model.config.dVocab), seed: 0, batch: 64 };
    const draw = (k: number) => ({
      unit: 0,
      k,
      pair: powersSequence(lab, { token: 100, role: "a" }, k),
    });
    measured.push(await measurePairs(lab, { from: 0, to: 192 }, draw));
    await engine.close();
  }
  expect(measured[0]).toEqual(measured[1]);
});
