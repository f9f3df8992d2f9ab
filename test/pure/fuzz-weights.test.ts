import { expect, it } from "vitest";
import { fuzzWeights } from "../support/fuzz-weights.js";

it("mutated weight files are read or refused in one line; nothing else happens", async () => {
  const { read, refused, wrong } = await fuzzWeights(1, 0, 1500);
  expect(wrong).toEqual([]);
  // The mutations must be neither harmless nor all alike.
  expect(read).toBeGreaterThan(20);
  expect(refused).toBeGreaterThan(1000);
});
