import { LabError } from "../errors.js";
import { readPickle } from "./pickle.js";
import {
  type PickleDict,
  PickleGlobal,
  type PickleObject,
  PickleTuple,
  type PickleValue,
} from "./pickle-values.js";
import { shown } from "./shown.js";
import { type StorageName, storageTypes } from "./torch-storage.js";

/** A block of numbers in a checkpoint, which several tensors may share. */
export interface TorchStorage extends PickleObject {
  readonly kind: "storage";
  readonly type: StorageName;
  /** Name of its file in the archive. */
  readonly key: string;
  /** Elements. */
  readonly size: number;
}

/** A tensor as a checkpoint describes it: a window on a storage; offset and strides count elements. */
export interface TorchTensor extends PickleObject {
  readonly kind: "tensor";
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const orderedDict = "collections.OrderedDict";
const rebuildTensor = "torch._utils._rebuild_tensor_v2";
const rebuildParameter = "torch._utils._rebuild_parameter";

const allowed = new Set([
  orderedDict,
  rebuildTensor,
  rebuildParameter,
  ...Object.keys(storageTypes).map((name) => `torch.${name}`),
]);

/** Dimensions that torch can index; more are a lie. */
const mostDimensions = 64;

/** Keys under which training scripts put a state dict beside other things. */
const wrappers = ["state_dict", "model_state_dict", "model"];

/**
 * The tensors of a state dict by name, of the pickle that describes them. A state dict may lie one level
 * down, beside an optimizer's numbers; entries that are no tensors are left out.
 *
 * @throws LabError for anything but tensors and plain data, and if there is no tensor.
 */
export function readStateDict(bytes: Uint8Array, where: string): Map<string, TorchTensor> {
  const fail = (expected: string, got: string): never => {
    throw new LabError(`${where}: expected ${expected}, got ${got}`, {
      hint: "the file is damaged, or holds something else than a state dict",
    });
  };
  const count = (value: PickleValue | undefined): number =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0
      ? value
      : fail("whole, non-negative sizes", shownValue(value));
  // The items themselves, not a copy: a short pickle may name one long tuple as sizes very often.
  const counts = (value: PickleValue | undefined): readonly number[] => {
    const items = value instanceof PickleTuple ? value.items : fail("sizes", shownValue(value));
    if (items.length > mostDimensions) {
      fail(`at most ${mostDimensions} dimensions`, `${items.length}`);
    }
    items.forEach(count);
    return items as readonly number[];
  };

  const tensor = (args: readonly PickleValue[]): TorchTensor => {
    const [storage, offset, size, stride] = args;
    if (!isKind<TorchStorage>(storage, "storage")) return fail("a storage", shownValue(storage));
    const [shape, strides] = [counts(size), counts(stride)];
    if (shape.length !== strides.length) fail(`${shape.length} strides`, `${strides.length}`);
    return { kind: "tensor", storage, offset: count(offset), shape, strides };
  };
  const built = readPickle(
    bytes,
    {
      globals: allowed,
      call(name, args) {
        if (name === orderedDict) {
          return args.length === 0 ? new Map() : fail("an empty OrderedDict", "one with contents");
        }
        if (name === rebuildTensor) return tensor(args);
        if (name === rebuildParameter) {
          const [data] = args;
          return isKind<TorchTensor>(data, "tensor") ? data : fail("a tensor", shownValue(data));
        }
        return fail("tensors", `a call of ${name}`);
      },
      persistent(id) {
        const [kind, type, key, , size] = id instanceof PickleTuple ? id.items : [];
        if (kind !== "storage" || !(type instanceof PickleGlobal) || typeof key !== "string") {
          return fail("the id of a storage", "something else");
        }
        const name = type.name.replace(/^torch\./, "");
        if (!isStorageName(name)) return fail("a storage", type.name);
        const storage: TorchStorage = { kind: "storage", type: name, key, size: count(size) };
        return storage;
      },
    },
    where,
  );

  if (!(built instanceof Map)) return fail("a state dict", shownValue(built));
  const own = tensorsOf(built);
  if (own.size > 0) return own;
  for (const key of wrappers) {
    const inner = built.get(key);
    const tensors = inner instanceof Map ? tensorsOf(inner) : new Map<string, TorchTensor>();
    if (tensors.size > 0) return tensors;
  }
  return fail("tensors by name", "none");
}

function tensorsOf(dict: PickleDict): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>();
  for (const [name, value] of dict) {
    if (isKind<TorchTensor>(value, "tensor")) tensors.set(name, value);
  }
  return tensors;
}

function isKind<T extends PickleObject>(
  value: PickleValue | undefined,
  kind: T["kind"],
): value is T & PickleValue {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === kind;
}

function isStorageName(name: string): name is StorageName {
  return Object.hasOwn(storageTypes, name);
}

function shownValue(value: PickleValue | undefined): string {
  if (value instanceof PickleGlobal) return value.name;
  return typeof value === "object" && value !== null ? "something else" : shown(value);
}
