import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import {
  checkpointsIn,
  chooseCheckpoint,
  pythiaStep,
  pythiaSteps,
  pythiaTokensPerStep,
} from "../../src/weights/index.js";

function errorOf(action: () => unknown): LabError {
  try {
    action();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

describe("checkpointsIn", () => {
  it("sorts labels as numbers, and takes them for steps", () => {
    const files = ["checkpoints/a_900.pth", "checkpoints/a_10000.pth", "checkpoints/a_0.pth"];
    expect(checkpointsIn(files)).toEqual([
      { label: 0, unit: "steps", file: "checkpoints/a_0.pth" },
      { label: 900, unit: "steps", file: "checkpoints/a_900.pth" },
      { label: 10_000, unit: "steps", file: "checkpoints/a_10000.pth" },
    ]);
  });

  it("takes labels for tokens where the last exceeds a billion", () => {
    const units = (last: number) =>
      checkpointsIn(["checkpoints/x_2l_512.pth", `checkpoints/x_2l_${last}.pth`]).map(
        ({ label, unit }) => `${label} ${unit}`,
      );
    expect(units(1e9)).toEqual(["512 steps", "1000000000 steps"]);
    expect(units(1e9 + 1)).toEqual(["512 tokens", "1000000001 tokens"]);
  });

  it("ignores other files, and prefers safetensors to .pth", () => {
    const files = [
      "config.json",
      "model_final.pth",
      "checkpoints/readme.md",
      "checkpoints/deep/a_7.pth",
      "checkpoints/a_final.pth",
      "checkpoints/a_5.safetensors",
      "checkpoints/a_5.pth",
      "checkpoints/6.pth",
      "old/checkpoints/a_8.pth",
    ];
    expect(checkpointsIn(files).map(({ file }) => file)).toEqual([
      "checkpoints/a_5.safetensors",
      "checkpoints/6.pth",
    ]);
    expect(checkpointsIn([])).toEqual([]);
  });
});

describe("chooseCheckpoint", () => {
  const all = checkpointsIn(["checkpoints/a_10.pth", "checkpoints/a_20.pth"]);

  it("takes the label itself and nothing near it", () => {
    expect(chooseCheckpoint(all, 20, "m").file).toBe("checkpoints/a_20.pth");
    const between = errorOf(() => chooseCheckpoint(all, 12, "m"));
    expect(between.exitCode).toBe(2);
    expect(between.message).toBe(
      "m: expected one of its 2 checkpoints, from 10 to 20 steps, got 12",
    );
    expect(between.hint).toBe("nearest: 10, 20");
    expect(errorOf(() => chooseCheckpoint(all, 99, "m")).hint).toBe("nearest: 20");
    expect(errorOf(() => chooseCheckpoint(all, 1, "m")).hint).toBe("nearest: 10");
  });

  it("says where there are none", () => {
    expect(errorOf(() => chooseCheckpoint([], 1, "m")).message).toBe(
      "m: expected checkpoints, found none",
    );
  });
});

describe("Pythia's steps", () => {
  it("are 154: 0, the powers of two to 512, and every thousandth to 143000", () => {
    expect(pythiaSteps).toHaveLength(154);
    expect(pythiaSteps.slice(0, 13)).toEqual([
      0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 2000,
    ]);
    expect(pythiaSteps.at(-1)).toBe(143_000);
  });

  it("are meant by steps or by tokens", () => {
    expect(pythiaStep(3000, "m")).toBe(3000);
    expect(pythiaStep(3000 * pythiaTokensPerStep, "m")).toBe(3000);
    expect(pythiaStep(0, "m")).toBe(0);
    const error = errorOf(() => pythiaStep(3500, "pythia-70m"));
    expect(error.hint).toBe("nearest: 3000, 4000");
    expect(error.message).toMatch(/^pythia-70m: expected one of its 154 checkpoints/);
    errorOf(() => pythiaStep(3000 * pythiaTokensPerStep + 1, "m"));
  });
});
