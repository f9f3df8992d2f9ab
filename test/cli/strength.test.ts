import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import {
  induction,
  inductionJson,
  modelFolder,
  readJson,
  refusal,
  type SequencesJson,
  temporaryFolder,
} from "../support/cli.js";

interface Estimate {
  readonly mean: number;
  readonly se: number | null;
}

interface PairJson {
  readonly a: { readonly id: number; readonly text: string };
  readonly b: { readonly id: number; readonly text: string };
  readonly strength: Estimate & { readonly sd: number | null };
  readonly logOdds: { readonly induction: Estimate; readonly control: Estimate };
}

interface StrengthJson extends PairJson {
  readonly schema: string;
  readonly version: string;
  readonly command: string;
  readonly model: string;
  readonly n: number;
  readonly seed: number;
}

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));
const ids = ["--a-id", "5", "--b-id", "6"];
const onTiny = async () => ["--model", await tiny];
const pair = ["--a", " Mar", "--b", "ius"];

describe("strength of a pair", () => {
  const args = ["strength", ...pair, "-n", "64", "--seed", "1", "--json"];

  it("prints one JSON object and nothing else on stdout, and the same bytes again", async () => {
    const [first, second] = [await induction(args), await induction(args)];
    expect(first.code).toBe(0);
    expect(second.stdout).toBe(first.stdout);
    expect(first.stderr).toMatch(/^note: random tokens are ids 3 to 8191/);
    expect(first.stderr).toMatch(/strength: 128 of 128 sequences/);

    const result = JSON.parse(first.stdout) as StrengthJson;
    expect(result).toMatchObject({
      schema: "induction-lab/strength/1",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      command: "induction strength --a ' Mar' --b ius -n 64 --seed 1 --json",
      model: "attn-only-2l-mini",
      a: { id: 1850, text: " Mar" },
      b: { id: 1829, text: "ius" },
      n: 64,
      seed: 1,
    });
    const { strength, logOdds } = result;
    expect(Object.keys(strength)).toEqual(["mean", "se", "sd"]);
    expect(Object.keys(logOdds.induction)).toEqual(["mean", "se"]);
    expect(Object.keys(logOdds.control)).toEqual(["mean", "se"]);
    expect(strength.mean).toBeCloseTo(logOdds.induction.mean - logOdds.control.mean, 9);
    expect(strength.se).toBeCloseTo((strength.sd as number) / 8, 9);
    // This pair is one that the model copies: see the model's card.
    expect(strength.mean).toBeGreaterThan(5);
  });

  it("prints a table for people that states n and standard errors", async () => {
    const { code, stdout } = await induction(["strength", ...ids, "-n", "4", ...(await onTiny())]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^#5 \(5\) #6 \(6\) +[−]?\d+\.\d+ ± \d+\.\d+/m);
    expect(stdout).toMatch(/nats, mean ± standard error over 4 sequence pairs/);
  });

  it("knows no standard error from one sequence", async () => {
    const options = [...ids, "-n", "1", ...(await onTiny())];
    const one = await inductionJson<StrengthJson>(["strength", ...options]);
    expect(one.strength).toEqual({ mean: one.strength.mean, se: null, sd: null });
    expect(one.logOdds.induction.se).toBeNull();
    expect(Number.isFinite(one.strength.mean)).toBe(true);
  });

  it("takes ids for text", async () => {
    const byText = await inductionJson<StrengthJson>(["strength", ...pair, "-n", "8"]);
    const byId = await inductionJson<StrengthJson>([
      ...["strength", "--a-id", "1850", "--b-id", "1829", "-n", "8"],
    ]);
    expect({ ...byId, command: "" }).toEqual({ ...byText, command: "" });
  });

  it("gives other numbers at another seed", async () => {
    const mean = async (seed: string) => {
      const options = [...ids, "-n", "4", "--seed", seed, ...(await onTiny())];
      return (await inductionJson<StrengthJson>(["strength", ...options])).strength.mean;
    };
    expect(await mean("0")).not.toBe(await mean("4294967295"));
  });
});

describe("strength of the pairs of a file", () => {
  it("is that of each pair alone, by text or by id, also as spreadsheets write it", async () => {
    const measure = async (name: string, content: string) => {
      await writeFile(at(name), content);
      const args = ["strength", "--pairs", at(name), "-n", "8"];
      return (await inductionJson<{ pairs: PairJson[] }>(args)).pairs;
    };
    const { a, b, strength, logOdds } = await inductionJson<StrengthJson>([
      ...["strength", ...pair, "-n", "8"],
    ]);
    const sheet = await measure("sheet.csv", '\uFEFFa,b\r\n" Mar",ius\r\n",", Mar\r\n');
    expect(sheet[0]).toEqual({ a, b, strength, logOdds });
    expect(sheet[1]).toMatchObject({ a: { text: "," }, b: a });
    const comma = String(sheet[1]?.a.id);
    const mixed = await measure("mixed.csv", `b,a_id,note\nius,1850,x\n Mar,${comma},y\n`);
    expect(mixed).toEqual(sheet);
  });

  it.each([
    ["a_id\n5\n", /expected a header with a or a_id, and b or b_id.*got a_id/],
    ["first,second\n5,6\n", /expected a header.*got first, second/],
    ["", /expected a header.*got no pairs/],
    ["a,b\n", /expected a header.*got no pairs/],
    ["a_id,b_id\n5,6\n5,101\n", /line 3: --b-id: expected an id from 0 to 100, got 101/],
    ["a_id,b_id\n5,6\n5,-1\n", /line 3: expected an id, got "-1"/],
    ["a_id,b_id\n5,\n", /line 2: expected both tokens of the pair, got no B/],
    ["a_id,b_id\n5\n", /line 2: expected 2 columns, got 1/],
    ["a,b\n,,ius\n", /line 2: expected 2 columns, got 3.*in quotes/],
    ["a,b\n Mar,ius\n", /line 2: --a: expected a model with a tokenizer/],
  ])("refuses %j in one line that names the file", async (content, message) => {
    await writeFile(at("bad.csv"), content);
    const args = ["strength", "--pairs", at("bad.csv"), ...(await onTiny())];
    const { code, line } = await refusal(args);
    expect(code).toBe(2);
    expect(line).toMatch(message);
    expect(line).toContain(at("bad.csv"));
  });

  it("lists the tokens of a text that is several, and names its line", async () => {
    await writeFile(at("several.csv"), "a,b\n Mar,ius\n Marius,ius\n");
    const { code, line } = await refusal(["strength", "--pairs", at("several.csv")]);
    expect(code).toBe(2);
    expect(line).toMatch(/several.csv, line 3: ' Marius' is 2 tokens \(' Mar' 1850, 'ius' 1829\)/);
  });

  it("draws the same fillers for all pairs, so that they can be compared as pairs", async () => {
    await writeFile(at("two.csv"), "a_id,b_id\n5,6\n7,8\n");
    // Fillers are from id 10 up, so that no filler is A or B of one pair alone.
    const options = ["--pairs", at("two.csv"), "-n", "4", "--lowest-id", "10"];
    const args = ["sequences", "strength", ...options, ...(await onTiny())];
    await inductionJson([...args, "-o", at("two.json")]);
    const { units } = await readJson<SequencesJson>(at("two.json"));
    expect(units).toHaveLength(2);
    const [first, second] = units.map((unit) => unit.induction);
    const fillers = (ids: readonly number[]) => [...ids.slice(0, 11), ...ids.slice(13, 23)];
    expect(first?.map(fillers)).toEqual(second?.map(fillers));
    expect(first?.[0]?.slice(11, 13)).toEqual([5, 6]);
    expect(second?.[0]?.slice(11, 13)).toEqual([7, 8]);
    // The shuffled control has the same order too: each has its own A where the other has its A.
    const order = ({ induction: [ids], control: [shuffled] }: (typeof units)[number]) =>
      shuffled?.slice(1).map((id) => ids?.indexOf(id));
    expect(units.map(order)[0]).toEqual(units.map(order)[1]);
  });
});
