import { type Tensor, tensor } from "../graph/index.js";
import type { Model } from "../model/index.js";
import { type Protocol, type SequencePair, sequenceLength } from "./protocol.js";

/** Log-odds of B, nats, one number per sequence pair and in its order. */
export interface PairLogOdds {
  readonly induction: Float64Array;
  readonly control: Float64Array;
}

/** What an experiment measures with. */
export interface Lab {
  readonly model: Model;
  readonly protocol: Protocol;
  readonly seed: number;
  /** Sequence pairs per run of the model; a fixed number, so that the same numbers come again. */
  readonly batch: number;
}

/**
 * Measures the log-odds of B after the last A in both members of each pair, in fixed batches: member
 * by member, the last batch padded, so that a pair's numbers do not depend on what follows it.
 * While the model runs on one batch the next one is drawn.
 */
export async function measurePairs(
  { model, protocol, batch }: Lab,
  count: number,
  draw: (index: number) => SequencePair,
): Promise<PairLogOdds & { readonly a: Int32Array; readonly b: Int32Array }> {
  const length = sequenceLength(protocol);
  const result = {
    a: new Int32Array(count),
    b: new Int32Array(count),
    induction: new Float64Array(count),
    control: new Float64Array(count),
  };
  let running: Promise<void> = Promise.resolve();
  for (let start = 0; start < count; start += batch) {
    const tokens = new Int32Array(2 * batch * length);
    const targets = new Int32Array(2 * batch);
    const size = Math.min(batch, count - start);
    for (let i = 0; i < batch; i++) {
      const { a, b, induction, control } = draw(Math.min(start + i, count - 1));
      tokens.set(induction, i * length);
      tokens.set(control, (batch + i) * length);
      targets[i] = targets[batch + i] = b;
      if (i >= size) continue;
      result.a[start + i] = a;
      result.b[start + i] = b;
    }
    await running;
    running = model
      .run(tensor("int32", [2 * batch, length], tokens), {
        fetch: ["logOdds"],
        feed: { targets: tensor("int32", [2 * batch, 1], targets) },
      })
      .then(({ logOdds }) => {
        const values = (logOdds as Tensor<"float32"> | Tensor<"float64">).data;
        result.induction.set(values.subarray(0, size), start);
        result.control.set(values.subarray(batch, batch + size), start);
      });
  }
  await running;
  return result;
}
