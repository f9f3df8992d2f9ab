/** Runs whose crossed design has fewer or more controls than induction sequences, from plan to report. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { main } from "../../src/cli/program.js";
import { loadModel, nodeEngine } from "../../src/node.js";
import type { Lab, Protocol } from "../../src/induction/index.js";
import {
  compareRuns,
  executeShard,
  forecast,
  type PlanFile,
  readPlan,
  runPlan,
  type RunSpec,
  stagesOf,
  writePlan,
} from "../../src/runs/index.js";
import { temporaryFolder } from "./temporary-folder.js";

const limit = 40;

/** Runs the command line in this process, which must succeed. */
async function induction<T = unknown>(args: readonly string[]): Promise<T> {
  let [out, err] = ["", ""];
  const code = await main([...args, "--json", "-q"], {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    interactive: false,
    now: () => performance.now(),
  });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out) as T;
}

/** A plan of 4 rounds with induction and controls in these, in blocks of 64 pairs: as `--se` makes them. */
async function planned(rounds: number, controls: number): Promise<string> {
  const dir = await temporaryFolder();
  const most = Math.max(rounds, controls);
  await induction([
    ...["run", "sweep", "-n", String(most), "--limit", String(limit), "-o", dir, "--dry-run"],
    ...["--batch", "32", "--threads", "1", "--block", "64"],
  ]);
  const plan = (await readPlan(dir)) as PlanFile;
  const spec = structuredClone(plan.spec) as RunSpec & { kind: "preset" };
  const powers = { ...spec.preset.powers, rounds, controls };
  const parameters = { ...plan.parameters, powers: { value: powers, source: "pilot" } };
  const changed = { ...plan, parameters, spec: { ...spec, preset: { ...spec.preset, powers } } };
  const hash = `${plan.plan.slice(0, -8)}${rounds}of${controls}`;
  await writePlan(dir, { ...(changed as PlanFile), plan: hash });
  return dir;
}

interface Powers {
  readonly rows: readonly { readonly a: { mean: number; se: number; n: number } }[];
}

async function summaryOf(dir: string): Promise<Powers> {
  const text = await readFile(join(dir, "summary.json"), "utf8");
  return (JSON.parse(text) as { powers: Powers }).powers;
}

async function divided(rounds: number, controls: number): Promise<string> {
  const dir = await planned(rounds, controls);
  const plan = (await readPlan(dir)) as PlanFile;
  const stages = stagesOf(plan.spec, plan.choices.block);
  const engine = nodeEngine({ runtime: "auto", threads: 1 });
  const total = (rounds + controls) * limit;
  try {
    const model = await loadModel("attn-only-2l-mini", { engine });
    const info = await engine.info();
    const protocol = plan.fixed.protocol as unknown as Protocol;
    const lab: Lab = { model, protocol, seed: 0, batch: 32 };
    let done = 0;
    for (const index of [1, 0]) {
      await executeShard({
        ...{ dir, plan, stages, shard: { index, of: 2 } },
        lab: () => Promise.resolve({ lab, engine: info }),
        onProgress: (progress) => {
          if (progress.done === progress.total) done += progress.done;
        },
      });
    }
    expect(done).toBe(total);
    const [takes] = await forecast(stages, lab, { seconds: 0.01 });
    expect(takes).toMatchObject({ pairs: Math.max(rounds, controls) * limit, sequences: total });
    const reports: { done: number; total: number }[] = [];
    await runPlan(stages, lab, (progress) => void reports.push(progress));
    expect(reports.at(-1)).toEqual({ done: total, total });
  } finally {
    await engine.close();
  }
  const status = await induction<{ state: string; stages: object[]; secondsLeft: number }>([
    ...["status", dir],
  ]);
  expect(status).toMatchObject({ state: "measured", secondsLeft: 0 });
  expect(status.stages).toEqual([
    expect.objectContaining({ sequences: total, sequencesDone: total }),
  ]);
  // A folder named once more, by another path, counts once.
  await induction(["merge", dir, `${dir}/`, `${dir}/../${basename(dir)}`]);
  return dir;
}

describe("runs with unequal numbers of controls", () => {
  it("are counted, divided, merged, reported and compared: fewer, and more", async () => {
    const [fewer, more, equal] = [await divided(6, 4), await divided(3, 6), await divided(6, 6)];
    for (const [dir, n, words] of [
      [fewer, 4, "n = 6 induction sequences and 4 controls each"],
      [more, 3, "3 rounds (6 of controls), in each"],
    ] as const) {
      const { rows } = await summaryOf(dir);
      expect(rows).toHaveLength(limit);
      for (const { a } of rows) {
        expect(a.n).toBe(n);
        expect(Number.isFinite(a.mean) && a.se > 0).toBe(true);
      }
      const report = (await readFile(join(dir, "report.html"), "utf8")).replace(/\s/g, " ");
      expect(report).not.toContain("NaN");
      expect(report.includes(words)).toBe(true);
      await induction(["report", dir]);
    }
    for (const [x, y, pairs] of [
      [fewer, more, 3],
      [more, fewer, 3],
      [fewer, equal, 4],
      [fewer, fewer, 4],
    ] as const) {
      expect(JSON.stringify(await induction(["compare", x, y]))).not.toContain("NaN");
      const { powers } = await compareRuns(x, y, { q: 0.05 });
      expect(powers).toMatchObject({ pairing: "sequences", tokens: limit });
      // The same sequences, by the same model: what both measured is the same.
      expect(powers?.a.identical).toBe(limit);
      for (const { a } of powers?.rows ?? []) expect(a.pairs).toBe(pairs);
    }
  });
});
