/** Classes of counts: class `i` holds `from[i]` up to, but without, `from[i + 1]`. */
export interface CountScale {
  readonly from: readonly number[];
  /** The greatest count the scale was made for. */
  readonly max: number;
}

/** Colours there are for classes (see `Theme.counts`). */
export const maxClasses = 7;

/**
 * A logarithmic scale of at most seven classes, 1, b, b², …, with the smallest whole base b ≥ 2
 * that reaches the greatest count: small multiples share one scale.
 */
export function countScale(counts: Iterable<number>): CountScale {
  let max = 1;
  for (const count of counts) if (count > max) max = count;
  let base = 2;
  while (base ** maxClasses <= max) base++;
  const from = [1];
  for (let next = base; next <= max; next *= base) from.push(next);
  return { from, max };
}

/** The class of a count, or −1 for none. */
export function countClass(scale: CountScale, count: number): number {
  let found = -1;
  while (count >= (scale.from[found + 1] ?? Infinity)) found++;
  return found;
}

/** The classes in words: `1`, `2–3`, `4–7`, … */
export function countLabels(scale: CountScale): readonly string[] {
  return scale.from.map((low, i) => {
    const next = scale.from[i + 1];
    const high = next === undefined ? scale.max : next - 1;
    return high > low ? `${low}–${high}` : `${low}`;
  });
}

/** Index of the colour of a class: few classes spread over all seven colours. */
export function classColour(scale: CountScale, index: number): number {
  const classes = scale.from.length;
  return classes === 1 ? 3 : Math.round((index * (maxClasses - 1)) / (classes - 1));
}
