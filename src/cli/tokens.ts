import { usageError } from "../errors.js";
import {
  postPowersRange,
  postTokens,
  type TokenRef,
  tokenRef,
  type IndexRange,
} from "../induction/index.js";
import type { Model } from "../model/index.js";
import type { PairOptions } from "./options.js";
import type { Session } from "./session.js";

/** A token given as text or by id; `null` if neither was given. */
function givenToken(
  model: Model,
  which: "a" | "b",
  { text, id }: { readonly text: string | undefined; readonly id: number | undefined },
): TokenRef | null {
  if (text !== undefined) return tokenRef(model, idOfText(model, `--${which}`, text));
  return id === undefined ? null : tokenRef(model, checkId(model, `--${which}-id`, id));
}

function idOfText(model: Model, option: "--a" | "--b" | "--tokens", text: string): number {
  if (model.tokenizer === null) {
    throw usageError(
      `${option}: expected a model with a tokenizer, got ${model.name}, which has none`,
      `give ${option === "--tokens" ? "--token-ids" : `${option}-id`}`,
    );
  }
  return checkId(model, option, model.toSingleToken(text));
}

function checkId(model: Model, where: string, id: number): number {
  const { dVocab } = model.config;
  if (id < dVocab) return id;
  throw usageError(
    `${where}: expected an id from 0 to ${dVocab - 1}, got ${id}`,
    `the vocabulary of ${model.name} has ${dVocab} tokens`,
  );
}

/**
 * The pair A, B that the options name.
 *
 * @throws LabError if one is missing, unknown, or text of several tokens.
 */
export function requirePair(model: Model, options: PairOptions): { a: TokenRef; b: TokenRef } {
  const a = givenToken(model, "a", { text: options.a, id: options.aId });
  const b = givenToken(model, "b", { text: options.b, id: options.bId });
  if (a !== null && b !== null) return { a, b };
  throw usageError(
    `expected both tokens of the pair, got ${a === null ? "no A" : "no B"}`,
    "give --a and --b as text, or --a-id and --b-id",
  );
}

/** The tokens that the scenarios fix, and a note where they are not the post's. */
export function scenarioPair(
  { model, known }: Session,
  options: PairOptions,
): { a: TokenRef; b: TokenRef; notes: string[] } {
  const notes: string[] = [];
  const pick = (which: "a" | "b", text: string | undefined, id: number | undefined): TokenRef => {
    const given = givenToken(model, which, { text, id });
    if (given !== null) return given;
    const post = postTokens[which];
    const upper = which.toUpperCase();
    if (known?.substitutes !== undefined) {
      const { id: substitute, text: name } = known.substitutes[which];
      notes.push(
        `${upper} = ${JSON.stringify(name)} (id ${substitute}) by the model card of ${model.name}, for the post's ${JSON.stringify(post)}`,
      );
      return tokenRef(model, substitute);
    }
    const found = model.tokenizer?.encode(post) ?? [];
    if (found.length === 1) return tokenRef(model, found[0] as number);
    throw usageError(
      `expected the post's ${JSON.stringify(post)} to be one token of ${model.name}, got ${model.tokenizer === null ? "no tokenizer" : `${found.length} tokens`}`,
      `choose ${upper} with ${model.tokenizer === null ? "" : `--${which} or `}--${which}-id`,
    );
  };
  const a = pick("a", options.a, options.aId);
  const b = pick("b", options.b, options.bId);
  return { a, b, notes };
}

/** Which tokens to measure powers of. */
export interface PowerTokenOptions {
  readonly tokens?: string;
  readonly tokenIds?: readonly number[];
  readonly range?: IndexRange;
  readonly limit?: number;
}

/** Tokens whose powers are wanted. */
export interface PowerTokens {
  readonly tokens: TokenRef[];
  /** Whether they are the whole range that the protocol draws from. */
  readonly whole: boolean;
  readonly notes: string[];
}

/** The tokens whose powers are wanted: those named, or a range, or the default range; and notes. */
export function powerTokens(
  { model, known, protocol }: Session,
  options: PowerTokenOptions,
  defaultRange: "post" | "vocabulary",
): PowerTokens {
  const notes: string[] = [];
  // A token named twice would count twice in the spread over tokens.
  const ids = [...new Set(namedIds() ?? rangeIds())];
  const limited = ids.slice(0, options.limit);
  if (limited.length < ids.length) {
    notes.push(`partial: ${limited.length} of ${ids.length} tokens (--limit)`);
  }
  const whole =
    limited.length === protocol.highestId - protocol.lowestId + 1 &&
    limited.every((id, i) => id === protocol.lowestId + i);
  return { tokens: limited.map((id) => tokenRef(model, id)), whole, notes };

  function namedIds(): number[] | null {
    if (options.tokenIds !== undefined) {
      return options.tokenIds.map((id) => checkId(model, "--token-ids", id));
    }
    return options.tokens?.split(",").map((text) => idOfText(model, "--tokens", text)) ?? null;
  }

  function rangeIds(): number[] {
    const { dVocab } = model.config;
    let range = options.range;
    if (range !== undefined) {
      checkId(model, "--range", range.to - 1);
    } else if (defaultRange === "vocabulary") {
      range = { from: protocol.lowestId, to: protocol.highestId + 1 };
    } else if (known !== null) {
      const { from, to } = known.powersRange;
      range = { from, to: to + 1 };
      const asInPost = from === postPowersRange.from && to === postPowersRange.to;
      if (!asInPost)
        notes.push(
          `powers of ids ${from} to ${to} by the model card of ${model.name} (the post: ${postPowersRange.from} to ${postPowersRange.to})`,
        );
    } else {
      const { from, to } = postPowersRange;
      range = { from: Math.min(from, dVocab - 1), to: Math.min(to, dVocab - 1) + 1 };
      if (to > dVocab - 1)
        notes.push(`powers of ids ${from} to ${dVocab - 1}: the vocabulary ends there`);
    }
    const { from, to } = range;
    return Array.from({ length: to - from }, (_, i) => from + i);
  }
}
