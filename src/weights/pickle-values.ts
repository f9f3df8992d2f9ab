/** What a pickle can build, and what its reader allows. */

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
