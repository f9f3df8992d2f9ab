import { describe, expect, it } from "vitest";
import { argsWithout } from "../../src/cli/submit-args.js";

const value = { required: true, optional: false };
const flag = { required: false, optional: false };
const forms = [
  { short: "-o", long: "--output", ...value },
  { short: "-n", long: "--sequences", ...value },
  { short: "-q", long: "--quiet", ...flag },
  { long: "--a", ...value },
  { long: "--dry-run", ...flag },
  { long: "--shard", required: false, optional: true },
];
const without = new Set(["--output", "--quiet", "--dry-run", "--shard"]);

describe("a command line without what concerns one call only", () => {
  it.each<[string[], string[]]>([
    [
      ["run", "sweep", "-o", "x", "--dry-run"],
      ["run", "sweep"],
    ],
    [["run", "-ox", "--output=y", "--output", "z", "-q"], ["run"]],
    [
      ["run", "--a", "--dry-run", "-n", "5"],
      ["run", "--a", "--dry-run", "-n", "5"],
    ],
    [
      ["run", "--a=-q", "-n5"],
      ["run", "--a=-q", "-n5"],
    ],
    [
      ["run", "--shard", "1/2", "sweep"],
      ["run", "sweep"],
    ],
    [
      ["run", "--shard", "--a", "b"],
      ["run", "--a", "b"],
    ],
    [["run", "-o"], ["run"]],
  ])("of %j is %j", (args, kept) => {
    expect(argsWithout(args, forms, without)).toEqual(kept);
  });
});
