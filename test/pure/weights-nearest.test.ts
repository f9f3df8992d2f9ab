import { describe, expect, it } from "vitest";
import { nearestNames } from "../../src/nearest.js";

const commands = ["run", "strength", "sequences", "scenarios", "powers", "neighbours", "heads"];

describe("nearestNames", () => {
  it.each([
    ["strenght", ["strength"]],
    ["HEADS", ["heads"]],
    ["neighbors", ["neighbours"]],
    ["rnu", []],
    ["ru", ["run"]],
    ["quantum-foam", []],
    ["", []],
  ])("for %s", (typed, near) => {
    expect(nearestNames(typed, commands)).toEqual(near);
  });

  it("puts the nearest first, and candidates that contain the name before loose matches", () => {
    const hooks = ["blocks.0.hook_q", "blocks.1.attn.hook_pattern", "blocks.0.attn.hook_pattern"];
    expect(nearestNames("blocks.0.attn.hook_patern", hooks, 2)).toEqual([hooks[2], hooks[1]]);
    expect(nearestNames("hook_pattern", hooks)).toEqual([hooks[1], hooks[2]]);
  });

  it("gives at most max names", () => {
    expect(nearestNames("aaaa", ["aaab", "aaac", "aaad", "aaaa"])).toEqual([
      "aaaa",
      "aaab",
      "aaac",
    ]);
    expect(nearestNames("aaaa", ["aaab", "aaaa"], 1)).toEqual(["aaaa"]);
  });
});
