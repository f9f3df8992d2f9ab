import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import {
  compositionBaseline,
  compositionScore,
  compositionScores,
  type Eigenvalues,
  eigenvalues,
  eigenvalueScore,
  FactoredMatrix,
  kaimingUniform,
  type Matrix,
  matMul,
  matrix,
  positiveShare,
  scaleColumns,
  transpose,
} from "../../src/linalg/index.js";
import type { SafetensorsFile } from "../../src/weights/index.js";
import { fixtureTensors } from "../support/fixtures.js";

/** A random matrix of our own, so that no law is tested on the generator's account. */
function random(rows: number, columns: number, id: number): Matrix {
  return kaimingUniform(rows, columns, { key: [14, 5], tail: [id, 0] });
}

function randomFactored(rows: number, inner: number, columns: number, id: number): FactoredMatrix {
  return new FactoredMatrix(random(rows, inner, 2 * id), random(inner, columns, 2 * id + 1));
}

function norm(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));
}

/** The largest difference, relative to the largest of `expected`; absolute if that is zero. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let scale = 0;
  let most = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(difference)) return NaN;
    scale = Math.max(scale, Math.abs(expected[i]!));
    most = Math.max(most, difference);
  }
  return scale === 0 ? most : most / scale;
}

/** How far the columns are from orthonormal. */
function unevenness(m: Matrix): number {
  const gram = matMul(transpose(m), m);
  return Math.max(
    ...gram.data.map((value, at) =>
      Math.abs(value - (Math.floor(at / m.columns) === at % m.columns ? 1 : 0)),
    ),
  );
}

/** The product as sums of products, entry by entry: what matMul must equal. */
function plainProduct(a: Matrix, b: Matrix): number[] {
  return Array.from({ length: a.rows * b.columns }, (_, at) => {
    const [i, j] = [Math.floor(at / b.columns), at % b.columns];
    let sum = 0;
    for (let k = 0; k < a.columns; k++) {
      sum += a.data[i * a.columns + k]! * b.data[k * b.columns + j]!;
    }
    return sum;
  });
}

const shapes: [rows: number, inner: number, columns: number][] = [
  [1, 1, 1],
  [7, 1, 5],
  [12, 5, 12],
  [9, 5, 30],
  [3, 6, 11], // inner above the rows
  [11, 6, 3], // inner above the columns
  [4, 9, 4], // inner above both
  [40, 8, 40],
  [1300, 6, 530], // tall enough to be cut into blocks of rows
];

describe("dense matrices", () => {
  it.each([
    [1, 1, 1],
    [3, 4, 5],
    [6, 7, 2],
    [5, 259, 3], // over more than one block, with a rest
  ])("multiplies %i x %i by %i columns", (rows, inner, columns) => {
    const a = random(rows, inner, 1);
    const b = random(inner, columns, 2);
    expect(distance(matMul(a, b).data, plainProduct(a, b))).toBeLessThan(1e-14);
  });

  it("transposes, scales columns and takes float32 numbers", () => {
    const m = matrix(2, 3, Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(m.data).toEqual(Float64Array.of(1, 2, 3, 4, 5, 6));
    expect(transpose(m)).toEqual(matrix(3, 2, [1, 4, 2, 5, 3, 6]));
    expect(scaleColumns(m, [2, 0, -1])).toEqual(matrix(2, 3, [2, 0, -3, 8, 0, -6]));
    expect(matrix(1, 2)).toEqual(matrix(1, 2, [0, 0]));
  });

  it("says what is wrong with a size", () => {
    expect(() => matrix(0, 3)).toThrow("matrix: expected sizes of at least 1, got 0 x 3");
    expect(() => matrix(2, 1.5)).toThrow(LabError);
    expect(() => matrix(2, 2, [1])).toThrow("matrix: expected 4 numbers for 2 x 2, got 1");
    expect(() => matMul(matrix(2, 3), matrix(2, 3))).toThrow(
      "matMul: expected 3 rows on the right of a 2 x 3 matrix, got a 2 x 3 matrix",
    );
    expect(() => scaleColumns(matrix(2, 3), [1])).toThrow(LabError);
  });
});

describe.each(shapes)("a factored matrix [%i, %i] [%i]", (rows, inner, columns) => {
  const factored = randomFactored(rows, inner, columns, 7);
  const dense = factored.product();
  const k = Math.min(rows, inner, columns);

  it("is the product of the factors of its decomposition, whose vectors are orthonormal", () => {
    const { u, s, v } = factored.svd();
    expect([u.rows, u.columns, s.length, v.rows, v.columns]).toEqual([rows, k, k, columns, k]);
    expect(distance(matMul(scaleColumns(u, s), transpose(v)).data, dense.data)).toBeLessThan(1e-13);
    expect(unevenness(u)).toBeLessThan(1e-13);
    expect(unevenness(v)).toBeLessThan(1e-13);
    expect([...s].sort((x, y) => y - x)).toEqual([...s]);
    expect(distance(factored.singularValues(), s)).toBeLessThan(1e-14);
  });

  it("has the Frobenius norm of its entries and of its singular values", () => {
    expect(factored.frobeniusNorm() / norm(dense.data)).toBeCloseTo(1, 13);
    expect(norm(factored.singularValues()) / norm(dense.data)).toBeCloseTo(1, 13);
  });

  it("gives rows and the transpose without the product", () => {
    const last = rows - 1;
    expect(distance(factored.row(last), dense.data.slice(last * columns))).toBeLessThan(1e-14);
    expect(distance(factored.transpose().product().data, transpose(dense).data)).toBeLessThan(
      1e-14,
    );
  });

  it("stays the same matrix when its factors are made even, and collapses to its Gram matrices", () => {
    const even = factored.makeEven();
    expect(even.inner).toBe(k);
    expect(distance(even.product().data, dense.data)).toBeLessThan(1e-13);
    const { a, b } = even;
    const gram = matMul(transpose(a), a).data;
    expect(distance(gram, matMul(b, transpose(b)).data)).toBeLessThan(1e-13);
    const right = factored.collapseRight();
    const left = factored.collapseLeft();
    expect([right.rows, right.columns, left.rows, left.columns]).toEqual([rows, k, k, columns]);
    const ofRows = matMul(dense, transpose(dense)).data;
    const ofColumns = matMul(transpose(dense), dense).data;
    expect(distance(matMul(right, transpose(right)).data, ofRows)).toBeLessThan(1e-13);
    expect(distance(matMul(transpose(left), left).data, ofColumns)).toBeLessThan(1e-13);
  });

  it("multiplies from both sides, dense or factored, with the smaller inner size", () => {
    const left = random(3, rows, 20);
    const right = random(columns, 2, 21);
    const outer = factored.leftMultiply(left).rightMultiply(right);
    expect(outer.inner).toBe(inner);
    expect(distance(outer.product().data, plainProduct(matMul(left, dense), right))).toBeLessThan(
      1e-12,
    );
    for (const other of [2, 50]) {
      const first = randomFactored(4, other, rows, 11);
      const second = randomFactored(columns, other, 5, 12);
      const before = factored.leftMultiply(first);
      const after = factored.rightMultiply(second);
      expect([before.inner, after.inner]).toEqual(Array(2).fill(Math.min(inner, other)));
      const ofFirst = matMul(first.product(), dense).data;
      const ofSecond = matMul(dense, second.product()).data;
      expect(distance(before.product().data, ofFirst)).toBeLessThan(1e-12);
      expect(distance(after.product().data, ofSecond)).toBeLessThan(1e-12);
      const both = before.rightMultiply(second).product().data;
      expect(distance(both, after.leftMultiply(first).product().data)).toBeLessThan(1e-12);
    }
  });
});

/** Σ λᵏ, of which the imaginary part is zero for a real matrix. */
function powerSum({ real, imaginary }: Eigenvalues, power: number): number {
  return real.reduce((sum, re, i) => {
    const im = imaginary[i]!;
    return sum + Math.hypot(re, im) ** power * Math.cos(power * Math.atan2(im, re));
  }, 0);
}

function expectPowerSums(values: Eigenvalues, m: Matrix, tolerance: number): void {
  let power = m;
  for (let k = 1; k <= 4; k++) {
    let trace = 0;
    for (let i = 0; i < m.rows; i++) trace += power.data[i * (m.rows + 1)]!;
    expect(Math.abs(powerSum(values, k) - trace)).toBeLessThanOrEqual(
      tolerance * norm(m.data) ** k,
    );
    power = matMul(power, m);
  }
}

describe("eigenvalues", () => {
  it.each([
    [1, 1],
    [12, 5],
    [5, 5],
    [4, 9],
    [40, 8],
    [80, 3],
  ])("of a %i x %i product are those of the full product", (rows, inner) => {
    const factored = randomFactored(rows, inner, rows, 3);
    const count = Math.min(rows, inner);
    const few = factored.eigenvalues();
    const all = eigenvalues(factored.product());
    expect(few.real.length).toBe(count);
    expect(distance(few.real, all.real.slice(0, count))).toBeLessThan(1e-10);
    expect(distance(few.imaginary, all.imaginary.slice(0, count))).toBeLessThan(1e-10);
    const rest = [...all.real.slice(count), ...all.imaginary.slice(count)];
    expect(norm(rest)).toBeLessThan(1e-13 * norm(factored.product().data) * rows);
    expectPowerSums(few, factored.product(), 1e-12);
    const diagonal = factored.product().data.filter((_, at) => at % (rows + 1) === 0);
    expect(distance(factored.diagonal(), diagonal)).toBeLessThan(1e-14);
    expect(factored.trace()).toBeCloseTo(powerSum(few, 1), 12);
  });

  it("stand in order of falling size, then real, then imaginary part", () => {
    // A rotation by a right angle (±i), a block with ±2, one with 1 ± 2i, and 3.
    const blocks = matrix(7, 7);
    const set = (i: number, j: number, value: number) => void (blocks.data[i * 7 + j] = value);
    set(0, 1, -1);
    set(1, 0, 1);
    set(2, 3, 4);
    set(3, 2, 1);
    set(4, 4, 1);
    set(4, 5, -4);
    set(5, 4, 1);
    set(5, 5, 1);
    set(6, 6, 3);
    const { real, imaginary } = eigenvalues(blocks);
    expect(distance(real, [3, 1, 1, -2, 2, 0, 0])).toBeLessThan(1e-14);
    expect(distance(imaginary, [0, -2, 2, 0, 0, -1, 1])).toBeLessThan(1e-14);
  });

  it("of symmetric matrices and of scaled ones keep their digits", () => {
    const symmetric = matrix(2, 2, [2, 1, 1, 2]);
    expect(distance(eigenvalues(symmetric).real, [3, 1])).toBeLessThan(1e-15);
    const plain = random(9, 9, 1);
    for (const scale of [1e-200, 1e-30, 1e30, 1e200]) {
      const scaled = { ...plain, data: plain.data.map((value) => value * scale) };
      const { real, imaginary } = eigenvalues(scaled);
      // Below 1e-10 all count as equal in size, so only sums are compared.
      const values = {
        real: real.map((x) => x / scale),
        imaginary: imaginary.map((x) => x / scale),
      };
      expectPowerSums(values, plain, 1e-12);
    }
  });

  it("come to an end for matrices on which ml-matrix would go on for ever", () => {
    const smallest = matrix(3, 3, [0, 1, 0, -1, 0, 1, 0, -1, 0]);
    expectPowerSums(eigenvalues(smallest), smallest, 1e-14);
    for (let id = 0; id < 3000; id++) {
      const size = 3 + (id % 8);
      const cut = id % 3 === 0 ? 0.5 : 0.8;
      const ternary = random(size, size, 1000 + id).data.map((value) => {
        const unit = value * Math.sqrt(size);
        return Math.abs(unit) < 1 - cut ? 0 : Math.sign(unit);
      });
      const m = matrix(size, size, ternary);
      const skewed = m.data.map((value, at) => {
        return value - m.data[(at % size) * size + Math.floor(at / size)]!;
      });
      const zeroOne = m.data.map((value) => Math.max(0, value));
      for (const data of [ternary, skewed, zeroOne]) {
        const nasty = matrix(size, size, data);
        expectPowerSums(eigenvalues(nasty), nasty, 1e-10);
      }
    }
  });
});

describe("factors of lower rank", () => {
  it("have singular values and eigenvalues of rounding size beyond the rank", () => {
    const thin = randomFactored(30, 3, 8, 40).product();
    const factored = new FactoredMatrix(thin, random(8, 30, 90));
    const { u, s, v } = factored.svd();
    expect(norm(s.slice(3)) / s[0]!).toBeLessThan(1e-14);
    expect(unevenness(u)).toBeLessThan(1e-13);
    expect(unevenness(v)).toBeLessThan(1e-13);
    expect(
      distance(matMul(scaleColumns(u, s), transpose(v)).data, factored.product().data),
    ).toBeLessThan(1e-13);
    const { real, imaginary } = factored.eigenvalues();
    expect(norm([...real.slice(3), ...imaginary.slice(3)]) / s[0]!).toBeLessThan(1e-13);
    expect(factored.frobeniusNorm() / norm(s)).toBeCloseTo(1, 12);
  });

  it("keep small singular values that Gram matrices would lose", () => {
    const left = randomFactored(50, 4, 4, 41).svd().u;
    const right = randomFactored(60, 4, 4, 42).svd().u;
    const values = [1, 1e-4, 1e-9, 1e-12]; // their squares span more than a double's digits
    const factored = new FactoredMatrix(scaleColumns(left, values), transpose(right));
    const found = factored.singularValues();
    values.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(5e-15));
  });

  it("may be zero: all values are 0, and the vectors still orthonormal", () => {
    const zero = new FactoredMatrix(matrix(20, 4), random(4, 20, 1));
    const { u, s, v } = zero.svd();
    expect(s).toEqual(new Float64Array(4));
    expect(unevenness(u)).toBeLessThan(1e-14);
    expect(unevenness(v)).toBeLessThan(1e-14);
    expect(zero.frobeniusNorm()).toBe(0);
    const { real, imaginary } = zero.eigenvalues();
    expect([norm(real), norm(imaginary)]).toEqual([0, 0]);
    expect(norm(zero.makeEven().product().data)).toBe(0);
    expect(() => eigenvalueScore(zero.eigenvalues())).toThrow(
      "eigenvalueScore: expected finite eigenvalues, not all of them 0, got Σ|λ| = 0",
    );
    const other = randomFactored(20, 4, 20, 2);
    expect(() => compositionScore(zero, other)).toThrow(
      "compositionScore: expected a left matrix with a finite norm above 0, got norm 0",
    );
    expect(() => compositionScore(other, zero)).toThrow("a right matrix");
  });

  it("are refused when they do not fit or hold no numbers", () => {
    expect(() => new FactoredMatrix(matrix(2, 3), matrix(2, 3))).toThrow(
      "FactoredMatrix: expected as many columns of A as rows of B, got 2 x 3 and 2 x 3",
    );
    expect(() => new FactoredMatrix(matrix(1, 1), matrix(1, 2, [1, NaN]))).toThrow(
      "FactoredMatrix B: expected finite numbers, got NaN in row 0, column 1",
    );
    const wide = randomFactored(2, 2, 3, 1);
    for (const method of ["eigenvalues", "trace", "diagonal"] as const) {
      expect(() => wide[method]()).toThrow(
        `FactoredMatrix.${method}: expected a square matrix, got 2 x 3`,
      );
    }
    for (const row of [-1, 2, 0.5]) {
      expect(() => wide.row(row)).toThrow("FactoredMatrix.row: expected a row from 0 to 1");
    }
    expect(() => wide.leftMultiply(wide)).toThrow(LabError);
    expect(() => eigenvalues(matrix(1, 2))).toThrow("expected a square matrix, got 1 x 2");
    expect(() => eigenvalues(matrix(1, 1, [Infinity]))).toThrow("got Infinity in row 0, column 0");
  });
});

describe("scores", () => {
  it("of composition equal their definition, one by one and as a table", () => {
    const lefts = [randomFactored(9, 3, 12, 1), randomFactored(7, 4, 12, 2)];
    const rights = [
      randomFactored(12, 5, 8, 3),
      randomFactored(12, 2, 12, 4),
      lefts[0]!.transpose(),
    ];
    const table = compositionScores(lefts, rights);
    expect([table.rows, table.columns]).toEqual([2, 3]);
    lefts.forEach((left, i) =>
      rights.forEach((right, j) => {
        const [l, r] = [left.product(), right.product()];
        const expected = norm(matMul(l, r).data) / (norm(l.data) * norm(r.data));
        expect(compositionScore(left, right)).toBeCloseTo(expected, 13);
        expect(table.data[i * 3 + j]).toBe(compositionScore(left, right));
      }),
    );
    expect(() => compositionScore(lefts[0]!, lefts[0]!)).toThrow(
      "compositionScore: expected 12 rows on the right of a 9 x 12 matrix, got a 9 x 12 matrix",
    );
  });

  it("of composition are 1 for a matrix of rank 1 with itself and 0 for apart ranges", () => {
    const unit = (at: number) =>
      matrix(
        6,
        1,
        [0, 0, 0, 0, 0, 0].map((_, i) => (i === at ? 2 : 0)),
      );
    const projector = new FactoredMatrix(unit(1), transpose(unit(1)));
    const apart = new FactoredMatrix(unit(2), transpose(unit(2)));
    expect(compositionScore(projector, projector)).toBe(1);
    expect(compositionScore(projector, apart)).toBe(0);
  });

  it("of chance are near 1/√d, whatever the inner size, and come again with the seed", () => {
    // E‖LR‖² / (E‖L‖² E‖R‖²) = 1/d for factors of independent entries.
    for (const [d, inner] of [
      [64, 16],
      [128, 8],
    ] as const) {
      const shape = { rows: d, inner, columns: d };
      const { n, mean, sd } = compositionBaseline(shape, shape, { seed: 3 });
      expect(n).toBe(300);
      expect(Math.abs(mean * Math.sqrt(d) - 1)).toBeLessThan(0.02);
      expect(sd).toBeGreaterThan(0);
      expect(sd).toBeLessThan(0.1 * mean);
    }
    const left = { rows: 5, inner: 2, columns: 6 };
    const right = randomFactored(6, 3, 4, 1);
    const few = compositionBaseline(left, right, { seed: 1, samples: 20 });
    expect(compositionBaseline(left, right, { seed: 1, samples: 20 })).toEqual(few);
    expect(compositionBaseline(left, right, { seed: 2, samples: 20 }).mean).not.toBe(few.mean);
    expect(() => compositionBaseline(left, right, { seed: 1, samples: 1 })).toThrow(
      "compositionBaseline: expected at least 2 samples, got 1",
    );
    expect(() => compositionBaseline(left, right, { seed: -1 })).toThrow("got -1");
  });

  it("of copying are between -1 and 1, and the share of positive values counts", () => {
    const real = Float64Array.of(3, 0, 0, -1);
    const imaginary = Float64Array.of(0, 2, -2, 0);
    expect(eigenvalueScore({ real, imaginary })).toBe(2 / 8);
    const copying = randomFactored(20, 4, 20, 1).a;
    const gram = new FactoredMatrix(copying, transpose(copying));
    expect(eigenvalueScore(gram.eigenvalues())).toBeCloseTo(1, 12);
    expect(positiveShare(gram.eigenvalues().real)).toBe(1);
    expect(positiveShare([1, 0, -1, 2])).toBe(0.5);
    expect(() => positiveShare([])).toThrow("positiveShare: expected a value, got none");
    expect(() => positiveShare([1, NaN])).toThrow("got NaN at place 1");
  });

  it("of chance stand on uniform numbers of the stated width", () => {
    const { data } = kaimingUniform(200, 25, { key: [1, 2], tail: [3, 4] });
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(Math.max(...data.map(Math.abs))).toBeLessThan(0.2);
    expect(Math.max(...data.map(Math.abs))).toBeGreaterThan(0.199);
    // The standard error of the mean is 0.2 / √(3 · 5000), of the root mean square about half.
    expect(Math.abs(mean)).toBeLessThan(4 * 0.00164);
    expect(Math.abs(norm(data) / Math.sqrt(5000) - 0.2 / Math.sqrt(3))).toBeLessThan(4 * 0.0008);
  });
});

/** The heads' matrices of a file of weights, [layer, head] in order. */
function circuits(weights: SafetensorsFile, layers: number) {
  const head = (layer: number, name: string, h: number): Matrix => {
    const { shape, data } = weights.float(`blocks.${layer}.attn.${name}`);
    const [rows, columns] = [shape[1]!, shape[2]!];
    return matrix(rows, columns, data.slice(h * rows * columns, (h + 1) * rows * columns));
  };
  return Array.from({ length: layers }, (_, layer) => {
    const heads = weights.float(`blocks.${layer}.attn.W_Q`).shape[0]!;
    return Array.from({ length: heads }, (_, h) => ({
      OV: new FactoredMatrix(head(layer, "W_V", h), head(layer, "W_O", h)),
      QK: new FactoredMatrix(head(layer, "W_Q", h), transpose(head(layer, "W_K", h))),
    }));
  });
}

describe.each([
  ["a-attn-only-ln", 2],
  ["b-attn-only-shortformer", 2],
  ["g-attn-only-1l", 1],
])("TransformerLens's circuits of %s", (name, layers) => {
  // Weights are float32 numbers; the processed ones were rounded to float32 after processing.
  describe.each([
    ["weights", "", 1e-9],
    ["processed", "proc/", 1e-5],
  ])("with %s", (file, prefix, tolerance) => {
    async function load() {
      const golden = await fixtureTensors(`${name}/golden.safetensors`);
      const weights = await fixtureTensors(`${name}/${file}.safetensors`);
      const expected = (key: string) => golden.float(prefix + key).data;
      return { expected, weights, heads: circuits(weights, layers) };
    }

    it("have its singular values, norms and eigenvalues", async () => {
      const { expected, heads } = await load();
      for (const circuit of ["OV", "QK"] as const) {
        const all = heads.flat().map((head) => head[circuit]);
        const s = all.flatMap((m) => [...m.singularValues()]);
        const eigen = all.map((m) => m.eigenvalues());
        const real = eigen.flatMap((values) => [...values.real]);
        const imaginary = eigen.flatMap((values) => [...values.imaginary]);
        expect(distance(s, expected(`${circuit}_S`))).toBeLessThan(tolerance);
        expect(
          distance(
            all.flatMap((m) => [...m.svd().s]),
            s,
          ),
        ).toBeLessThan(1e-14);
        expect(
          distance(
            all.map((m) => m.frobeniusNorm()),
            expected(`${circuit}_fro`),
          ),
        ).toBeLessThan(tolerance);
        expect(distance(real, expected(`${circuit}_eig_re`))).toBeLessThan(tolerance);
        expect(distance(imaginary, expected(`${circuit}_eig_im`))).toBeLessThan(tolerance);
      }
    });

    const itIf = (holds: boolean) => (holds ? it : () => undefined);

    itIf(layers > 1)("have its composition scores", async () => {
      const { expected, heads } = await load();
      for (const kind of ["Q", "K", "V"] as const) {
        const scores = heads.flatMap((lefts, l1) =>
          lefts.flatMap((left) =>
            heads.flatMap((rights, l2) =>
              rights.map(({ OV, QK }) => {
                // Upstream leaves 0 where the left layer is not below the right one.
                if (l1 >= l2) return 0;
                const right = kind === "V" ? OV : kind === "K" ? QK.transpose() : QK;
                return compositionScore(left.OV, right);
              }),
            ),
          ),
        );
        expect(distance(scores, expected(`composition_${kind}`))).toBeLessThan(tolerance);
      }
    });

    itIf(prefix === "proc/")("have its copying score through the vocabulary", async () => {
      const { expected, weights, heads } = await load();
      const dense = (key: string) => {
        const { shape, data } = weights.float(key);
        return matrix(shape[0]!, shape[1]!, data);
      };
      const [embed, unembed] = [dense("embed.W_E"), dense("unembed.W_U")];
      const scores = heads.flat().map(({ OV }) => {
        return eigenvalueScore(OV.leftMultiply(embed).rightMultiply(unembed).eigenvalues());
      });
      expect(distance(scores, expected("full_OV_copying_score"))).toBeLessThan(tolerance);
    });
  });
});
