import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { loadTokenizer } from "../../src/model/tokenizer.js";

const folder = new URL("../../models/attn-only-2l-mini/", import.meta.url);
const tokenizerJson = readFileSync(new URL("tokenizer.json", folder));
const configJson = readFileSync(new URL("tokenizer_config.json", folder));
const golden = JSON.parse(readFileSync(new URL("tokenizer-golden.json", folder), "utf8")) as {
  bos: number;
  cases: { text: string; ids: number[] }[];
};
const tokenizer = loadTokenizer(tokenizerJson, configJson, "mini");
const everyId = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);

function errorOf(action: () => unknown): LabError {
  try {
    action();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

describe("the golden texts of the tokenizer's trainer", () => {
  it.each(golden.cases.map(({ text, ids }) => [text, ids] as const))("%j", (text, ids) => {
    expect(tokenizer.encode(text)).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it("has the vocabulary and BOS of the model", () => {
    expect(tokenizer.vocabSize).toBe(8192);
    expect(tokenizer.bosId).toBe(golden.bos);
    expect(loadTokenizer(tokenizerJson, null, "mini").bosId).toBeNull();
    const config = json({ bos_token: { content: "<|EOS|>", special: true } });
    expect(loadTokenizer(tokenizerJson, config, "mini").bosId).toBe(0);
  });
});

describe("toStrings", () => {
  const strings = tokenizer.toStrings(everyId);

  it("gives every token a string of its own", () => {
    expect(new Set(strings).size).toBe(8192);
    expect(strings.slice(0, 3)).toEqual(["<|EOS|>", "<|BOS|>", "<|PAD|>"]);
    expect(strings[1850]).toBe(" Mar");
  });

  it("gives the 256 bytes as characters where they are, and as escapes where not", () => {
    const bytes = strings.slice(3, 259);
    const escaped = bytes.filter((text) => /^\\x[89a-f][0-9a-f]$/.test(text));
    const ascii = bytes.filter((text) => text.length === 1 && text.charCodeAt(0) < 0x80);
    expect(escaped.length).toBe(128);
    expect(ascii.length).toBe(128);
    expect(new Set(bytes).size).toBe(256);
  });

  it("keeps whole characters beside the escaped bytes of broken ones", () => {
    const space = everyId.filter((id) => strings[id] === " \\xe2\\x80");
    expect(space.length).toBe(1);
    // E2 80 94 is a dash; its first two bytes alone are none.
    expect(tokenizer.decode([...space, strings.indexOf("\\x94")])).toBe(" —");
  });

  it("gives strings that encode to their token again", () => {
    const whole = everyId.filter((id) => !/\\x[0-9a-f]{2}/.test(strings[id]!));
    const other = whole.filter((id) => tokenizer.encode(strings[id]!).join() !== String(id));
    expect(whole.length).toBeGreaterThan(8000);
    // U+FEFF is white space for JavaScript only (the comment at LabTokenizer).
    expect(other.map((id) => strings[id])).toEqual(["\ufeff—"]);
  });

  it("agrees with decode where a token is whole text", () => {
    for (const id of everyId) {
      const text = tokenizer.decode([id]);
      if (!text.includes("\ufffd")) expect(strings[id]).toBe(text);
    }
  });

  it("marks ids beyond the vocabulary, which decode refuses", () => {
    expect(tokenizer.toStrings([8192])).toEqual(["<no token 8192>"]);
    for (const id of [8192, -1, 1.5, NaN]) {
      expect(errorOf(() => tokenizer.decode([5, id])).message).toBe(
        `mini/tokenizer.json: expected token ids from 0 to 8191, got ${id}`,
      );
    }
  });
});

describe("toSingleToken", () => {
  it("gives the id of text that is one token, special ones included", () => {
    expect(tokenizer.toSingleToken(" Mar")).toBe(1850);
    expect(tokenizer.toSingleToken("ius")).toBe(1829);
    expect(tokenizer.toSingleToken("<|BOS|>")).toBe(1);
    expect(tokenizer.toSingleToken("\n")).toBe(13);
  });

  it("says which tokens a longer text is", () => {
    const error = errorOf(() => tokenizer.toSingleToken(" Marius"));
    expect(error.exitCode).toBe(2);
    expect(error.message).toBe("' Marius' is 2 tokens (' Mar' 1850, 'ius' 1829), expected one");
    expect(error.hint).toBe("pick one of them, or give the id instead");
    const spaced = errorOf(() => tokenizer.toSingleToken("receive"));
    expect(spaced.hint).toBe("' receive', with a space before it, is one token (4867)");
    expect(errorOf(() => tokenizer.toSingleToken("é\n".repeat(99))).message.length).toBeLessThan(
      500,
    );
    expect(errorOf(() => tokenizer.toSingleToken("")).message).toBe(
      "expected the text of one token, got ''",
    );
  });
});

describe("other tokenizer files", () => {
  const small = {
    added_tokens: [] as unknown[],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: { a: 0, b: 1, ab: 2 } as Record<string, number>, merges: ["a b"] },
  };
  const load = (value: unknown) => loadTokenizer(json(value), null, "m");

  it("reads one, and refuses text that its vocabulary lacks", () => {
    expect(load(small).encode("aab")).toEqual([0, 2]);
    expect(load(small).vocabSize).toBe(3);
    const error = errorOf(() => load(small).encode("abc"));
    expect(error.message).toBe("m/tokenizer.json: expected text made of known tokens, got 'abc'");
    const unk = { ...small, model: { ...small.model, unk_token: "b" } };
    errorOf(() => load(unk).encode("ac"));
    expect(load(unk).encode("b")).toEqual([1]);
    const untyped = { ...small, model: { vocab: small.model.vocab, merges: small.model.merges } };
    expect(load(untyped).encode("aab")).toEqual([0, 2]);
  });

  it("counts ids, not tokens, and leaves holes", () => {
    const holes = load({ ...small, model: { ...small.model, vocab: { a: 0, b: 5 }, merges: [] } });
    expect(holes.vocabSize).toBe(6);
    expect(holes.toStrings([0, 3, 5])).toEqual(["a", "<no token 3>", "b"]);
    expect(errorOf(() => holes.decode([3])).message).toContain("got 3");
  });

  it.each([
    ["no JSON", "{", "expected JSON in UTF-8"],
    ["no object", "[]", "expected a byte-level BPE tokenizer"],
    ["no merges", JSON.stringify({ ...small, model: { vocab: {} } }), "model.merges"],
    ["another model", JSON.stringify({ ...small, model: { type: "Unigram" } }), "model.type"],
    ["another decoder", JSON.stringify({ ...small, decoder: { type: "Metaspace" } }), "decoder"],
    ["no pre-tokenizer", JSON.stringify({ ...small, pre_tokenizer: { type: "No" } }), "No"],
    [
      "a huge id",
      JSON.stringify({ ...small, model: { ...small.model, vocab: { a: 1e15 } } }),
      "model.vocab.a",
    ],
    [
      "a merge to no token",
      JSON.stringify({ ...small, model: { ...small.model, merges: ["a b", ["b", "a"]] } }),
      "a merge to 'ba'",
    ],
    [
      "two tokens of one id",
      JSON.stringify({ ...small, model: { ...small.model, vocab: { a: 1, b: 1 } } }),
      "one token per id",
    ],
  ])("refuses a file with %s", (_, text, part) => {
    const error = errorOf(() => loadTokenizer(new TextEncoder().encode(text), null, "m"));
    expect(error.message).toMatch(/^m\/tokenizer\.json: expected .+, got .+/);
    expect(error.message).toContain(part);
  });

  it("refuses a file cut short, and a BOS token that is not in the vocabulary", () => {
    errorOf(() => loadTokenizer(tokenizerJson.subarray(0, 100_000), null, "m"));
    const error = errorOf(() => loadTokenizer(tokenizerJson, json({ bos_token: "<s>" }), "m"));
    expect(error.message).toBe(
      "m/tokenizer_config.json: expected a bos_token of the vocabulary, got '<s>'",
    );
  });
});
