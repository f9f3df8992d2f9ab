import type { FloatTensor } from "../graph/index.js";
import type { Weights } from "./parameters.js";

/** Weight and bias of a norm, or `null` where it has none. */
export interface NormWeights {
  readonly w: ArrayLike<number> | null;
  readonly b: ArrayLike<number> | null;
}

/** Weights while they are processed: each is copied before its first change, unless `inPlace`. */
export class OwnedWeights {
  readonly #weights: Map<string, FloatTensor>;
  readonly #inPlace: boolean;
  readonly #copied = new Set<string>();

  constructor(weights: Weights, inPlace: boolean) {
    this.#weights = new Map(weights);
    this.#inPlace = inPlace;
  }

  /** What they have become. */
  get weights(): Weights {
    return this.#weights;
  }

  /** Whether there is a weight of that name. */
  has(name: string): boolean {
    return this.#weights.has(name);
  }

  /** The numbers of a weight, to read. */
  read(name: string): Float32Array | Float64Array {
    return (this.#weights.get(name) as FloatTensor).data;
  }

  /** The numbers of a weight, to change. */
  own(name: string): Float32Array | Float64Array {
    const original = this.#weights.get(name) as FloatTensor;
    if (this.#inPlace || this.#copied.has(name)) return original.data;
    const own = { ...original, data: original.data.slice() } as FloatTensor;
    this.#weights.set(name, own);
    this.#copied.add(name);
    return own.data;
  }

  /** Takes a norm's weights away; LNPre has none. */
  takeNorm(name: string): NormWeights {
    const take = (key: string) => {
      const data = this.#weights.get(key)?.data ?? null;
      this.#weights.delete(key);
      return data;
    };
    return { w: take(`${name}.w`), b: take(`${name}.b`) };
  }
}
