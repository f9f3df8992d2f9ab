import { LabError } from "../errors.js";
import { PickleBytes } from "./pickle-bytes.js";
import {
  type PickleDict,
  PickleGlobal,
  type PickleRules,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.js";
import { shown } from "./shown.js";

/**
 * A machine for pickles that can only build data. A pickle is a program: this one knows the opcodes
 * that `torch.save` writes, looks nothing up and calls nothing but what its user allows by name.
 */

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
  const input = new PickleBytes(bytes, where);
  const memo = new Map<number, PickleValue>();
  // Everything above the last mark; what lies below it waits among the outer ones.
  let stack: PickleValue[] = [];
  const outer: PickleValue[][] = [];
  let objects = 0;

  const fail = (expected: string, got: string): never => input.fail(expected, got);
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
    const code = input.u8();
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
        push(input.u8());
        break;
      case "M":
        push(input.u16());
        break;
      case "J":
        push(input.i32());
        break;
      case "G":
        push(input.f64());
        break;
      case "X":
        push(input.text(input.u32()));
        break;
      case "B":
        push(input.bytes(input.u32()));
        break;
      case "C":
        push(input.bytes(input.u8()));
        break;
      case "U":
        push(input.text(input.u8()));
        break;
      case "T":
        push(input.text(input.u32()));
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
        remember(input.u8());
        break;
      case "r":
        remember(input.u32());
        break;
      case "h":
        recall(input.u8());
        break;
      case "j":
        recall(input.u32());
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
    const module = input.line();
    return global(module, input.line());
  }

  function appendOne(): void {
    const item = pop();
    append(top(), [item]);
  }

  /** Opcodes from protocol 2 on. */
  function binary(code: number): void {
    switch (code) {
      case 0x80: {
        const protocol = input.u8();
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
        return push(input.long(input.u8()));
      case 0x8c:
        return push(input.text(input.u8()));
      case 0x8d:
        return push(input.text(input.u64()));
      case 0x8e:
        return push(input.bytes(input.u64()));
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
        input.u64();
        return;
      default: {
        const shownCode = code.toString(16).padStart(2, "0");
        fail("opcodes that build tensors", `opcode 0x${shownCode}`);
      }
    }
  }
}
