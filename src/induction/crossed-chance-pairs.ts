/**
 * In the shuffled control B may stand directly after A by chance; then the control is an induction
 * sequence too, and its log-odds are higher by about the strength. Whether this happens (Z) does not
 * depend on the tokens nor on other rounds, so that (Z − p) · D has mean 0 for any D that does not depend on Z
 * of its own row; it is subtracted with D near the rise.
 *
 *     p      share of the rows with A ≠ B in which it happens; where A = B, Z − p counts as 0
 *     d      mean over the rows with it − that over the others, by column
 *     D      d' + f · h, h the shrunk effects of both tokens on the strength, from the other rounds
 *     d', f  the least squares of what is left of the column, over all rows
 *
 * An induction sequence knows nothing of its control: its d, d' and f are 0 but for chance. They are fitted
 * all the same, as the columns may be strengths, or those of two models that are compared.
 */
import type { CrossedColumns } from "./crossed-design.js";

/** With fewer such rows their rise is not known well enough to be worth anything. */
const fewest = 20;

/** Z − p, by row. */
export interface ChancePairs {
  /** p. */
  readonly share: number;
  /** Z − p of row k, whose tokens are a and b. */
  deviation(k: number, a: number, b: number): number;
}

/** The chance pairs of a design; `null` where they are unknown or too few to matter. */
export function chancePairs(design: CrossedColumns): ChancePairs | null {
  const { rounds, shared, controlAB } = design;
  if (controlAB === undefined) return null;
  // The rise is known from the rounds in which a column was measured, p from all of them.
  const measured = countsOf(design, controlAB, shared);
  if (measured.found < fewest || measured.rows - measured.found < fewest) return null;
  const all = countsOf(design, controlAB, rounds);
  const share = all.found / all.rows;
  return {
    share,
    deviation: (k, a, b) => (a === b ? 0 : controlAB[k] === 0 ? -share : 1 - share),
  };
}

/** Rows with A ≠ B of the first rounds, and those of them with a chance pair. */
function countsOf({ tokens, partner }: CrossedColumns, controlAB: Uint8Array, rounds: number) {
  let [rows, found] = [0, 0];
  for (let k = 0; k < rounds * tokens; k++) {
    if (partner[k] === k % tokens) continue;
    rows++;
    if (controlAB[k] !== 0) found++;
  }
  return { rows, found };
}

/** d of each column. */
export function meanRises({ tokens, partner, columns }: CrossedColumns, chance: ChancePairs) {
  return columns.map(({ rounds, values }) => {
    let [n, sum, z1, zz, zx] = [0, 0, 0, 0, 0];
    for (let k = 0, round = 0; round < rounds; round++) {
      for (let a = 0; a < tokens; a++, k++) {
        const b = partner[k]!;
        if (a === b) continue;
        const z = chance.deviation(k, a, b);
        const x = values[k]!;
        n++;
        sum += x;
        z1 += z;
        zz += z * z;
        zx += z * x;
      }
    }
    const spread = zz - (z1 * z1) / n;
    return spread > 0 ? (zx - (z1 * sum) / n) / spread : 0;
  });
}

/** D of a column is mean + slope · h: d' and f. */
export interface Rise {
  readonly mean: number;
  readonly slope: number;
}

/** Least squares of y on z and z · h without an intercept. */
export class RiseFit {
  #zz = 0;
  #zzh = 0;
  #zzhh = 0;
  #zy = 0;
  #zhy = 0;

  /** One row: z = Z − p, the effects h, and what is left of the column. */
  add(z: number, h: number, y: number): void {
    this.#zz += z * z;
    this.#zzh += z * z * h;
    this.#zzhh += z * z * h * h;
    this.#zy += z * y;
    this.#zhy += z * h * y;
  }

  /** D as fitted so far. */
  result(): Rise {
    const determinant = this.#zz * this.#zzhh - this.#zzh ** 2;
    if (!(determinant > 1e-9 * this.#zz * this.#zzhh)) {
      return { mean: this.#zz > 0 ? this.#zy / this.#zz : 0, slope: 0 };
    }
    return {
      mean: (this.#zy * this.#zzhh - this.#zhy * this.#zzh) / determinant,
      slope: (this.#zz * this.#zhy - this.#zzh * this.#zy) / determinant,
    };
  }
}
