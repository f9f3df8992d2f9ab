import { sizeOf, type FloatTensor } from "../graph/index.js";
import type { WeightSource } from "../weights/index.js";
import type { LensWeights } from "./layout.js";

/** How one weight is made of a tensor of the file. */
export interface Recipe {
  /** The tensor's key in the file. */
  readonly key: string;
  /** The weight's shape; also in a file whose tensor has another shape than the config says. */
  readonly shape: readonly number[];
  /** The shape that the file's tensor must have. */
  readonly from: readonly number[];
  /** Where element `i` of the weight (row-major) lies in the file's tensor. Identity if left out. */
  readonly at?: (i: number) => number;
}

/**
 * Weights that are made of a file's tensors by recipes. Tensors that no recipe reads keep their own
 * names, so that whoever takes the weights can say that they do not belong there.
 *
 * @param ignored Names of buffers of the file that carry nothing.
 */
export function cookWeights(
  source: WeightSource,
  recipes: ReadonlyMap<string, Recipe>,
  ignored: RegExp,
): LensWeights {
  const read = new Set(Array.from(recipes.values(), ({ key }) => key));
  const cooked = [...recipes].filter(([, { key }]) => source.names.has(key));
  const strangers = [...source.names].filter((name) => !read.has(name) && !ignored.test(name));
  return {
    where: source.where,
    names: new Set([...cooked.map(([name]) => name), ...strangers]),
    keyOf: (name) => recipes.get(name)?.key ?? name,
    shape(name) {
      const recipe = recipes.get(name);
      if (recipe === undefined) return source.shape(name);
      const got = source.shape(recipe.key);
      return got.join() === recipe.from.join() ? recipe.shape : got;
    },
    async float(name) {
      const recipe = recipes.get(name);
      if (recipe === undefined) return source.float(name);
      const { shape, at } = recipe;
      const stored = await source.float(recipe.key);
      if (at === undefined) return { ...stored, shape };
      const data = stored.data.slice(0, sizeOf(shape));
      for (let i = 0; i < data.length; i++) data[i] = stored.data[at(i)] as number;
      return { ...stored, shape, data } as FloatTensor;
    },
    close: () => source.close(),
  };
}

/** Element `i` of the transpose [columns, rows] of a stored matrix [rows, columns]. */
export function transposed(rows: number, columns: number): (i: number) => number {
  return (i) => (i % rows) * columns + Math.floor(i / rows);
}
