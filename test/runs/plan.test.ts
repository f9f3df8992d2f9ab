import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPreset, type Lab } from "../../src/induction/index.js";
import {
  blockFor,
  fastest,
  preferred,
  type PlanFile,
  type PresetChoices,
  presetPlan,
  readPlan,
  runPlanOf,
  type RunSpec,
  stagesOf,
  storedChoices,
  tryBatches,
  writePlan,
} from "../../src/runs/index.js";
import { fakeLab } from "./fake.js";
import { temporaryFolder } from "./temporary-folder.js";

const tokens = Array.from({ length: 500 }, (_, i) => ({ id: 4 + i, text: i % 2 ? `t${i}` : null }));
const choices: PresetChoices = {
  pair: { a: { id: 5, text: " a" }, b: { id: 6, text: null } },
  ...{ tokens, whole: false, dVocab: 8192 },
};
const specOf = (name: string): RunSpec => ({
  ...{ kind: "preset", preset: { ...findPreset(name) }, choices: storedChoices(choices) },
  ...{ about: { title: "x" }, provenance: {} },
});

function planOf(spec: RunSpec): PlanFile {
  const stages = stagesOf(spec, 512);
  const { command, ...identity } = runPlanOf({
    ...{ stages, lab: fakeLab, provider: "cpu", block: 512, parameters: {} },
    command: "induction run",
  });
  const by = "flag" as const;
  return {
    ...{ schema: "induction-lab/plan/1", command, args: ["run"], ...identity, spec, lab: {} },
    choices: { batch: 64, threads: 1, path: "plain", block: 512 },
    chosenBy: { batch: by, threads: by, path: by, block: by },
    ...{ calibration: null, precision: null },
    forecast: { stages: [], seconds: 1, bytes: 1, memory: 1 },
  };
}

describe("a plan", () => {
  it.each(["quick", "roger-2023", "sweep"])("gives its stages back: %s", async (name) => {
    const dir = await temporaryFolder();
    const plan = planOf(specOf(name));
    await writePlan(dir, plan);
    const read = await readPlan(dir);
    expect(read).toEqual(JSON.parse(JSON.stringify(plan)));
    const shape = (stages: ReturnType<typeof stagesOf>) =>
      stages.map(({ id, pairs, params }) => ({ id, pairs, params }));
    const again = stagesOf(read?.spec ?? plan.spec, 512);
    expect(shape(again)).toEqual(shape(presetPlan(findPreset(name), choices)));
    expect(again.map(({ block }) => block)).toEqual(again.map(() => 512));
  });

  it("of a sweep has the powers alone", () => {
    const stages = stagesOf(specOf("sweep"), 4096);
    expect(stages.map(({ id, experiment, pairs }) => [id, experiment, pairs])).toEqual([
      ["powers", "crossed-powers", 32 * 500],
    ]);
  });

  it("is for people to read: a token does not take a line", async () => {
    const dir = await temporaryFolder();
    await writePlan(dir, planOf(specOf("sweep")));
    const lines = (await readFile(join(dir, "plan.json"), "utf8")).split("\n");
    expect(lines.length).toBeLessThan(150);
    expect(lines).toContain('  "schema": "induction-lab/plan/1",');
  });

  it("is told from another by its block and its path", () => {
    const at = (lab: Lab, block: number) =>
      runPlanOf({
        ...{ stages: stagesOf(specOf("sweep"), block), lab, provider: "cpu", block },
        ...{ command: "", parameters: {} },
      }).plan;
    const plans = [
      at(fakeLab, 512),
      at(fakeLab, 1024),
      at({ ...fakeLab, path: "plain" }, 512),
      at({ ...fakeLab, batch: 32 }, 512),
    ];
    expect(new Set(plans).size).toBe(4);
    expect(at({ ...fakeLab, path: "last-token" }, 512)).toBe(plans[0]);
  });

  it("that is not ours is refused", async () => {
    const dir = await temporaryFolder();
    expect(await readPlan(dir)).toBeNull();
    const path = join(dir, "plan.json");
    const other = "choose another folder, or move this file away";
    const version = "call the version that wrote it, or choose another folder";
    const wrong: [string, string, string][] = [
      ["{", "another file", other],
      [`{"schema":"induction-lab/plan/9"}`, `"induction-lab/plan/9"`, version],
      [`{"schema":"induction-lab/plan/1"}`, "one with a wrong version", other],
    ];
    for (const [content, got, hint] of wrong) {
      await writeFile(path, content);
      await expect(readPlan(dir)).rejects.toMatchObject({
        message: `${path}: expected a plan of schema "induction-lab/plan/1", got ${got}`,
        hint,
        exitCode: 2,
      });
    }
  });
});

describe("a calibration", () => {
  /** A model that takes so many milliseconds per run, and per sequence. */
  function timed(perRun: number, perSequence: number) {
    let time = 0;
    const model = {
      run({ shape }: { shape: number[] }, { feed }: { feed: { targets: { shape: number[] } } }) {
        time += perRun + perSequence * (shape[0] ?? NaN);
        const size = feed.targets.shape.reduce((all, one) => all * one, 1);
        const logOdds = { shape: feed.targets.shape, data: new Float32Array(size) };
        return Promise.resolve({ logOdds });
      },
    };
    const lab = { ...fakeLab, model, path: "plain" } as unknown as Lab;
    return { lab, now: () => time };
  }

  it("finds the batch that is fastest, and how fast", async () => {
    const { lab, now } = timed(10, 0.1);
    const trials = await tryBatches(lab, [32, 64, 128, 256], { threads: 2, now });
    expect(trials.map(({ batch }) => batch)).toEqual([32, 64, 128, 256]);
    const best = fastest(trials);
    expect(best).toMatchObject({ path: "plain", threads: 2, batch: 256 });
    // 512 sequences in 10 + 51.2 ms.
    expect(best.sequencesPerSecond).toBeCloseTo(512 / 0.0612, 6);
  });

  it("prefers the smallest batch that is as fast to within 2 %", () => {
    const trial = (batch: number, sequencesPerSecond: number) => {
      return { path: "plain" as const, threads: 1, batch, sequencesPerSecond };
    };
    const batches = (...speeds: [number, number, number]) =>
      preferred(speeds.map((speed, i) => trial(32 << i, speed))).batch;
    expect(batches(970, 981, 1000)).toBe(64);
    expect(batches(980, 1000, 990)).toBe(32);
    expect(batches(900, 950, 1000)).toBe(128);
  });

  it("tries no larger batch where one takes long", async () => {
    const { lab, now } = timed(0, 20);
    const trials = await tryBatches(lab, [32, 64, 128, 256], { threads: 1, now });
    expect(trials.map(({ batch }) => batch)).toEqual([32]);
    expect(now()).toBeLessThan(4000);
  });

  it("makes blocks that take about five seconds, and hold whole batches", () => {
    const blocks = [1, 100, 400, 800, 1700, 1e5].map(blockFor);
    expect(blocks).toEqual([256, 256, 1024, 2048, 4096, 4096]);
  });
});
