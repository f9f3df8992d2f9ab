import { readFile } from "node:fs/promises";
import { csvParse } from "d3-dsv";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, tensor } from "../../src/graph/index.js";
import type { Model } from "../../src/model/index.js";
import { loadModel, nodeEngine } from "../../src/node.js";
import {
  inductionJson,
  modelFolder,
  readJson,
  type SequencesJson,
  temporaryFolder,
} from "../support/cli.js";

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));

/** Digits for `toBeCloseTo`: half of 10^−5.7 is 1e-6 nats. */
const micro = 5.7;

/** The graph by which the numbers are computed again here. */
const plain = ["--path", "plain"];

/** The sequences that a command measures. */
async function sequencesOf(name: string, args: readonly string[]): Promise<SequencesJson> {
  const [experiment, ...options] = args as [string, ...string[]];
  await inductionJson(["sequences", experiment, ...options, "-o", at(name)]);
  return readJson<SequencesJson>(at(name));
}

/** One id per sequence, also where the unit fixes one for all. */
const each = (ids: number | readonly number[], n: number): readonly number[] =>
  typeof ids === "number" ? Array.from({ length: n }, () => ids) : ids;

describe("what is measured is what `sequences` writes", () => {
  let engine: Engine;
  let mini: Model;
  let small: Model;
  beforeAll(async () => {
    engine = nodeEngine();
    mini = await loadModel("attn-only-2l-mini", { engine });
    small = await loadModel(await tiny, { engine });
  });
  afterAll(() => engine.close());

  interface Summary {
    readonly strength: { readonly mean: number };
    readonly logOdds: Record<"induction" | "control", { readonly mean: number }>;
  }
  const mean = (values: readonly number[]) => values.reduce((x, y) => x + y) / values.length;

  /** Mean log-odds of both members of a unit, from the ids of the file alone. */
  async function recompute(model: Model, unit: SequencesJson["units"][number] | undefined) {
    const { b, induction, control } = unit as SequencesJson["units"][number];
    const targets = each(b, induction.length);
    const meanOf = async (rows: readonly (readonly number[])[]) => {
      const feed = { targets: tensor("int32", [targets.length, 1], targets) };
      const { logOdds } = await model.run(rows, { fetch: ["logOdds"], feed });
      return mean(Array.from(logOdds.data, Number));
    };
    return { induction: await meanOf(induction), control: await meanOf(control) };
  }

  it("for the strength of a pair, whether by our log-odds or from logits in float64", async () => {
    const options = ["strength", "--a", " Mar", "--b", "ius", "-n", "33", "--seed", "3"];
    const { units } = await sequencesOf("law.json", options);
    const printed = await inductionJson<Summary>([...options, ...plain]);
    const got = await recompute(mini, units[0]);
    expect(got.induction).toBeCloseTo(printed.logOdds.induction.mean, micro);
    expect(got.control).toBeCloseTo(printed.logOdds.control.mean, micro);
    expect(got.induction - got.control).toBeCloseTo(printed.strength.mean, micro);

    // The path that is taken without a flag rounds otherwise.
    const { logOdds } = await inductionJson<Summary>(options);
    expect(got.induction).toBeCloseTo(logOdds.induction.mean, 5);
    expect(got.control).toBeCloseTo(logOdds.control.mean, 5);

    const rows = units[0]?.induction ?? [];
    const { logits } = await mini.run(rows, { fetch: ["logits"] });
    const [, positions, vocabulary] = logits.shape as [number, number, number];
    const values = rows.map((_, i) => {
      const end = (i + 1) * positions * vocabulary;
      const last = Array.from(logits.data.slice(end - vocabulary, end), Number);
      const others = last.reduce((sum, x, id) => sum + (id === 1829 ? 0 : Math.exp(x)), 0);
      return (last[1829] as number) - Math.log(others);
    });
    expect(mean(values)).toBeCloseTo(printed.logOdds.induction.mean, 4);
  });

  it.each([
    { flags: ["--control", "replace-a", "--gaps", "3,20", "--lowest-id", "50"] },
    { flags: ["--control", "replace-b", "--fillers", "avoid-ab", "--gaps", "0,0"] },
  ])("for strength with $flags", async ({ flags }) => {
    const common = ["--a-id", "5", "--b-id", "6", "-n", "33", "--model", await tiny];
    const options = ["strength", ...common, ...flags];
    const { units } = await sequencesOf("law.json", options);
    const printed = await inductionJson<Summary>([...options, ...plain]);
    const got = await recompute(small, units[0]);
    expect(got.induction).toBeCloseTo(printed.logOdds.induction.mean, micro);
    expect(got.control).toBeCloseTo(printed.logOdds.control.mean, micro);
  });

  it("for each scenario", async () => {
    const options = ["scenarios", "-n", "20", "--seed", "3", "--allow-a-equals-b", "no"];
    const { units } = await sequencesOf("law.json", options);
    const { scenarios } = await inductionJson<{ scenarios: (Summary & { scenario: string })[] }>([
      ...options,
      ...plain,
    ]);
    expect(units.map(({ unit }) => unit)).toEqual(scenarios.map(({ scenario }) => scenario));
    for (const [i, { logOdds, strength, scenario }] of scenarios.entries()) {
      const got = await recompute(mini, units[i]);
      expect(got.induction, scenario).toBeCloseTo(logOdds.induction.mean, micro);
      expect(got.control, scenario).toBeCloseTo(logOdds.control.mean, micro);
      expect(got.induction - got.control, scenario).toBeCloseTo(strength.mean, micro);
    }
  });

  it("for each token's powers", async () => {
    const options = ["powers", "--token-ids", "40,7,100", "-n", "17", "--model", await tiny];
    const { units } = await sequencesOf("law.json", options);
    const { rows } = await inductionJson<{
      rows: Record<"a" | "b", { readonly mean: number }>[];
    }>([...options, ...plain]);
    expect(units.map(({ unit }) => unit)).toEqual(
      ["A", "B"].flatMap((role) => [40, 7, 100].map((id) => `${id} as ${role}`)),
    );
    const powers = [...rows.map(({ a }) => a), ...rows.map(({ b }) => b)];
    for (const [i, power] of powers.entries()) {
      const { induction, control } = await recompute(small, units[i]);
      expect(induction - control, units[i]?.unit).toBeCloseTo(power.mean, micro);
    }
  });
});

describe("the files of `sequences`", () => {
  const unit = ["strength", "--a-id", "5", "--b-id", "6"];

  async function draw(...args: string[]): Promise<SequencesJson["units"]> {
    return (await sequencesOf("some.json", [...args, "--model", await tiny])).units;
  }

  it("hold induction and control sequences of A, B with BOS in front and A at the end", async () => {
    const [only] = await draw(...unit, "-n", "50");
    expect(only).toMatchObject({ unit: "5,6", a: 5, b: 6 });
    for (const ids of [...(only?.induction ?? []), ...(only?.control ?? [])]) {
      expect(ids).toHaveLength(24);
      expect([ids[0], ids[23]]).toEqual([1, 5]);
    }
    expect(only?.induction.map((ids) => ids.slice(11, 13))).toEqual(Array(50).fill([5, 6]));
    const sorted = (rows: readonly (readonly number[])[] = []) =>
      rows.map((ids) => ids.toSorted((x, y) => x - y));
    expect(sorted(only?.control)).toEqual(sorted(only?.induction));
    expect(only?.control).not.toEqual(only?.induction);
  });

  it.each([
    ["strength", "--a-id", "5", "--b-id", "6"],
    ["scenarios", "--a-id", "5", "--b-id", "6"],
    ["powers", "--range", "5:6"],
  ])("hold the same ids as JSON and as CSV: %s", async (...args) => {
    const options = [...args, "--model", await tiny, "-n", "5"];
    const { units } = await sequencesOf("same.json", options);
    await inductionJson(["sequences", ...options, "-o", at("same.csv")]);
    const text = await readFile(at("same.csv"), "utf8");
    expect(text.endsWith("\n") && !text.endsWith("\n\n")).toBe(true);
    const rows = csvParse(text).map((row) => ({
      unit: row["unit"],
      k: Number(row["k"]),
      a: Number(row["a"]),
      b: Number(row["b"]),
      member: row["member"],
      ids: Array.from({ length: 24 }, (_, i) => Number(row[`t${i}`])),
    }));
    const expected = units.flatMap(({ unit, a, b, ...members }) =>
      each(a, 5).flatMap((first, k) =>
        (["induction", "control"] as const).map((member) => ({
          unit,
          k,
          a: first,
          b: each(b, 5)[k],
          member,
          ids: members[member][k],
        })),
      ),
    );
    expect(rows).toEqual(expected);
  });

  it("say which command, model, seed and protocol they belong to", async () => {
    const args = [...unit, "-n", "2", "--seed", "9", "--gaps", "1,2", "--model", await tiny];
    expect(await sequencesOf("head.json", args)).toMatchObject({
      schema: "induction-lab/sequences/1",
      command: expect.stringContaining("induction sequences strength --a-id 5") as string,
      experiment: "strength",
      model: "tiny",
      seed: 9,
      n: 2,
      protocol: { bos: 1, gaps: [1, 2], lowestId: 4, highestId: 100, control: "shuffle" },
    });
  });

  it("say which tokens stand for those of the post", async () => {
    const file = await sequencesOf("notes.json", ["scenarios", "-n", "1"]);
    expect(file).toMatchObject({
      notes: [
        expect.stringContaining("ids 3 to 8191") as string,
        expect.stringContaining('A = " Mar"') as string,
        expect.stringContaining('B = "ius"') as string,
      ],
    });
  });

  it("follow --gaps", async () => {
    const [only] = await draw(...unit, "-n", "3", "--gaps", "3,4");
    expect(only?.induction.map((ids) => [ids.length, ...ids.slice(4, 6), ids[10]])).toEqual(
      Array(3).fill([11, 5, 6, 5]),
    );
  });

  it("follow --lowest-id", async () => {
    const [only] = await draw(...unit, "-n", "20", "--lowest-id", "97");
    const drawn = only?.induction.flatMap((ids) => [...ids.slice(1, 11), ...ids.slice(13, 23)]);
    expect([...new Set(drawn)].toSorted((x, y) => x - y)).toEqual([97, 98, 99, 100]);
  });

  it("follow --control replace-a and replace-b", async () => {
    const [shuffled] = await draw(...unit, "-n", "30");
    for (const [control, place] of [
      ["replace-a", 11],
      ["replace-b", 12],
    ] as const) {
      const [only] = await draw(...unit, "-n", "30", "--control", control);
      expect(only?.induction, "the control leaves the induction sequence alone").toEqual(
        shuffled?.induction,
      );
      const rest = (ids: readonly number[]) => ids.toSpliced(place, 1);
      expect(only?.control.map(rest)).toEqual(only?.induction.map(rest));
      const replaced = only?.control.map((ids) => ids[place] as number) ?? [];
      expect(new Set(replaced).size).toBeGreaterThan(10);
    }
  });

  it("follow --fillers avoid-ab", async () => {
    // 2,000 fillers of 6 ids: by chance A or B is among them for certain.
    const args = [...unit, "-n", "100", "--lowest-id", "95"].with(2, "95").with(4, "100");
    const strangers = (rows: readonly (readonly number[])[] = []) =>
      rows
        .flatMap((ids) => [...ids.slice(1, 11), ...ids.slice(13, 23)])
        .filter((id) => id === 95 || id === 100).length;
    expect(strangers((await draw(...args))[0]?.induction)).toBeGreaterThan(400);
    expect(strangers((await draw(...args, "--fillers", "avoid-ab"))[0]?.induction)).toBe(0);
  });

  it("follow --allow-a-equals-b no", async () => {
    const args = ["scenarios", "--a-id", "97", "--b-id", "98", "-n", "60", "--lowest-id", "97"];
    const equal = (units: SequencesJson["units"]) =>
      units.map(({ a, b }) => each(a, 60).filter((id, k) => id === each(b, 60)[k]).length);
    const [both, ...free] = equal(await draw(...args));
    expect(both).toBe(0);
    for (const count of free) expect(count).toBeGreaterThan(3);
    expect(equal(await draw(...args, "--allow-a-equals-b", "no"))).toEqual([0, 0, 0, 0]);
  });

  it("follow --seed", async () => {
    const zero = await draw(...unit, "-n", "2");
    expect(await draw(...unit, "-n", "2", "--seed", "0")).toEqual(zero);
    expect(await draw(...unit, "-n", "2", "--seed", "1")).not.toEqual(zero);
  });
});
