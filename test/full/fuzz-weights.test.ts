import { describe, expect, it } from "vitest";
import { fuzzWeights } from "../support/fuzz-weights.js";

const files = 20_000;
const chunk = 2000;

describe("mutated weight files are read or refused in one line", () => {
  it.each(Array.from({ length: files / chunk }, (_, i) => i * chunk))(
    `${chunk} files from number %i`,
    async (from) => {
      const { read, refused, wrong } = await fuzzWeights(2, from, from + chunk);
      expect(wrong).toEqual([]);
      expect(read + refused).toBe(chunk);
      // The mutations must be neither harmless nor all alike.
      expect(read).toBeGreaterThan(chunk / 10);
      expect(refused).toBeGreaterThan(chunk / 2);
    },
    300_000,
  );
});
