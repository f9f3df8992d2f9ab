import { LabError } from "../errors.js";
import { shown } from "./safetensors-header.js";

/**
 * A machine for pickles that can only build data. A pickle is a program: this one knows the opcodes
 * that `torch.save` writes, looks nothing up and calls nothing but what its user allows by name.
 */

/** A Python object that a pickle names, allowed or not; it is never looked up. */
export class PickleGlobal {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A Python tuple. */
export class PickleTuple {
  readonly items: readonly PickleValue[];

  constructor(items: readonly PickleValue[]) {
    this.items = items;
  }
}

/** A Python dict with its keys in order; keys that are no text are left out of it. */
export type PickleDict = Map<string, PickleValue>;

/** What a persistent id stands for, or what a call gives: of the reader's own making. */
export interface PickleObject {
  readonly kind: string;
}

/** A value that a pickle can build. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleTuple
  | PickleValue[]
  | PickleDict
  | PickleGlobal
  | PickleObject;

/** What a pickle may do besides building data. */
export interface PickleRules {
  /** Names such as `collections.OrderedDict` that may stand in the pickle. */
  readonly globals: ReadonlySet<string>;
  /** What calling an allowed global gives. @throws LabError if it may not be called so. */
  call(name: string, args: readonly PickleValue[]): PickleValue;
  /** What a persistent id stands for. @throws LabError if it is none that is known. */
  persistent(id: PickleValue): PickleValue;
}

/** Bounds that no checkpoint comes near; they keep a hostile pickle from growing without end. */
const mostSteps = 5_000_000;
const mostStack = 1_000_000;
/** Objects that may be pushed, some 200 bytes each; a checkpoint pushes about a dozen for a tensor. */
const mostObjects = 500_000;

/**
 * What a pickle builds.
 *
 * @param where The file, as it is named in errors.
 * @throws LabError for a global that is not allowed, by its name, for opcodes that do more than build
 *   data, and for a pickle that is damaged.
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules, where: string): PickleValue {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const memo = new Map<number, PickleValue>();
  // Everything above the last mark; what lies below it waits among the outer ones.
  let stack: PickleValue[] = [];
  const outer: PickleValue[][] = [];
  let at = 0;
  let objects = 0;

  const fail = (expected: string, got: string): never => {
    throw new LabError(`${where}: expected ${expected}, got ${got}`, {
      hint: "the file is damaged, or no checkpoint of torch.save: fetch it again",
    });
  };
  const take = (length: number): number => {
    const start = at;
    if (!(length >= 0 && start + length <= bytes.length)) fail("a whole pickle", "its end");
    at = start + length;
    return start;
  };
  const u8 = () => view.getUint8(take(1));
  const u16 = () => view.getUint16(take(2), true);
  const u32 = () => view.getUint32(take(4), true);
  const u64 = (): number => {
    const value = view.getBigUint64(take(8), true);
    return value <= BigInt(bytes.length) ? Number(value) : fail("a whole pickle", "its end");
  };
  const bytesOf = (length: number) => {
    const start = take(length);
    return bytes.subarray(start, start + length);
  };
  const text = (length: number): string => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytesOf(length));
    } catch (error) {
      if (error instanceof LabError) throw error;
      return fail("text in UTF-8", "something else");
    }
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) fail("a whole pickle", "its end");
    const found = text(end - at);
    at++;
    return found;
  };
  const push = (value: PickleValue) => {
    if (stack.length >= mostStack) fail("a pickle of a model", "one without end");
    if (typeof value === "object" && value !== null && ++objects > mostObjects) {
      fail("a pickle of a model", `one of more than ${mostObjects} objects`);
    }
    stack.push(value);
  };
  const pop = (): PickleValue => {
    const value = stack.pop();
    return value === undefined ? fail("a value on the stack", "none") : value;
  };
  const top = (): PickleValue => {
    const value = stack.at(-1);
    return value === undefined ? fail("a value on the stack", "none") : value;
  };
  const pushMark = () => {
    if (outer.length >= mostStack) fail("a pickle of a model", "one without end");
    outer.push(stack);
    stack = [];
  };
  const popMark = (): PickleValue[] => {
    const items = stack;
    stack = outer.pop() ?? fail("a mark on the stack", "none");
    return items;
  };
  const tuple = (size: number) => {
    const items = Array.from({ length: size }, pop).reverse();
    push(new PickleTuple(items));
  };
  const global = (module: string, name: string): PickleGlobal => {
    const full = `${module}.${name}`;
    if (rules.globals.has(full)) return new PickleGlobal(full);
    throw new LabError(
      `${where}: expected tensors alone, got the Python object ${shown(`${module} ${name}`)}`,
      { hint: "torch would run it: load the file only if you trust it, and save its state_dict()" },
    );
  };
  const setItems = (target: PickleValue, items: readonly PickleValue[]) => {
    if (!(target instanceof Map) || items.length % 2 !== 0) fail("a dict", "something else");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as PickleValue;
      if (typeof key === "string") (target as PickleDict).set(key, items[i + 1] as PickleValue);
    }
  };
  const append = (target: PickleValue, items: readonly PickleValue[]) => {
    if (!Array.isArray(target)) fail("a list", "something else");
    for (const item of items) (target as PickleValue[]).push(item);
  };
  const long = (length: number): number | bigint => {
    if (length > 8) fail("a number of at most 64 bits", `one of ${8 * length}`);
    let value = 0n;
    const digits = bytesOf(length);
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i] as number);
    if (length > 0 && (digits[length - 1] as number) >= 0x80) value -= 1n << BigInt(8 * length);
    return value >= -(2n ** 53n) && value <= 2n ** 53n ? Number(value) : value;
  };
  const remember = (key: number) => {
    if (memo.size >= mostStack) fail("a pickle of a model", "one without end");
    memo.set(key, top());
  };
  const recall = (key: number) => {
    const value = memo.get(key);
    push(value === undefined ? fail("a value that was kept", `none under ${key}`) : value);
  };

  for (let step = 0; ; step++) {
    if (step > mostSteps) fail("a pickle of a model", "one without end");
    const code = u8();
    switch (String.fromCharCode(code)) {
      case ".":
        return pop();
      case "(":
        pushMark();
        break;
      case "0":
        pop();
        break;
      case "1":
        popMark();
        break;
      case "2":
        push(top());
        break;
      case "N":
        push(null);
        break;
      case "K":
        push(u8());
        break;
      case "M":
        push(u16());
        break;
      case "J":
        push(view.getInt32(take(4), true));
        break;
      case "G":
        push(view.getFloat64(take(8)));
        break;
      case "X":
        push(text(u32()));
        break;
      case "B":
        push(bytesOf(u32()));
        break;
      case "C":
        push(bytesOf(u8()));
        break;
      case "U":
        push(text(u8()));
        break;
      case "T":
        push(text(u32()));
        break;
      case "]":
        push([]);
        break;
      case "}":
        push(new Map());
        break;
      case ")":
        push(new PickleTuple([]));
        break;
      case "t":
        push(new PickleTuple(popMark()));
        break;
      case "l":
        push(popMark());
        break;
      case "a":
        appendOne();
        break;
      case "e": {
        const items = popMark();
        append(top(), items);
        break;
      }
      case "s": {
        const value = pop();
        const key = pop();
        setItems(top(), [key, value]);
        break;
      }
      case "u": {
        const items = popMark();
        setItems(top(), items);
        break;
      }
      case "d": {
        const made: PickleDict = new Map();
        setItems(made, popMark());
        push(made);
        break;
      }
      case "q":
        remember(u8());
        break;
      case "r":
        remember(u32());
        break;
      case "h":
        recall(u8());
        break;
      case "j":
        recall(u32());
        break;
      case "c":
        push(named());
        break;
      case "R": {
        const args = pop();
        const called = pop();
        if (!(called instanceof PickleGlobal) || !(args instanceof PickleTuple)) {
          fail("a call of an allowed object", "another call");
        }
        push(rules.call((called as PickleGlobal).name, (args as PickleTuple).items));
        break;
      }
      case "b":
        // The state of an object, such as an OrderedDict's `_metadata`: nothing that tensors need.
        pop();
        top();
        break;
      case "Q":
        push(rules.persistent(pop()));
        break;
      default:
        binary(code);
    }
  }

  function named(): PickleGlobal {
    const module = line();
    return global(module, line());
  }

  function appendOne(): void {
    const item = pop();
    append(top(), [item]);
  }

  /** Opcodes from protocol 2 on. */
  function binary(code: number): void {
    switch (code) {
      case 0x80: {
        const protocol = u8();
        if (protocol > 5) fail("a pickle of protocol 5 at most", `protocol ${protocol}`);
        return;
      }
      case 0x85:
        return tuple(1);
      case 0x86:
        return tuple(2);
      case 0x87:
        return tuple(3);
      case 0x88:
        return push(true);
      case 0x89:
        return push(false);
      case 0x8a:
        return push(long(u8()));
      case 0x8c:
        return push(text(u8()));
      case 0x8d:
        return push(text(u64()));
      case 0x8e:
        return push(bytesOf(u64()));
      case 0x93: {
        const [name, module] = [pop(), pop()];
        if (typeof name !== "string" || typeof module !== "string") {
          fail("the name of a Python object", "something else");
        }
        return push(global(module as string, name as string));
      }
      case 0x94:
        return remember(memo.size);
      case 0x95:
        u64();
        return;
      default: {
        const shownCode = code.toString(16).padStart(2, "0");
        fail("opcodes that build tensors", `opcode 0x${shownCode}`);
      }
    }
  }
}
