import {
  type Engine,
  type FloatDType,
  keepValues,
  Program,
  type Tensor,
  tensor,
  zeros,
} from "../../graph/index.js";
import type { TensorStore } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { Weights } from "../parameters.js";
import { weightValues } from "../weight-values.js";
import { lastNormalized, lastTokenBody } from "./body.js";
import { firstLayerScale, firstLayerTables, hasTables } from "./first-layer.js";
import { lastTokenHead, unembedTable } from "./head.js";

/** Weights of blocks up to this many bytes are held by each session; of larger models they are shared. */
const heldBytes = 64e6;

/** What {@link LastTokenPath.run} gives, [b, targets] each. */
export interface LastTokenValues {
  /** Log-odds of the targets at the last position, nats. */
  readonly logOdds: Tensor;
  /** Their logits, where they were asked for. */
  readonly targetLogits?: Tensor;
}

/** What is read of the logits: see `lastTokenHead`. */
type HeadValue = "logOdds" | "targetLogits" | "logOddsOfOne";

const fetched = {
  one: ["logOddsOfOne"],
  any: ["logOdds"],
  logits: ["logOdds", "targetLogits"],
} as const satisfies Readonly<Record<string, readonly HeadValue[]>>;

type HeadKind = keyof typeof fetched;

/** From the last position [b, d] and targets [b, targets] to what is read. */
type Head = (x: Tensor, targets: Tensor<"int32">) => Promise<LastTokenValues>;

/** What leads to the last position, and the centre that its last layer takes (none with rotary positions). */
interface Body {
  readonly program: Program;
  readonly centre: Tensor | null;
}

interface MadeHead {
  readonly program: Program;
  readonly run: Head;
}

/**
 * The way to the log-odds at the last position for sweeps: exact algebra, no hook points. One session
 * per sequence length gives what the unembedding reads, one session for all of them unembeds.
 */
export class LastTokenPath {
  readonly #config: ModelConfig;
  readonly #dtype: FloatDType;
  readonly #engine: Engine;
  readonly #store: TensorStore;
  readonly #weights: Weights;
  readonly #bodies = new Map<number, Promise<Body>>();
  #head: { readonly kind: HeadKind; readonly making: Promise<MadeHead> } | null = null;
  #tables: Promise<void> | null = null;

  constructor(
    {
      config,
      dtype,
      engine,
      weights,
    }: {
      readonly config: ModelConfig;
      readonly dtype: FloatDType;
      readonly engine: Engine;
      readonly weights: Weights;
    },
    store: TensorStore,
  ) {
    this.#config = config;
    this.#dtype = dtype;
    this.#engine = engine;
    this.#weights = weights;
    this.#store = store;
  }

  /** Runs tokens [b, p] and reads targets [b, targets] after the last of them. */
  async run(
    tokens: Tensor<"int32">,
    targets: Tensor<"int32">,
    { logits = false }: { readonly logits?: boolean } = {},
  ): Promise<LastTokenValues> {
    const width = targets.shape[1] as number;
    const head = await this.#headOf(logits ? "logits" : width === 1 ? "one" : "any");
    const length = tokens.shape[1] as number;
    let body = this.#bodies.get(length);
    if (body === undefined) {
      body = this.#makeBody(length);
      this.#bodies.set(length, body);
    }
    const { program, centre } = await body;
    const { [lastNormalized]: x } = await program.run({
      fetch: [lastNormalized],
      feed: { tokens, ...(centre && { centre }) },
    });
    return head(x as Tensor, targets);
  }

  /**
   * What unembeds and reads. It is there before the tables: the engine's copy of W_U that its session
   * took over is freed while they are made. Only one at a time, since each session holds W_U.
   */
  async #headOf(kind: HeadKind): Promise<Head> {
    if (this.#head?.kind !== kind) {
      const before = this.#head;
      this.#head = { kind, making: this.#makeHead(kind, before?.making) };
    }
    return (await this.#head.making).run;
  }

  async #makeHead(kind: HeadKind, before?: Promise<MadeHead>): Promise<MadeHead> {
    await (await before)?.program.release();
    const weights = weightValues(this.#config, this.#dtype, () => true);
    const table = this.#engine.parametersAs === "inputs";
    if (table) await this.#keepEach([unembedTable(weights)]);
    const program = this.#program(lastTokenHead(this.#config, this.#dtype, weights, table));
    const fetch = fetched[kind];
    const run: Head = async (x, targets) => {
      const values: Partial<Record<HeadValue, Tensor>> = await program.run({
        fetch,
        feed: { [lastNormalized]: x, targets },
      });
      return {
        logOdds: (values.logOdds ?? values.logOddsOfOne) as Tensor,
        ...(values.targetLogits && { targetLogits: values.targetLogits }),
      };
    };
    await run(zeros(this.#dtype, [1, this.#config.dModel]), tensor("int32", [1, 1], [0]));
    return { program, run };
  }

  async #makeBody(length: number): Promise<Body> {
    const [config, dtype] = [this.#config, this.#dtype];
    const tables = hasTables(config, dtype);
    if (tables) {
      const shared = weightValues(config, dtype);
      this.#tables ??= this.#keepEach(firstLayerTables(config, shared));
      await this.#tables;
      const scale = firstLayerScale(config, length, shared);
      if (scale !== null) await this.#keepEach([scale]);
    }
    const blocks = [...this.#weights].filter(([name]) => name.startsWith("blocks."));
    const bytes = blocks.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
    const held = (name: string) => name.startsWith("blocks.") && bytes <= heldBytes;
    const weights = weightValues(config, dtype, held);
    const program = this.#program(lastTokenBody(config, length, dtype, weights, tables));
    if (config.positions === "rotary") return { program, centre: null };
    const { mean_key } = await program.run({
      fetch: ["mean_key"],
      feed: { tokens: spreadTokens(config.dVocab, length) },
    });
    await program.release();
    return { program, centre: mean_key };
  }

  #program(roots: ConstructorParameters<typeof Program>[0]): Program {
    return new Program(roots, this.#engine, this.#store, this.#weights);
  }

  /** One by one, so that what each needs on the way is gone before the next. */
  async #keepEach(values: Parameters<typeof keepValues>[2]): Promise<void> {
    for (const value of values) await keepValues(this.#engine, this.#store, [value]);
  }
}

/** Sequences of tokens from all over the vocabulary, the same at each call: [64, positions]. */
function spreadTokens(dVocab: number, positions: number): Tensor<"int32"> {
  const count = 64 * positions;
  const ids = Array.from({ length: count }, (_, i) =>
    Math.floor(((i * 31) % count) * (dVocab / count)),
  );
  return tensor("int32", [64, positions], ids);
}
