import { type Feed, type Tensor, tensor } from "../graph/index.js";
import type { Model } from "../model/index.js";
import type { IndexRange } from "./experiment.js";
import type { PairRows } from "./pair-rows.js";
import { type Protocol, type SequencePair, sequenceLength } from "./protocol.js";

/** What an experiment measures with. */
export interface Lab {
  readonly model: Model;
  readonly protocol: Protocol;
  readonly seed: number;
  /** Sequence pairs per run of the model; a fixed number, so that the same numbers come again. */
  readonly batch: number;
  /**
   * How the model gets to the last position: `last-token` (where absent, too) by exact algebra where
   * nothing is fed, `plain` through every position of every block.
   */
  readonly path?: RunPath;
}

/** The two ways to the log-odds at the last position: see docs/speed.md. */
export type RunPath = "plain" | "last-token";

/** A sequence pair and the place that it has in its experiment. */
export interface Drawn {
  readonly unit: number;
  readonly k: number;
  readonly pair: SequencePair;
}

/** Which tokens are read after the last A. */
export interface Readout {
  /** Tokens per sequence pair, B included as the first. */
  readonly width: number;
  /** Whether their logits are wanted beside the log-odds. */
  readonly logits: boolean;
  /** Which members of a pair are run; the columns of the other one are NaN. `both` unless given. */
  readonly members?: "both" | "induction" | "control";
  /** What the run replaces, such as the output of an ablated head. */
  readonly feed?: Readonly<Record<string, Feed>>;
  /** The tokens of a batch, [pairs, width]; B comes first in each row. */
  targets(batch: readonly Drawn[]): Promise<Int32Array>;
}

/** Reads B alone. */
export const onlyB: Readout = {
  width: 1,
  logits: false,
  targets: (batch) => Promise.resolve(Int32Array.from(batch, ({ pair }) => pair.b)),
};

/**
 * Measures the log-odds of tokens after the last A in both members of each pair, in fixed batches, the
 * last one padded, so that a pair's numbers do not depend on what follows it. While the model runs on
 * one batch the next one is drawn.
 */
export async function measurePairs(
  lab: Lab,
  { from, to }: IndexRange,
  draw: (index: number) => Drawn,
  readout: Readout = onlyB,
): Promise<PairRows> {
  const { width } = readout;
  const count = to - from;
  const odds = () => new Float64Array(count * width);
  const rows: PairRows = {
    unit: new Int32Array(count),
    k: new Int32Array(count),
    a: new Int32Array(count),
    b: new Int32Array(count),
    controlAB: new Uint8Array(count),
    width,
    targets: new Int32Array(count * width),
    induction: odds(),
    control: odds(),
    ...(readout.logits && { inductionLogits: odds(), controlLogits: odds() }),
  };
  let running: Promise<void> = Promise.resolve();
  for (let start = 0; start < count; start += lab.batch) {
    const size = Math.min(lab.batch, count - start);
    const batch = Array.from({ length: lab.batch }, (_, i) =>
      draw(from + start + Math.min(i, size - 1)),
    );
    const targets = await readout.targets(batch);
    for (let i = 0; i < size; i++) {
      const { unit, k, pair } = batch[i] as Drawn;
      rows.unit[start + i] = unit;
      rows.k[start + i] = k;
      rows.a[start + i] = pair.a;
      rows.b[start + i] = pair.b;
      rows.controlAB[start + i] = followsInControl(pair) ? 1 : 0;
    }
    rows.targets.set(targets.subarray(0, size * width), start * width);
    await running;
    running = runBatch(lab, batch, targets, readout).then((results) => {
      for (const [name, values] of Object.entries(results)) {
        const column = rows[name as keyof typeof results] as Float64Array;
        column.set(values.subarray(0, size * width), start * width);
      }
    });
    // Without a listener a failure would count as unhandled while the next batch's targets are found.
    running.catch(() => undefined);
  }
  await running;
  return rows;
}

type FloatData = Float32Array | Float64Array;

/** Runs the model on both members of a batch: first all induction sequences, then all controls. */
async function runBatch(
  { model, protocol }: Lab,
  batch: readonly Drawn[],
  targets: Int32Array,
  { width, logits, feed }: Readout,
): Promise<
  Partial<Record<"induction" | "control" | "inductionLogits" | "controlLogits", FloatData>>
> {
  const length = sequenceLength(protocol);
  const tokens = new Int32Array(2 * batch.length * length);
  for (const [i, { pair }] of batch.entries()) {
    tokens.set(pair.induction, i * length);
    tokens.set(pair.control, (batch.length + i) * length);
  }
  const twice = new Int32Array(2 * targets.length);
  twice.set(targets);
  twice.set(targets, targets.length);
  const values = await model.run(tensor("int32", [2 * batch.length, length], tokens), {
    fetch: logits ? ["logOdds", "targetLogits"] : ["logOdds"],
    feed: { targets: tensor("int32", [2 * batch.length, width], twice), ...feed },
  });
  const halves = (value: Tensor): [FloatData, FloatData] => {
    const data = value.data as FloatData;
    return [data.subarray(0, targets.length), data.subarray(targets.length)];
  };
  const [induction, control] = halves(values.logOdds as Tensor);
  if (!logits) return { induction, control };
  const [inductionLogits, controlLogits] = halves(values.targetLogits as Tensor);
  return { induction, control, inductionLogits, controlLogits };
}

/** Whether B stands directly after A in the context of the control. */
function followsInControl({ a, b, control }: SequencePair): boolean {
  for (let i = 1; i + 2 < control.length; i++) {
    if (control[i] === a && control[i + 1] === b) return true;
  }
  return false;
}
