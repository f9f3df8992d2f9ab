import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { LabError, usageError } from "../errors.js";
import { byteOf, textOfEntry } from "./byte-level.js";

/**
 * A byte-level BPE tokenizer. It never adds a token that is not in the text: BOS is the caller's.
 *
 * Text is cut into words by JavaScript's regular expressions, for which U+FEFF is white space and
 * U+0085 is not; the Rust tokenizers hold the opposite, and beside these two characters a text may
 * get other tokens here than there.
 */
export interface LabTokenizer {
  /** The id of the token that starts a sequence, or null if the tokenizer's configuration names none. */
  readonly bosId: number | null;
  /** Number of ids: the highest one plus 1. A model's vocabulary may be padded beyond it. */
  readonly vocabSize: number;

  /**
   * Token ids of a text, without BOS. The literal text of a special token gives its id.
   *
   * @throws LabError of wrong usage if the vocabulary has no token for a piece of the text.
   */
  encode(text: string): number[];

  /**
   * The text of a token sequence, special tokens included; bytes that are not UTF-8 become U+FFFD.
   *
   * @throws LabError if an id has no token.
   */
  decode(ids: readonly number[]): string;

  /**
   * The text of each token alone, leading spaces kept, for tables and figures. Bytes that are not
   * UTF-8 by themselves, such as a part of a character, are written `\xNN`, and an id beyond the
   * vocabulary `<no token ID>`.
   */
  toStrings(ids: readonly number[]): string[];

  /**
   * The id of the one token that a text is.
   *
   * @throws LabError of wrong usage if it is several tokens or none.
   */
  toSingleToken(text: string): number;
}

/** No vocabulary comes near this; it bounds what a damaged id can allocate. */
const highestId = 2 ** 24;
const idSchema = z.int().min(0).max(highestId);

/** The parts of tokenizer.json that this file relies on; the library checks the rest. */
const tokenizerSchema = z.looseObject({
  added_tokens: z.array(z.looseObject({ id: idSchema, content: z.string().min(1) })),
  decoder: z.looseObject({ type: z.literal("ByteLevel") }),
  model: z.looseObject({
    // Old files, GPT-2's own among them, leave the type out.
    type: z.literal("BPE").optional(),
    vocab: z.record(z.string(), idSchema),
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  }),
});

type TokenizerJson = z.infer<typeof tokenizerSchema>;

const configSchema = z.looseObject({
  bos_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
});

function parse<T>(schema: z.ZodType<T>, bytes: Uint8Array, file: string): T {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw damaged(file, "JSON in UTF-8", "something else", cause);
  }
  const checked = schema.safeParse(json);
  if (checked.success) return json as T;
  const issue = checked.error.issues[0];
  const at = issue?.path.join(".") ?? "";
  throw damaged(file, "a byte-level BPE tokenizer", `${at}: ${issue?.message ?? ""}`.slice(0, 200));
}

function damaged(file: string, expected: string, got: string, cause?: unknown): LabError {
  return new LabError(`${file}: expected ${expected}, got ${got}`, {
    hint: "the file is damaged or of another kind of tokenizer: fetch it again",
    cause,
  });
}

/** A token's text between quotes, on one line. */
function quote(text: string): string {
  return `'${text.replace(/\p{Cc}/gu, (control) => JSON.stringify(control).slice(1, -1))}'`;
}

class ByteLevelTokenizer implements LabTokenizer {
  readonly bosId: number | null;
  readonly vocabSize: number;
  readonly #library: Tokenizer;
  readonly #added: ReadonlyMap<number, string>;
  readonly #missingBytes: ReadonlySet<number>;
  readonly #where: string;

  constructor(
    library: Tokenizer,
    options: {
      readonly bosId: number | null;
      readonly vocabSize: number;
      readonly missingBytes: ReadonlySet<number>;
      readonly where: string;
    },
  ) {
    this.#library = library;
    this.#added = new Map(
      Array.from(library.get_added_tokens_decoder(), ([id, token]) => [id, token.content]),
    );
    this.#missingBytes = options.missingBytes;
    this.#where = options.where;
    this.bosId = options.bosId;
    this.vocabSize = options.vocabSize;
  }

  encode(text: string): number[] {
    // The library leaves out, silently, what it has no token for.
    const missing = this.#missingBytes;
    if (missing.size > 0 && new TextEncoder().encode(text).some((byte) => missing.has(byte))) {
      throw usageError(
        `${this.#where}: expected text made of known tokens, got ${quote(text.slice(0, 60))}`,
        "this vocabulary lacks some of its bytes: leave them out",
      );
    }
    return this.#library.encode(text, { add_special_tokens: false }).ids;
  }

  decode(ids: readonly number[]): string {
    const stranger = ids.find((id) => this.#library.id_to_token(id) === undefined);
    if (stranger !== undefined) {
      throw new LabError(
        `${this.#where}: expected token ids from 0 to ${this.vocabSize - 1}, got ${stranger}`,
      );
    }
    if (ids.length === 0) return "";
    return this.#library.decode([...ids], {
      skip_special_tokens: false,
      clean_up_tokenization_spaces: false,
    });
  }

  toStrings(ids: readonly number[]): string[] {
    return ids.map((id) => {
      const added = this.#added.get(id);
      if (added !== undefined) return added;
      const entry = this.#library.id_to_token(id);
      return entry === undefined ? `<no token ${id}>` : textOfEntry(entry);
    });
  }

  toSingleToken(text: string): number {
    const ids = this.encode(text);
    const [id] = ids;
    if (id !== undefined && ids.length === 1) return id;
    if (id === undefined) {
      throw usageError(`expected the text of one token, got ${quote(text)}`, "give the id instead");
    }

    const shown = ids.slice(0, 8);
    const parts = this.toStrings(shown).map((part, i) => `${quote(part)} ${shown[i]}`);
    if (ids.length > shown.length) parts.push("…");
    const spaced = this.encode(` ${text}`);
    throw usageError(
      `${quote(text)} is ${ids.length} tokens (${parts.join(", ")}), expected one`,
      spaced.length === 1
        ? `${quote(` ${text}`)}, with a space before it, is one token (${spaced[0]})`
        : "pick one of them, or give the id instead",
    );
  }
}

/** Checks what the library takes on trust, where a damaged file would only give wrong ids. */
function checkVocabulary({ vocab, merges }: TokenizerJson["model"], file: string): void {
  const ids = Object.values(vocab);
  const twice = ids.length - new Set(ids).size;
  if (twice > 0) throw damaged(file, "one token per id", `${twice} ids with more than one`);
  for (const merge of merges) {
    const token = typeof merge === "string" ? merge.replace(" ", "") : merge.join("");
    if (!Object.hasOwn(vocab, token)) {
      throw damaged(file, "merges that give tokens", `a merge to ${quote(token.slice(0, 60))}`);
    }
  }
}

function build(json: TokenizerJson, file: string): Tokenizer {
  try {
    return new Tokenizer({ ...json, model: { ...json.model, type: "BPE" } }, {});
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw damaged(file, "a tokenizer", reason.slice(0, 200), cause);
  }
}

/**
 * A tokenizer from a model's `tokenizer.json` and, for the BOS token, its `tokenizer_config.json`,
 * run by `@huggingface/tokenizers`.
 *
 * @param where The model's folder, as it is named in errors.
 * @throws LabError if a file is damaged, is not of a byte-level BPE tokenizer, gives one id to two
 * tokens, merges to what is no token, or names a BOS token that the vocabulary lacks.
 */
export function loadTokenizer(
  tokenizerJson: Uint8Array,
  configJson: Uint8Array | null,
  where: string,
): LabTokenizer {
  const file = `${where}/tokenizer.json`;
  const json = parse(tokenizerSchema, tokenizerJson, file);
  const { vocab } = json.model;
  checkVocabulary(json.model, file);
  const library = build(json, file);

  let bosId: number | null = null;
  if (configJson !== null) {
    const configFile = `${where}/tokenizer_config.json`;
    const { bos_token: bos } = parse(configSchema, configJson, configFile);
    const content = typeof bos === "object" ? (bos?.content ?? null) : (bos ?? null);
    bosId = content === null ? null : (library.token_to_id(content) ?? null);
    if (content !== null && bosId === null) {
      throw damaged(configFile, "a bos_token of the vocabulary", quote(content.slice(0, 60)));
    }
  }
  return new ByteLevelTokenizer(library, {
    bosId,
    vocabSize: [...Object.values(vocab), ...json.added_tokens.map(({ id }) => id)].reduce(
      (size, id) => Math.max(size, id + 1),
      0,
    ),
    missingBytes: new Set(
      Array.from(byteOf).flatMap(([character, byte]) =>
        Object.hasOwn(vocab, character) ? [] : [byte],
      ),
    ),
    where: file,
  });
}
