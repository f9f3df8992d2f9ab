import { keepValues, type Program, type Tensor, tensor, zeros } from "../../graph/index.js";
import { weightValues } from "../weight-values.js";
import { lastNormalized } from "./body.js";
import { lastTokenHead } from "./head.js";
import { type PathParts, programOf } from "./parts.js";
import { unembedTables } from "./unembed-chunks.js";

/** What the last-token path reads, [b, targets] each. */
export interface LastTokenValues {
  /** Log-odds of the targets at the last position, nats. */
  readonly logOdds: Tensor;
  /** Their logits, where they were asked for. */
  readonly targetLogits?: Tensor;
}

const fetched = {
  one: ["logOddsOfOne"],
  any: ["logOdds"],
  logits: ["logOdds", "targetLogits"],
} as const;

/** What is read of the logits: log-odds of one target per sequence, of any, or their logits, too. */
export type HeadKind = keyof typeof fetched;

/** A program that unembeds and reads; its session is made. */
export interface Head {
  readonly program: Program;
  /** From the last position [b, d] and targets [b, targets] to what is read. */
  run(x: Tensor, targets: Tensor<"int32">): Promise<LastTokenValues>;
}

/** Makes the program that unembeds, with its session. */
export async function makeHead(parts: PathParts, kind: HeadKind): Promise<Head> {
  const { config, dtype, engine } = parts;
  const weights = weightValues(config, dtype, () => true);
  const tables = engine.parametersAs === "inputs";
  if (tables) await keepValues(engine, parts.store, unembedTables(config, weights));
  const program = programOf(parts, lastTokenHead(config, dtype, weights, tables));
  const run: Head["run"] = async (x, targets) => {
    const values: Partial<Record<(typeof fetched)[HeadKind][number], Tensor>> = await program.run({
      fetch: fetched[kind],
      feed: { [lastNormalized]: x, targets },
    });
    return {
      logOdds: (values.logOdds ?? values.logOddsOfOne) as Tensor,
      ...(values.targetLogits && { targetLogits: values.targetLogits }),
    };
  };
  await run(zeros(dtype, [1, config.dModel]), tensor("int32", [1, 1], [0]));
  return { program, run };
}
