/**
 * The protocol of the 2023 post (F. Roger, "How Do Induction Heads Actually Work in Transformers With
 * Finite Capacity?"): sequences …AB…A whose next token should be B, and a control of each.
 *
 *     position    0    1 … 10   11  12   13 … 22   23      target
 *     induction  BOS   r × 10    A   B    r × 10    A   →   B
 *     control    BOS   the same 22 ids in random order   A   →   B
 *
 * A sequence is a pure function of (seed, experiment, unit, k): the same on every machine, in any
 * order. Each slot draws from random words of its own, so that fixing A or B, or refusing an id,
 * leaves all other slots as they were.
 */
import { usageError } from "../errors.js";
import { ItemStream, shuffle } from "../random/index.js";

/** Every choice of the protocol; the defaults are {@link postProtocol}, the post to the letter. */
export interface Protocol {
  /** Random tokens before the first pair, and between it and the last A. The post: 10 and 10. */
  readonly gaps: readonly [number, number];
  /** Random tokens are drawn uniformly from `lowestId` to `highestId`, both included. The post: 4 up to the last id. */
  readonly lowestId: number;
  readonly highestId: number;
  /** Whether a filler may happen to be A or B. The post: `any`. */
  readonly fillers: "any" | "avoid-ab";
  /** Whether a random A may equal B. The post: it may. */
  readonly allowAEqualsB: boolean;
  /**
   * `shuffle` (the post): everything before the last A in random order, A and B still in it.
   * `replace-b`: …AC…A; `replace-a`: …CB…A, with C random.
   */
  readonly control: "shuffle" | "replace-b" | "replace-a";
  /** The id in front of every sequence. The post: 1. */
  readonly bos: number;
}

/** The post's protocol for a vocabulary of the given size. */
export function postProtocol(dVocab: number): Protocol {
  return {
    gaps: [10, 10],
    lowestId: 4,
    highestId: dVocab - 1,
    fillers: "any",
    allowAEqualsB: true,
    control: "shuffle",
    bos: 1,
  };
}

/** What a sequence is drawn for; see the head of the file. */
export interface SequenceKey {
  /** 0 to 2³² − 1. */
  readonly seed: number;
  readonly experiment: ExperimentCode;
  /** The scenario, or the token and its role; 0 to 2³² − 1. */
  readonly unit: number;
  /** Counts within the unit. */
  readonly k: number;
}

/** Numbers of the experiments in the random generator's key: part of every sequence, never changed. */
export const experimentCodes = {
  strength: 1,
  scenarios: 2,
  powers: 3,
  crossed: 4,
  remeasure: 5,
  neighbours: 6,
  headScores: 7,
  prefixMatching: 8,
  headAblation: 9,
  headMeans: 10,
  headPairs: 11,
} as const;

/** The number of one experiment. */
export type ExperimentCode = (typeof experimentCodes)[keyof typeof experimentCodes];

/** Ids that are the same in every sequence of a unit; what is absent is drawn. */
export interface FixedPair {
  readonly a?: number;
  readonly b?: number;
}

/** An induction sequence and its control; both end with A, and B is the target. */
export interface SequencePair {
  readonly a: number;
  readonly b: number;
  /** Token ids with BOS in front, of length {@link sequenceLength}. */
  readonly induction: Int32Array;
  readonly control: Int32Array;
}

/** Tokens that a sequence holds, BOS included; the target is not among them. */
export function sequenceLength({ gaps: [before, between] }: Protocol): number {
  return 1 + before + 2 + between + 1;
}

// First items of the random stream of each purpose; a purpose never reaches the next one's.
const items = { fillers: 0, a: 1 << 16, b: 2 << 16, control: 3 << 16, other: 4 << 16 } as const;

/** The most fillers that fit between two purposes of the stream. */
const mostFillers = 1 << 16;

/** Draws the k-th sequence pair of a unit. */
export function drawPair(protocol: Protocol, key: SequenceKey, fixed: FixedPair): SequencePair {
  const { lowestId, highestId, gaps, bos } = protocol;
  const stream = new ItemStream([key.seed, key.experiment], [key.unit, key.k]);
  const draw = (item: number, accept?: (id: number) => boolean): number =>
    lowestId +
    stream.draw(item, highestId - lowestId + 1, accept && ((offset) => accept(lowestId + offset)));

  // Where only one of them is drawn, it is the one that must differ from the other.
  const a = fixed.a ?? draw(items.a, protocol.allowAEqualsB ? undefined : (id) => id !== fixed.b);
  const b = fixed.b ?? draw(items.b, protocol.allowAEqualsB ? undefined : (id) => id !== a);

  const [before, between] = gaps;
  const acceptFiller =
    protocol.fillers === "any" ? undefined : (id: number) => id !== a && id !== b;
  const fillers = Array.from({ length: before + between }, (_, i) =>
    draw(items.fillers + i, acceptFiller),
  );
  const context = [...fillers.slice(0, before), a, b, ...fillers.slice(before)];
  const sequence = (ids: readonly number[]) => Int32Array.from([bos, ...ids, a]);

  return { a, b, induction: sequence(context), control: sequence(controlContext()) };

  function controlContext(): number[] {
    switch (protocol.control) {
      case "shuffle": {
        const order = shuffle(context.length, stream, items.control);
        return Array.from(order, (from) => context[from] as number);
      }
      case "replace-b":
        return context.with(before + 1, draw(items.control, acceptFiller));
      case "replace-a":
        return context.with(before, draw(items.control, acceptFiller));
    }
  }
}

/** A random token of the k-th sequence pair that is no part of its sequences, to be read beside B. */
export function drawOther({ lowestId, highestId }: Protocol, key: SequenceKey): number {
  const stream = new ItemStream([key.seed, key.experiment], [key.unit, key.k]);
  return lowestId + stream.draw(items.other, highestId - lowestId + 1);
}

/**
 * Checks a protocol against a model.
 *
 * @throws LabError for ids outside the vocabulary, an empty range, negative gaps, or sequences longer
 *   than the context.
 */
export function checkProtocol(
  protocol: Protocol,
  model: { readonly dVocab: number; readonly nCtx: number },
): void {
  const { gaps, lowestId, highestId, bos } = protocol;
  const isId = (id: number) => Number.isInteger(id) && id >= 0 && id < model.dVocab;
  if (gaps.some((gap) => !Number.isInteger(gap) || gap < 0)) {
    throw usageError(
      `gaps: expected two whole numbers from 0, got ${gaps.join(",")}`,
      "the post's are 10,10",
    );
  }
  const length = sequenceLength(protocol);
  if (length > model.nCtx || gaps[0] + gaps[1] > mostFillers) {
    throw usageError(
      `gaps: expected sequences of at most ${Math.min(model.nCtx, mostFillers)} tokens, got ${length}`,
      "make the gaps shorter",
    );
  }
  if (!isId(lowestId) || !isId(highestId) || highestId < lowestId) {
    throw usageError(
      `lowest id: expected an id from 0 to ${Math.min(highestId, model.dVocab - 1)}, got ${lowestId}`,
      `the vocabulary has ${model.dVocab} tokens`,
    );
  }
  // A pair of distinct tokens and fillers that avoid both need three ids to draw from.
  const distinct = !protocol.allowAEqualsB || protocol.fillers === "avoid-ab";
  if (distinct && highestId - lowestId < 2) {
    throw usageError(
      `lowest id: expected at least three ids to draw from, got ${highestId - lowestId + 1}`,
      "lower it, or allow fillers and pairs to coincide",
    );
  }
  if (!isId(bos)) throw usageError(`bos: expected an id below ${model.dVocab}, got ${bos}`);
}
