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

/** Batches under way at once: while the model runs on one, the next is drawn and handed over. */
const batchesAtOnce = 2;

/**
 * Measures the log-odds of tokens after the last A in the members of each pair, in batches of a fixed
 * number of sequences, the last one padded, so that a pair's numbers do not depend on what follows it.
 */
export async function measurePairs(
  lab: Lab,
  { from, to }: IndexRange,
  draw: (index: number) => Drawn,
  readout: Readout = onlyB,
): Promise<PairRows> {
  const { width, members = "both" } = readout;
  const count = to - from;
  const odds = () => new Float64Array(count * width).fill(NaN);
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
  const perBatch = members === "both" ? lab.batch : 2 * lab.batch;
  const running: Promise<void>[] = [];
  for (let start = 0; start < count; start += perBatch) {
    const size = Math.min(perBatch, count - start);
    const batch = Array.from({ length: perBatch }, (_, i) =>
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
    if (running.length === batchesAtOnce) await running.shift();
    const batchRun = runBatch(lab, batch, targets, readout).then((results) => {
      for (const [name, values] of Object.entries(results)) {
        const column = rows[name as keyof typeof results] as Float64Array;
        column.set(values.subarray(0, size * width), start * width);
      }
    });
    // Without a listener a failure would count as unhandled while the next batch's targets are found.
    batchRun.catch(() => undefined);
    running.push(batchRun);
  }
  await Promise.all(running);
  return rows;
}

type FloatData = Float32Array | Float64Array;

/** Runs the model on the members of a batch that are wanted: all induction sequences, then all controls. */
async function runBatch(
  lab: Lab,
  batch: readonly Drawn[],
  targets: Int32Array,
  { width, logits, feed, members = "both" }: Readout,
): Promise<
  Partial<Record<"induction" | "control" | "inductionLogits" | "controlLogits", FloatData>>
> {
  const { model, protocol, path = "last-token" } = lab;
  const kinds = members === "both" ? (["induction", "control"] as const) : [members];
  const length = sequenceLength(protocol);
  const tokens = new Int32Array(kinds.length * batch.length * length);
  const repeated = new Int32Array(kinds.length * targets.length);
  for (const [m, kind] of kinds.entries()) {
    for (const [i, { pair }] of batch.entries()) {
      tokens.set(pair[kind], (m * batch.length + i) * length);
    }
    repeated.set(targets, m * targets.length);
  }
  const sequences = kinds.length * batch.length;
  const ids = tensor("int32", [sequences, length], tokens);
  const read = tensor("int32", [sequences, width], repeated);
  const values: Partial<Record<"logOdds" | "targetLogits", Tensor>> =
    path === "last-token" && feed === undefined
      ? await model.runLastToken(ids, read, { logits })
      : await model.run(ids, {
          fetch: logits ? ["logOdds", "targetLogits"] : ["logOdds"],
          feed: { targets: read, ...feed },
        });
  const parts = (value: Tensor | undefined, suffix: "" | "Logits") =>
    value === undefined
      ? []
      : kinds.map((kind, m) => {
          const data = value.data as FloatData;
          return [`${kind}${suffix}`, data.subarray(m * targets.length, (m + 1) * targets.length)];
        });
  return Object.fromEntries([
    ...parts(values.logOdds, ""),
    ...parts(values.targetLogits, "Logits"),
  ]);
}

/** Whether B stands directly after A in the context of the control. */
function followsInControl({ a, b, control }: SequencePair): boolean {
  for (let i = 1; i + 2 < control.length; i++) {
    if (control[i] === a && control[i + 1] === b) return true;
  }
  return false;
}
