import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { readPickle } from "../../src/weights/pickle.js";
import {
  PickleGlobal,
  type PickleRules,
  PickleTuple,
  type PickleValue,
} from "../../src/weights/pickle-values.js";
import { readStateDict } from "../../src/weights/torch-pickle.js";

type Part = string | readonly number[];

/** Bytes of parts: text stands for one byte per character. */
function pickle(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? Array.from(part, (c) => c.charCodeAt(0)) : part,
    ),
  );
}

/** Every call and every persistent id that a pickle reached. */
const reached: string[] = [];
const rules: PickleRules = {
  globals: new Set(["allowed.call"]),
  call(name, args) {
    reached.push(name);
    return new PickleTuple([name, ...args]);
  },
  persistent(id) {
    reached.push(String(id));
    return { kind: "storage" };
  },
};

const read = (...parts: readonly Part[]): PickleValue => readPickle(pickle(...parts), rules, "f");

function refusal(run: () => unknown): LabError {
  try {
    run();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    expect(error.message).toMatch(/^f: expected [^\n]+, got [^\n]+$/);
    expect(error.hint).toBeTypeOf("string");
    return error;
  }
  throw new Error("the pickle was read");
}

const unicode = (text: string): number[] => [0x58, text.length, 0, 0, 0, ...pickle(text)];

describe("pickles of plain data", () => {
  it.each<[string, readonly Part[], PickleValue]>([
    ["none", ["N."], null],
    ["true", [[0x88], "."], true],
    ["false", [[0x89], "."], false],
    ["BININT1", ["K", [255], "."], 255],
    ["BININT2", ["M", [1, 2], "."], 513],
    ["BININT", ["J", [254, 255, 255, 255], "."], -2],
    ["LONG1 of no bytes", [[0x8a, 0], "."], 0],
    ["LONG1 of five bytes", [[0x8a, 5, 0, 0, 0, 0, 1], "."], 2 ** 32],
    ["a negative LONG1", [[0x8a, 1, 0xff], "."], -1],
    ["a LONG1 beyond 2^53", [[0x8a, 8, 1, 0, 0, 0, 0, 0, 0, 0x40], "."], 2n ** 62n + 1n],
    ["BINFLOAT", ["G", [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], "."], 1.5],
    ["BINUNICODE", [unicode("ab"), "."], "ab"],
    ["SHORT_BINUNICODE", [[0x8c, 2], "ab."], "ab"],
    ["BINUNICODE8", [[0x8d, 2, 0, 0, 0, 0, 0, 0, 0], "ab."], "ab"],
    ["APPEND and APPENDS", ["]K", [1], "a(K", [2], "K", [3], "e."], [1, 2, 3]],
    ["SETITEMS", ["}(", unicode("a"), "K", [1], "u."], new Map([["a", 1]])],
    ["SETITEM", ["}", unicode("a"), "K", [1], "s."], new Map([["a", 1]])],
    ["LIST and DICT", ["(", unicode("a"), "(K", [1], "ld."], new Map([["a", [1]]])],
    ["BINPUT and BINGET", ["]q", [7], "0h", [7], "."], []],
    ["LONG_BINPUT and LONG_BINGET", ["]r", [7, 1, 0, 0], "0j", [7, 1, 0, 0], "."], []],
    ["MEMOIZE and a frame", [[0x80, 4, 0x95, 4, 0, 0, 0, 0, 0, 0, 0], "]", [0x94], "0h\0."], []],
    ["POP, POP_MARK and DUP", ["K", [1], "(NN1K", [2], "02\x86."], new PickleTuple([1, 1])],
    ["BUILD, whose state is left out", ["}}b."], new Map()],
  ])("%s", (_, parts, value) => {
    expect(read(...parts)).toEqual(value);
  });

  it("tuples of any length keep their order", () => {
    const values = ["K", [1], "K", [2], "K", [3]] as const;
    expect(read(...values, [0x87], ".")).toEqual(new PickleTuple([1, 2, 3]));
    expect(read("(", ...values, "K", [4], "t.")).toEqual(new PickleTuple([1, 2, 3, 4]));
    expect(read(").")).toEqual(new PickleTuple([]));
  });

  it("a list may hold itself", () => {
    const list = read("]q\0h\0a.") as PickleValue[];
    expect(list[0]).toBe(list);
  });

  it("keys of a dict touch no prototype", () => {
    const dict = read("}", unicode("__proto__"), "}", unicode("polluted"), [0x88], "ss.");
    expect([...(dict as Map<string, PickleValue>).keys()]).toEqual(["__proto__"]);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("allowed objects are called with their arguments, by GLOBAL or by STACK_GLOBAL", () => {
    const value = new PickleTuple(["allowed.call", 1]);
    expect(read("callowed\ncall\nK", [1], [0x85], "R.")).toEqual(value);
    expect(read(unicode("allowed"), unicode("call"), [0x93], "K", [1], [0x85], "R.")).toEqual(
      value,
    );
    expect(read("callowed\ncall\n.")).toEqual(new PickleGlobal("allowed.call"));
  });
});

describe("pickles that would run code", () => {
  it.each<[string, readonly Part[], string]>([
    ["GLOBAL", ["cposix\nsystem\n", unicode("true"), [0x85], "R."], "posix system"],
    ["STACK_GLOBAL", [unicode("builtins"), unicode("eval"), [0x93], "."], "builtins eval"],
    ["a part of an allowed name", ["callowed.call\nx\n."], "allowed.call x"],
    ["a name that joins to an allowed one", ["c\nallowed.call\n."], " allowed.call"],
    ["a name of JavaScript", ["cconstructor\nconstructor\n."], "constructor constructor"],
  ])("by %s are refused by the name", (_, parts, name) => {
    reached.length = 0;
    expect(refusal(() => read(...parts)).message).toContain(`Python object "${name}"`);
    expect(reached).toEqual([]);
  });

  it.each<[string, readonly Part[], string]>([
    ["NEWOBJ", ["callowed\ncall\n)", [0x81], "."], "opcode 0x81"],
    ["INST", ["(iposix\nsystem\n."], "opcode 0x69"],
    ["OBJ", ["(callowed\ncall\no."], "opcode 0x6f"],
    ["EXT1", [[0x82, 1], "."], "opcode 0x82"],
    ["a textual persistent id", ["Pkey\n."], "opcode 0x50"],
    ["a call of a string", [unicode("eval"), ")R."], "another call"],
    ["arguments that are no tuple", ["callowed\ncall\n]R."], "another call"],
    ["a call of what a call gave", ["callowed\ncall\n)R)R."], "another call"],
  ])("by %s are refused", (_, parts, message) => {
    expect(refusal(() => read(...parts)).message).toContain(message);
  });

  it("names are shown short and without control characters", () => {
    const { message } = refusal(() => read(`c\x1b[31m${"m".repeat(5000)}\nsystem\n.`));
    expect(message).not.toMatch(/\p{C}/u);
    expect(message.length).toBeLessThan(200);
  });
});

describe("damaged pickles", () => {
  it.each<[string, readonly Part[], string]>([
    ["nothing", [], "its end"],
    ["no STOP", ["N"], "its end"],
    ["a value that is cut", ["J", [1]], "its end"],
    ["a string longer than the file", ["X", [255, 255, 255, 255], "a."], "its end"],
    ["a string of 2^63 bytes", [[0x8d, 0, 0, 0, 0, 0, 0, 0, 0x80], "."], "its end"],
    ["bytes of 2^64 − 1", [[0x8e, 255, 255, 255, 255, 255, 255, 255, 255], "."], "its end"],
    ["a frame longer than the file", [[0x95, 255, 255, 255, 0, 0, 0, 0, 0], "N."], "its end"],
    ["a name without end", ["cposix"], "its end"],
    ["text that is no UTF-8", [[0x58, 1, 0, 0, 0, 0xff], "."], "text in UTF-8"],
    ["STOP on an empty stack", ["."], "a value on the stack"],
    ["a tuple of too few", ["N", [0x86], "."], "a value on the stack"],
    ["a pop below a mark", ["N(0."], "a value on the stack"],
    ["no mark", ["Nt."], "a mark on the stack"],
    ["a value that was never kept", ["h\0."], "none under 0"],
    ["a dict with a key and no value", ["}(Nu."], "a dict"],
    ["items of a list", ["](NNu."], "a dict"],
    ["appending to a tuple", [")Na."], "a list"],
    ["a number of 255 bytes", [[0x8a, 255], "."], "64 bits"],
    ["protocol 6", [[0x80, 6], "N."], "protocol 6"],
    ["an unknown opcode", [[0xff], "."], "opcode 0xff"],
  ])("%s", (_, parts, message) => {
    expect(refusal(() => read(...parts)).message).toContain(message);
  });

  it.each<[string, Uint8Array]>([
    ["marks", pickle("(".repeat(1_000_001))],
    ["values", pickle("N".repeat(1_000_001))],
    ["dicts in a list", pickle("]", "}a".repeat(600_000))],
    ["nested lists", pickle("]", "]q\0ah\0".repeat(300_000))],
    ["kept values", pickle("K\0", "\x94".repeat(1_000_001))],
    ["steps that undo one another", pickle("N0".repeat(2_500_002))],
  ])("%s without end", (_, bytes) => {
    expect(refusal(() => readPickle(bytes, rules, "f")).message).toContain("a pickle of a model");
  });
});

describe("pickles of state dicts", () => {
  const storage = [
    ["("],
    [unicode("storage"), "ctorch\nFloatStorage\n", unicode("0"), unicode("cpu"), "K\x06tQ"],
  ].flat();
  const tensor = (offset: Part, sizes: Part, strides: Part): Part[] => [
    "ctorch._utils\n_rebuild_tensor_v2\n(",
    ...storage,
    offset,
    sizes,
    strides,
    [0x89],
    "}tR",
  ];
  const state = (...parts: readonly Part[]) =>
    readStateDict(pickle("}", unicode("w"), ...parts, "s."), "f");

  it("name tensors with their window on a storage", () => {
    expect(state(...tensor("K\x01", "K\x02K\x02\x86", "K\x02K\x01\x86")).get("w")).toEqual({
      kind: "tensor",
      storage: { kind: "storage", type: "FloatStorage", key: "0", size: 6 },
      offset: 1,
      shape: [2, 2],
      strides: [2, 1],
    });
  });

  it.each<[string, readonly Part[], string]>([
    ["a negative offset", tensor("J\xff\xff\xff\xff", ")", ")"), "got -1"],
    ["a negative stride", tensor("K\0", "K\x02\x85", "J\xff\xff\xff\xff\x85"), "got -1"],
    ["a size that is no number", tensor("K\0", "N\x85", "K\x01\x85"), "got null"],
    ["a size that is true", tensor("K\0", "\x88\x85", "K\x01\x85"), "got true"],
    ["a size beyond 2^53", tensor("K\0", "\x8a\x08\0\0\0\0\0\0\0\x40\x85", "K\x01\x85"), "got 46"],
    ["sizes that are a list", tensor("K\0", "]", ")"), "expected sizes"],
    ["more sizes than strides", tensor("K\0", "K\x01\x85", ")"), "1 strides"],
    ["65 dimensions", tensor("K\0", `(${"K\x01".repeat(65)}t`, ")"), "at most 64 dimensions"],
    ["a tensor of no storage", ["ctorch._utils\n_rebuild_tensor_v2\n(NK\0))\x89}tR"], "a storage"],
    ["a parameter of no tensor", ["ctorch._utils\n_rebuild_parameter\n(N\x88}tR"], "a tensor"],
    ["a storage that is called", ["ctorch\nFloatStorage\n)R"], "a call of torch.FloatStorage"],
    ["a dict filled by its call", ["ccollections\nOrderedDict\n]\x85R"], "an empty OrderedDict"],
    ["another persistent id", ["NQ"], "the id of a storage"],
    ["no tensor at all", ["N"], "tensors by name"],
  ])("%s is refused", (_, parts, message) => {
    expect(refusal(() => state(...parts)).message).toContain(message);
  });

  it("one long tuple of sizes costs little, however often it is used", () => {
    // Copied at each call, the sizes would take 6 GB.
    const sizes = `(${"K\x01".repeat(64)}t`;
    const args = ["(", ...storage, "K\0", sizes, "q\x02h\x02", "\x89}t"];
    const parts = [...args, "q\x01", "ctorch._utils\n_rebuild_tensor_v2\nq\0", "0"];
    const used = pickle(...parts, "0]", "h\0h\x01Ra".repeat(100_000), ".");
    const error = refusal(() => readStateDict(used, "f"));
    expect(error.message).toContain("a state dict");
  });
});
