import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { type Tensor, tensor } from "../../src/graph/index.js";
import {
  detectHead,
  duplicateTokenMask,
  inductionMask,
  previousTokenMask,
  repeatedTokens,
  type RepeatedTokens,
} from "../../src/lens/index.js";

const rowsOf = ({ shape, data }: Tensor) =>
  Array.from({ length: shape[0]! }, (_, i) =>
    [...data.slice(i * shape[1]!, (i + 1) * shape[1]!)].map(Number),
  );

describe("detection masks", () => {
  const tokens = [9, 5, 7, 5, 5];

  it("previous token", () => {
    expect(rowsOf(previousTokenMask(tokens))).toEqual([
      [0, 0, 0, 0, 0],
      [1, 0, 0, 0, 0],
      [0, 1, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 0, 1, 0],
    ]);
  });

  it("duplicate token: every earlier occurrence", () => {
    expect(rowsOf(duplicateTokenMask(tokens))).toEqual([
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 1, 0, 0, 0],
      [0, 1, 0, 1, 0],
    ]);
  });

  it("induction: what followed every earlier occurrence, the token itself included", () => {
    expect(rowsOf(inductionMask(tokens))).toEqual([
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
      [0, 0, 1, 0, 1],
    ]);
  });
});

describe("detectHead", () => {
  // Two heads: uniform attention, and attention to the token before.
  const uniform = [1, 0, 0, 1 / 2, 1 / 2, 0, 1 / 3, 1 / 3, 1 / 3];
  const previous = [1, 0, 0, 1, 0, 0, 0, 1, 0];
  const pattern = tensor("float64", [2, 3, 3], [...uniform, ...previous]);
  const mask = previousTokenMask([0, 0, 0]);
  const scores = (of: Tensor | readonly Tensor[], options = {}) => [
    ...detectHead(of, mask, options).data,
  ];

  it("mul is the share of attention inside the mask", () => {
    const [a, b] = scores(pattern);
    expect(a).toBeCloseTo((1 / 2 + 1 / 3) / 3, 12);
    expect(b).toBeCloseTo(2 / 3, 12);
    const withoutBos = scores(pattern, { excludeBos: true });
    expect(withoutBos[0]).toBeCloseTo(1 / 3 / (1 / 2 + 2 / 3), 12);
    expect(withoutBos[1]).toBeCloseTo(1, 12);
    const withoutCurrent = scores(pattern, { excludeCurrentToken: true });
    expect(withoutCurrent[0]).toBeCloseTo((1 / 2 + 1 / 3) / (1 / 2 + 2 / 3), 12);
    const neither = scores(pattern, { excludeBos: true, excludeCurrentToken: true });
    expect(neither).toEqual([1, 1]);
  });

  it("abs is one minus the summed difference per position, not rounded (D3)", () => {
    const [a, b] = scores(pattern, { measure: "abs" });
    expect(a).toBeCloseTo(1 - (1 + 1 / 2 + 1 / 2 + 1 / 3 + 2 / 3 + 1 / 3) / 3, 12);
    expect(b).toBeCloseTo(1 - 1 / 3, 12);
    const options = { measure: "abs", excludeBos: true, excludeCurrentToken: true };
    const neither = scores(pattern, options);
    expect(neither[0]).toBeCloseTo(1 - 2 / 3 / 3, 12);
    expect(neither[1]).toBeCloseTo(1, 12);
  });

  it("a batch gives the mean of its sequences, with a mask for each (D1)", () => {
    const batch = tensor("float64", [2, 1, 3, 3], [...uniform, ...previous]);
    const tokens = [
      [1, 1, 2],
      [1, 2, 1],
    ];
    const masks = tokens.map((row) => duplicateTokenMask(row));
    const both = tensor(
      "bool",
      [2, 3, 3],
      masks.flatMap(({ data }) => [...data]),
    );
    for (const options of [
      {},
      { measure: "abs", excludeBos: true },
      { excludeCurrentToken: true },
    ] as const) {
      const single = [uniform, previous].map(
        (data, i) => detectHead(tensor("float64", [1, 3, 3], data), masks[i]!, options).data[0]!,
      );
      const { shape, data } = detectHead(batch, both, options);
      expect(shape).toEqual([1, 1]);
      expect(data[0]).toBeCloseTo((single[0]! + single[1]!) / 2, 12);
    }
  });

  it("a list is one pattern per layer", () => {
    const layers = [uniform, previous].map((data) => tensor("float64", [1, 3, 3], data));
    expect(detectHead(layers, mask)).toEqual({
      ...detectHead(pattern, mask),
      shape: [2, 1],
    });
  });

  it("leaves patterns and masks as they are (D2)", () => {
    const [before, maskBefore] = [pattern.data.slice(), mask.data.slice()];
    for (const measure of ["mul", "abs"] as const) {
      detectHead(pattern, mask, { measure, excludeBos: true, excludeCurrentToken: true });
    }
    expect(pattern.data).toEqual(before);
    expect(mask.data).toEqual(maskBefore);
  });

  it("takes masks of real numbers", () => {
    const half = tensor(
      "float32",
      [3, 3],
      [...mask.data].map((x) => x / 2),
    );
    expect(detectHead(pattern, half).data[1]).toBeCloseTo(1 / 3, 12);
  });

  it("refuses what gives no number, never NaN (D21)", () => {
    const two = tensor("float64", [1, 2, 2], [1, 0, 0.5, 0.5]);
    const mask2 = previousTokenMask([0, 0]);
    const all = { excludeBos: true, excludeCurrentToken: true };
    for (const measure of ["mul", "abs"] as const) {
      expect(() => detectHead(two, mask2, { measure, ...all })).toThrow(LabError);
    }
    expect(() =>
      detectHead(tensor("float64", [1, 1, 1], [1]), previousTokenMask([0]), { excludeBos: true }),
    ).toThrow(/expected attention that is not excluded, got none in sequences of 1/);
    const onlyBos = tensor("float64", [1, 3, 3], [1, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect(() => detectHead(onlyBos, mask, { excludeBos: true })).toThrow(
      /head 0: expected attention/,
    );
    expect(detectHead(onlyBos, mask, { excludeBos: true, measure: "abs" }).data[0]).toBeCloseTo(
      2 / 3,
    );
    const broken = tensor("float64", [1, 3, 3], uniform.with(4, NaN));
    for (const measure of ["mul", "abs"] as const) {
      expect(() => detectHead(broken, mask, { measure })).toThrow(LabError);
    }
  });

  it("refuses patterns, masks and measures that do not fit", () => {
    expect(() => detectHead(tensor("float64", [3, 3], uniform), mask)).toThrow(
      "detectHead: expected a pattern [batch, head, query, key], got float64 [3, 3]",
    );
    expect(() => detectHead(pattern, previousTokenMask([0, 0]))).toThrow(
      "detectHead: expected a mask [3, 3] or [1, 3, 3], got bool [2, 2]",
    );
    const ahead = tensor("bool", [3, 3], [0, 1, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => detectHead(pattern, ahead)).toThrow(/got 1 at \(0, 1\)/);
    expect(() => scores(pattern, { measure: "mean" })).toThrow(
      'detectHead: expected a measure mul or abs, got "mean"',
    );
    expect(() => detectHead([], mask)).toThrow(LabError);
  });
});

describe("repeated random tokens", () => {
  const options: RepeatedTokens = {
    ...{ seed: 3, name: "test", length: 20, times: 3, bos: 1 },
    ...{ lowestId: 10, highestId: 60 },
  };

  it("are the same for the same seed, name and item, and differ otherwise", () => {
    const tokens = repeatedTokens(options, 5);
    expect(repeatedTokens(options, 5)).toEqual(tokens);
    for (const other of [{ seed: 4 }, { name: "tests" }]) {
      expect(repeatedTokens({ ...options, ...other }, 5)).not.toEqual(tokens);
    }
    expect(repeatedTokens(options, 6)).not.toEqual(tokens);
    // Part of every result that was made with them: never changed.
    expect([...repeatedTokens({ ...options, length: 5, times: 1 }, 0)]).toEqual([
      1, 42, 26, 52, 42, 23,
    ]);
  });

  it("repeat behind BOS, or without it", () => {
    const tokens = [...repeatedTokens(options, 0)];
    const r = tokens.slice(1, 21);
    expect(tokens).toEqual([1, ...r, ...r, ...r]);
    expect([...repeatedTokens({ ...options, bos: null }, 0)]).toEqual([...r, ...r, ...r]);
  });

  it("cover the range evenly, both ends included", () => {
    const few = { ...options, lowestId: 7, highestId: 9 };
    const counts = new Map<number, number>();
    for (let item = 0; item < 300; item++) {
      for (const id of repeatedTokens(few, item).subarray(1, 21)) {
        counts.set(id, (counts.get(id) ?? 0) + 1);
      }
    }
    expect([...counts.keys()].sort()).toEqual([7, 8, 9]);
    // 6000 draws: 2000 each, standard deviation 37.
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(185);
  });

  it("are distinct on request", () => {
    const exact = { ...options, highestId: 29, distinct: true };
    const r = repeatedTokens(exact, 0).subarray(1, 21);
    expect(new Set(r).size).toBe(20);
    expect(() => repeatedTokens({ ...exact, highestId: 28 }, 0)).toThrow(
      "test: expected at least 20 ids to draw from, got ids 10 to 28",
    );
    expect(() => repeatedTokens({ ...options, lowestId: 61 }, 0)).toThrow(LabError);
    expect(() => repeatedTokens({ ...options, length: 0 }, 0)).toThrow(LabError);
  });
});
