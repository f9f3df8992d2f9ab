import { usageError } from "../errors.js";
import { type Tensor, tensor } from "../graph/index.js";

/** A number for each sequence of a batch, made of what a run fetches. */
export interface Metric {
  readonly name: string;
  readonly fetch: readonly string[];
  /** Feeds beside the tokens, for so many sequences. */
  feed(sequences: number): Readonly<Record<string, Tensor>>;
  /** One number per sequence, in order. */
  values(fetched: Readonly<Record<string, Tensor>>): Float64Array;
}

/** Logit of one token minus that of another at the last position, in nats. */
export function logitDifference(correct: number, incorrect: number): Metric {
  return {
    name: "logit difference",
    fetch: ["targetLogits"],
    feed: (n) => ({ targets: repeated(n, [correct, incorrect]) }),
    values: (fetched) => {
      const { data } = fetched.targetLogits as Tensor<"float32">;
      return Float64Array.from(
        { length: data.length / 2 },
        (_, i) => (data[2 * i] as number) - (data[2 * i + 1] as number),
      );
    },
  };
}

/** Log-odds of one token at the last position, in nats. */
export function logOddsOf(token: number): Metric {
  return {
    name: "log-odds",
    fetch: ["logOdds"],
    feed: (n) => ({ targets: repeated(n, [token]) }),
    values: (fetched) => Float64Array.from((fetched.logOdds as Tensor<"float32">).data),
  };
}

/** Mean cross-entropy of the next token, −log p, in nats, from position `from` (of the prediction) on. */
export function meanLossFrom(from = 0): Metric {
  return {
    name: "loss",
    fetch: ["loss_per_token"],
    feed: () => ({}),
    values: (fetched) => {
      const { shape, data } = fetched.loss_per_token as Tensor<"float32">;
      const [b, p] = shape as [number, number];
      if (from >= p) {
        throw usageError(`loss: expected a position from 0 to ${p - 1}, got ${from}`);
      }
      return Float64Array.from({ length: b }, (_, i) => {
        let sum = 0;
        for (let j = from; j < p; j++) sum += data[i * p + j] as number;
        return sum / (p - from);
      });
    },
  };
}

function repeated(n: number, ids: readonly number[]): Tensor<"int32"> {
  const wrong = ids.filter((id) => !Number.isInteger(id) || id < 0);
  if (wrong.length > 0) throw usageError(`metric: expected token ids, got ${String(wrong[0])}`);
  const all = Array.from({ length: n }, () => ids).flat();
  return tensor("int32", [n, ids.length], all);
}
