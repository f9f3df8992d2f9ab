import { usageError } from "../errors.js";
import {
  type Engine,
  type Feed,
  type FloatDType,
  graphOf,
  Program,
  type Tensor,
  type TensorStore,
  tensor,
  type Value,
} from "../graph/index.js";
import type { KnownModel } from "../weights/index.js";
import type { ModelConfig } from "./config.js";
import { forward } from "./forward.js";
import { LastTokenPath } from "./last-token/last-token-path.js";
import type { LastTokenValues } from "./last-token/make-head.js";
import type { ModelOrigin } from "./origin.js";
import type { Weights } from "./parameters.js";
import { atPickedPositions, positionRange, type Positions, runAtPositions } from "./positions.js";
import type { ProcessingStep } from "./processing.js";
import { checkTokenIds } from "./token-ids.js";
import { type TokenInput, tokenTensor } from "./token-input.js";
import type { LabTokenizer } from "./tokenizer.js";

/** Token ids [batch, position] with the record of whether the first position is BOS. */
export interface Tokens extends Tensor<"int32"> {
  readonly prependBos: boolean;
}

/** What a {@link Model} is made of. */
export interface ModelParts {
  readonly name: string;
  /** SHA-256 of the file of weights, in hexadecimal digits. */
  readonly sha256: string;
  /** The repository and version that the files are of, or `null` for a folder. */
  readonly origin: ModelOrigin | null;
  /** What is known of the model beyond its files, or `null`. */
  readonly known?: KnownModel | null;
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly dtype: FloatDType;
  /** The weight processing that was applied, in order. */
  readonly processing: readonly ProcessingStep[];
  readonly tokenizer: LabTokenizer | null;
  /** Id of the token that begins every sequence. */
  readonly bos: number;
  readonly engine: Engine;
}

/** What a run on tokens fetches, and what it replaces besides them. */
export interface ModelRunOptions<Name extends string> {
  readonly fetch: readonly Name[];
  readonly feed?: Readonly<Record<string, Feed>>;
  /** Where fetched values are wanted (queries, for attention); no other position leaves the session. */
  readonly positions?: Positions;
}

/** A transformer: its configuration, weights and tokenizer, and the engine that runs it. */
export class Model {
  readonly name: string;
  readonly sha256: string;
  readonly origin: ModelOrigin | null;
  readonly known: KnownModel | null;
  /** After processing: a folded LayerNorm reads `LNPre` here. */
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly dtype: FloatDType;
  readonly processing: readonly ProcessingStep[];
  readonly tokenizer: LabTokenizer | null;
  readonly bos: number;
  readonly engine: Engine;
  readonly #programs = new Map<number, Program>();
  readonly #picking = new Map<number, Program>();
  #store: Promise<TensorStore> | null = null;
  #lastToken: LastTokenPath | null = null;

  constructor(parts: ModelParts) {
    this.name = parts.name;
    this.sha256 = parts.sha256;
    this.origin = parts.origin;
    this.known = parts.known ?? null;
    this.config = parts.config;
    this.weights = parts.weights;
    this.dtype = parts.dtype;
    this.processing = parts.processing;
    this.tokenizer = parts.tokenizer;
    this.bos = parts.bos;
    this.engine = parts.engine;
  }

  /**
   * Runs the model on tokens [batch, position]: any named value can be fetched, any can be fed.
   *
   * @example
   * const { logits, "blocks.1.attn.hook_pattern": pattern } = await model.run(tokens, {
   *   fetch: ["logits", "blocks.1.attn.hook_pattern"],
   * });
   * @throws LabError for unknown names, feeds that do not fit, ids outside the vocabulary, and
   *   sequences that are empty, of unequal length or longer than the context, and positions that
   *   they do not have.
   */
  async run<Name extends string>(
    tokens: TokenInput,
    { fetch, feed = {}, positions }: ModelRunOptions<Name>,
  ): Promise<Record<Name, Tensor>> {
    const ids = tokenTensor(tokens, this.config.dVocab, this.name);
    const length = ids.shape[1] as number;
    const program = await this.program(length);
    const { targets } = feed;
    if (targets && "data" in targets) {
      checkTokenIds(targets as Tensor<"int32">, this.config.dVocab, `${this.name}: targets`);
    }
    const feeds = { tokens: ids, ...feed };
    if (positions === undefined) return program.run({ fetch, feed: feeds });
    const range = positionRange(positions, [0, length], this.name);
    return runAtPositions(await this.#pickingProgram(program, length), fetch, feeds, range);
  }

  /**
   * Log-odds of targets [batch, targets] after the last token of each sequence, in nats, and with
   * `logits` their logits: the same numbers as `run` but for rounding (5e-5 nats), several times faster,
   * and without hook points.
   *
   * @throws LabError for ids outside the vocabulary, and sequences that are empty or longer than the
   *   context.
   */
  async runLastToken(
    tokens: Tensor<"int32">,
    targets: Tensor<"int32">,
    options: { readonly logits?: boolean } = {},
  ): Promise<LastTokenValues> {
    const ids = tokenTensor(tokens, this.config.dVocab, this.name);
    this.#checkLength(ids.shape[1] as number);
    checkTokenIds(targets, this.config.dVocab, `${this.name}: targets`);
    const store = await this.#weightStore();
    const { config, dtype, engine, weights } = this;
    this.#lastToken ??= new LastTokenPath({ config, dtype, engine, weights, store });
    return this.#lastToken.run(ids, targets, options);
  }

  /** The program for sequences of that length, made once; its weights are shared with all lengths. */
  async program(positions: number): Promise<Program> {
    this.#checkLength(positions);
    return this.#once(this.#programs, positions, () => forward(this.config, positions, this.dtype));
  }

  /** The program with each value at some positions only beside it. */
  #pickingProgram({ graph }: Program, length: number): Promise<Program> {
    return this.#once(this.#picking, length, () => {
      const values = [...graph.names.values()];
      return [...values, ...atPickedPositions(values)];
    });
  }

  /** The program of that length, made by the first of the runs that need it. */
  async #once(
    made: Map<number, Program>,
    length: number,
    roots: () => readonly Value[],
  ): Promise<Program> {
    // First: nothing is awaited between the look and the making, so that runs at the same time share it.
    const store = await this.#weightStore();
    const program = made.get(length) ?? new Program(roots(), this.engine, store, this.weights);
    made.set(length, program);
    return program;
  }

  /** A program of other values over the model's weights, which are its parameters by their keys. */
  async programOf(roots: readonly Value[]): Promise<Program> {
    return new Program(roots, this.engine, await this.#weightStore(), this.weights);
  }

  #weightStore(): Promise<TensorStore> {
    this.#store ??= this.engine.store(this.weights);
    return this.#store;
  }

  #checkLength(positions: number): void {
    const { nCtx } = this.config;
    if (Number.isInteger(positions) && positions >= 1 && positions <= nCtx) return;
    throw usageError(
      `${this.name}: expected sequences of 1 to ${nCtx} tokens, got ${positions}`,
      "the model's context is that long",
    );
  }

  /** All names that can be fetched and fed, in the order in which the forward pass computes them. */
  hookNames(): string[] {
    return [
      ...graphOf(...forward(this.config, Math.min(2, this.config.nCtx), this.dtype)).names.keys(),
    ];
  }

  /**
   * Token ids [1, position] of a text, with or without BOS in front; the choice is recorded.
   *
   * @throws LabError if the model has no tokenizer.
   */
  toTokens(text: string, { prependBos }: { readonly prependBos: boolean }): Tokens {
    const ids = this.#needTokenizer("toTokens").encode(text);
    const all = prependBos ? [this.bos, ...ids] : ids;
    return { ...tensor("int32", [1, all.length], all), prependBos };
  }

  /** The text of each token alone, in order. @throws LabError if the model has no tokenizer. */
  toStrings(tokens: ArrayLike<number> | Tensor<"int32">): string[] {
    const ids = "data" in tokens ? tokens.data : tokens;
    return this.#needTokenizer("toStrings").toStrings(Array.from(ids));
  }

  /**
   * The id of a text that is exactly one token.
   *
   * @throws LabError that lists the tokens if they are several, or if the model has no tokenizer.
   */
  toSingleToken(text: string): number {
    return this.#needTokenizer("toSingleToken").toSingleToken(text);
  }

  #needTokenizer(what: string): LabTokenizer {
    if (this.tokenizer !== null) return this.tokenizer;
    throw usageError(
      `${what}: expected a model with a tokenizer, got ${this.name}, which has none`,
      "give token ids, or put its tokenizer.json into the model's folder",
    );
  }
}
