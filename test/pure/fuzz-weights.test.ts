import { expect, it } from "vitest";
import { fuzzWeights } from "../support/fuzz-weights.js";

it("mutated weight files are read or refused in one line; nothing else happens", async () => {
  const { read, refused, wrong } = await fuzzWeights(1, 0, 1500);
  expect(wrong).toEqual([]);
  // The mutations must be neither harmless nor all alike.
  expect(read).toBeGreaterThan(150);
  expect(refused).toBeGreaterThan(1000);
});

it("a mutated file depends on its number alone, not on the files before it", async () => {
  const whole = await fuzzWeights(3, 0, 300);
  const [first, second] = [await fuzzWeights(3, 0, 150), await fuzzWeights(3, 150, 300)];
  expect(first.read + second.read).toBe(whole.read);
});
