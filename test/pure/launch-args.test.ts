import { describe, expect, it } from "vitest";
import { argsWithout } from "../../src/cli/args-without.js";
import { plannedArgs } from "../../src/cli/planned-args.js";

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
    [
      ["run", "-qn5", "-qo", "x", "sweep"],
      ["run", "-n5", "sweep"],
    ],
  ])("of %j is %j", (args, kept) => {
    expect(argsWithout(args, forms, without)).toEqual(kept);
  });
});

describe("the words that start a run again", () => {
  const options = [...forms, { long: "--workers", ...value }, { long: "--json", ...flag }];

  it("are those that name it", () => {
    const words = ["run", "sweep", "--workers", "4", "--json", "-q", "-n", "9", "--dry-run"];
    expect(plannedArgs(words, options, { dir: "x", given: false })).toEqual([
      ...["run", "sweep", "-n", "9", "-o", "x"],
    ]);
    const given = ["run", "-o", "x", "--workers=2", "--shard"];
    expect(plannedArgs(given, options, { dir: "x", given: true })).toEqual(["run", "-o", "x"]);
  });

  it("keep values that look like options", () => {
    const words = ["run", "--a", "--json", "-o", "-q"];
    expect(plannedArgs(words, options, { dir: "-q", given: true })).toEqual(words);
  });
});
