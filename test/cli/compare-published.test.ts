import { readFile } from "node:fs/promises";
import { csvParse } from "d3-dsv";
import { beforeAll, describe, expect, it } from "vitest";
import type { PublishedColumn, ZBounds } from "../../src/induction/compare-published.js";
import { readPublishedPowers } from "../../src/runs/index.js";
import { induction, refusal, temporaryFolder } from "../support/cli.js";
import { type FabricatedRun, fabricateRun } from "../support/published-run.js";

interface PublishedJson {
  readonly schema: string;
  readonly published: string;
  readonly tokens: number;
  readonly agree: boolean;
  readonly bounds: ZBounds;
  readonly notes: readonly string[];
  readonly sequences: readonly [number, number];
  readonly a: PublishedColumn;
  readonly b: PublishedColumn;
  readonly disagreeing: readonly { readonly token: number; readonly role: string }[];
  readonly rows?: unknown;
}

const at = temporaryFolder();
const { rows } = await readPublishedPowers("roger-2023");

/** A fabricated run of the first tokens that were published. */
const fabricated = (name: string, tokens: number, options?: FabricatedRun) =>
  fabricateRun(at(name), rows.slice(0, tokens), options);

/** Runs `induction compare RUN roger-2023 --json`, which must end with that exit code. */
async function compare(code: number, dir: string, ...flags: string[]): Promise<PublishedJson> {
  const ended = await induction(["compare", dir, "roger-2023", ...flags, "--json", "--quiet"]);
  expect(ended.code, ended.stderr).toBe(code);
  if (code === 0) expect(ended.stderr).toBe("");
  else expect(ended.stderr).toMatch(/^error: [^\n]+: expected powers that agree with [^\n]+\n$/);
  return JSON.parse(ended.stdout) as PublishedJson;
}

let honest = "";
beforeAll(async () => {
  honest = await fabricated("honest", 600, { texts: rows.map(({ token }) => ` t${token}`) });
});

describe("a run that agrees with the published powers", () => {
  it("ends with 0, z within the bounds of its tokens", async () => {
    const result = await compare(0, honest);
    expect(result).toMatchObject({
      schema: "induction-lab/compare-published/1",
      published: "roger-2023",
      tokens: 600,
      agree: true,
      sequences: [256, 256],
    });
    expect(result.bounds.mean).toBeCloseTo(3.3 / Math.sqrt(600), 12);
    expect(result.bounds.sd).toBeCloseTo(3.3 / Math.sqrt(1200), 12);
    expect(result.notes).toEqual([
      "600 of the 10000 published tokens are in the run: the bounds of z widen to what so few allow",
    ]);
    for (const { z, within, noiseCorrected, correlation } of [result.a, result.b]) {
      expect(within).toEqual({ mean: true, sd: true });
      expect(z.n).toBe(600);
      expect(noiseCorrected).toBeCloseTo(1, 1);
      expect(correlation?.r).toBeGreaterThan(0.95);
    }
    expect(result.disagreeing).toHaveLength(20);
    expect(result.rows).toBeUndefined();
  });

  it("is a table for people, a CSV file of all tokens, and a figure", async () => {
    const [csv, svg] = [at("tokens.csv"), at("figure.svg")];
    const flags = ["--csv", csv, "--figure", svg, "--quiet"];
    const { code, stdout } = await induction(["compare", honest, "roger-2023", ...flags]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^z: mean \(bound: −0\.135 to 0\.135\) +−?0\.0\d\d ± 0\.04\d +−?0\.0/m);
    expect(stdout).toMatch(/^z: sd \(bound: 0\.905 to 1\.095\) /m);
    expect(stdout).toMatch(/^[AB] power of ·t\d+ \(\d+\) /m);
    expect(stdout).toMatch(/the run agrees with roger-2023: z is within its bounds\n$/);
    expect(stdout).not.toMatch(/NaN|undefined|null/);
    const lines = csvParse(await readFile(csv, "utf8"));
    expect(lines).toHaveLength(1200);
    expect(lines[0]).toMatchObject({ token: "4", role: "a", second: "3.818" });
    const figure = await readFile(svg, "utf8");
    expect(figure).toContain("tokens per cell");
    expect(figure).toMatch(/Made by induction-lab .* from attn-only-2l .*seed 7/);
  });
});

describe("a run that does not agree ends with 3", () => {
  it("where its powers are another size, and says so", async () => {
    const dir = await fabricated("shifted", 200, { shift: 0.5 });
    const result = await compare(3, dir);
    expect(result.agree).toBe(false);
    for (const { within, z } of [result.a, result.b]) {
      expect(within.mean).toBe(false);
      expect(z.mean).toBeGreaterThan(result.bounds.mean);
    }
    const { stdout } = await induction(["compare", dir, "roger-2023", "-q"]);
    expect(stdout).toMatch(
      /^the run does not agree with roger-2023: mean z of the A powers 1\.\d+, expected 0 ± 0\.233/m,
    );
  });

  it("on another model, which is named", async () => {
    const dir = await fabricated("other model", 200, { model: "random", shift: -0.5 });
    const { notes, a } = await compare(3, dir);
    expect(notes[0]).toBe("the published powers are of attn-only-2l; this run is of random");
    expect(a.z.mean).toBeLessThan(-1);
  });

  it("where its sequences scatter more than their errors say", async () => {
    // Strengths of tokens that lie off by an error four times theirs, with the errors of the post.
    const wild = rows.slice(0, 300).map((row) => {
      const power = ({ n, mean, se, sd }: typeof row.a) => ({
        n,
        mean,
        se: 4 * (se as number),
        sd,
      });
      return { ...row, a: power(row.a), b: power(row.b) };
    });
    const { a, b } = await compare(3, await fabricateRun(at("wild"), wild));
    for (const { within, z } of [a, b]) {
      expect(within).toEqual({ mean: true, sd: false });
      // √((4² + 1) / 2)
      expect(z.sd).toBeGreaterThan(2.5);
      expect(z.sd).toBeLessThan(3.4);
    }
  });
});

describe("what cannot be held against the published powers is refused", () => {
  it.each<[string, FabricatedRun, RegExp]>([
    [
      "another partner range",
      { protocol: { lowestId: 3 } },
      /got another \(lowest id drawn at random 3, not 4\): induction run roger-2023/,
    ],
    [
      "another protocol, every setting named",
      { protocol: { gaps: [5, 5], control: "replace-b", fillers: "avoid-ab", bos: 0 } },
      /random tokens .* \[5,5\], not \[10,10\]; whether fillers may be A or B avoid-ab, not any; control sequence replace-b, not shuffle; id in front of every sequence 0, not 1\)/,
    ],
    [
      "another vocabulary",
      { vocabulary: 8192 },
      /highest id drawn at random 8191, not 48261; vocabulary 8192, not 48262/,
    ],
    ["too few sequences", { sequences: 32 }, /expected at least 64 sequence pairs .* got 32/],
    ["a run without powers", { stage: "others" }, /expected a run with powers, got one without/],
  ])("%s", async (name, options, message) => {
    const dir = await fabricated(`refused ${name}`, 4, options);
    const { code, line } = await refusal(["compare", dir, "roger-2023"]);
    expect(code).toBe(2);
    expect(line).toMatch(message);
  });

  it("a single token", async () => {
    const { code, line } = await refusal(["compare", await fabricated("one", 1), "roger-2023"]);
    expect(code).toBe(2);
    expect(line).toMatch(/expected powers of at least two tokens of ids 4 to 10003, got 1/);
  });

  it("a crossed run of restricted partners", async () => {
    const dir = at("quick");
    const { code } = await induction(["run", "quick", "--limit", "3", "--quiet", "-o", dir]);
    expect(code).toBe(0);
    const { line } = await refusal(["compare", dir, "roger-2023"]);
    expect(line).toMatch(
      /tokens that the powers' partners are drawn from only ids 3 to 5, not all/,
    );
  });

  it.each<[string, string[], RegExp]>([
    [
      "another kind of figure",
      ["RUN", "roger-2023", "--figure", "x.pdf"],
      /\.svg or \.png, got "x/,
    ],
    ["a figure of two runs", ["RUN", "RUN", "--figure", "x.svg"], /expected roger-2023 as the sec/],
    ["a seed", ["RUN", "roger-2023", "--seed", "1"], /--seed: expected --self-test beside it/],
    ["a run beside --self-test", ["--self-test", "roger-2023", "RUN"], /expected no run, got/],
    ["an unknown self-test", ["--self-test", "roger"], /Allowed choices are roger-2023/],
    ["one run alone", ["RUN"], /expected two runs, got one: .*compare RUN roger-2023/],
  ])("%s", async (_, args, message) => {
    const given = args.map((arg) => (arg === "RUN" ? honest : arg));
    const { code, line } = await refusal(["compare", ...given]);
    expect(code).toBe(2);
    expect(line).toMatch(message);
  });
});

describe("--self-test", () => {
  it("finds what was planted in simulated data, seeded", async () => {
    const test = ["compare", "--self-test", "roger-2023"];
    const { code, stdout, stderr } = await induction([...test, "--seed", "5"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.match(/^found: /gm)).toHaveLength(4);
    expect(stdout).toMatch(/^chance alone; 10,000 tokens$/m);
    const json = await induction([...test, "--json"]);
    const { passed, cases, seed } = JSON.parse(json.stdout) as {
      passed: boolean;
      seed: number;
      cases: { planted: string; found: boolean; agree: boolean; a: PublishedColumn }[];
    };
    expect({ passed, seed }).toEqual({ passed: true, seed: 0 });
    expect(cases.map(({ agree }) => agree)).toEqual([true, false, false, false]);
    expect(Math.abs(cases[0]?.a.z.mean as number)).toBeLessThan(0.05);
    expect(cases[1]?.a.z.mean).toBeGreaterThan(0.25);
  });
});
