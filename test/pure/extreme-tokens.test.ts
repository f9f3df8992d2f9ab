import { expect, it } from "vitest";
import { extremeCount, extremeTokens, type PowerRow } from "../../src/induction/index.js";

const row = (token: number, a: number, b: number): PowerRow => {
  const estimate = (mean: number) => ({ n: 4, mean, se: 1, sd: 2 });
  return { token, text: `t${token}`, a: estimate(a), b: estimate(b) };
};
const ids = (rows: PowerRow[], perEnd: number) => extremeTokens(rows, perEnd).map(({ id }) => id);

it("the extremes of both lists come once each, by id", () => {
  const apart = [
    row(9, 9, 5),
    row(2, 1, 5),
    row(5, 5, 9),
    row(7, 5, 1),
    row(1, 4, 4),
    row(3, 6, 6),
  ];
  expect(ids(apart, 1)).toEqual([2, 5, 7, 9]);
});

it("their number does not depend on how often one token is in two lists", () => {
  const same = Array.from({ length: 12 }, (_, i) => row(i, i, i));
  expect(ids(same, 2)).toHaveLength(extremeCount(12, 2));
  expect(ids(same, 2)).toEqual([0, 1, 2, 3, 8, 9, 10, 11]);
  expect(ids(same, 10)).toEqual([...Array(12).keys()]);
  expect(extremeTokens([], 3)).toEqual([]);
});

it("ties go by the lower id", () => {
  const tied = [row(4, 1, 1), row(2, 1, 1), row(8, 1, 1), row(6, 1, 1), row(3, 1, 1)];
  expect(ids(tied, 1)).toEqual([2, 3, 6, 8]);
});
