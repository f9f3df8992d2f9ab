import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Engine, type Tensor, tensor } from "../../src/graph/index.js";
import {
  type DetectedKind,
  detectHead,
  detectHeads,
  detectionMasks,
  type DetectionOptions,
} from "../../src/lens/index.js";
import type { Model } from "../../src/model/index.js";
import type { SafetensorsFile } from "../../src/weights/index.js";
import { backends } from "../support/engines.js";
import { fixtureJson, fixtureModel, fixtureTensors, fixtures } from "../support/fixtures.js";
import { relativeError } from "../support/relative-error.js";

type Scores = Readonly<Record<string, readonly (readonly number[])[]>>;

/** What TransformerLens gives for a list of prompts: "mul" without exclusions, whatever was asked (D1). */
interface ListDefect {
  readonly sequences: readonly string[];
  readonly call: string;
  readonly tl_returns: number[][];
}

interface Golden {
  readonly sequences: Readonly<Record<string, number[]>>;
  readonly scores: Scores;
  readonly scores_unrounded_abs: Scores;
  readonly list_defect: ListDefect;
}

/** TransformerLens's score without its rounding of `abs` (D3). */
const expectedScores = ({ scores, scores_unrounded_abs: unrounded }: Golden, key: string) =>
  matrix((key.includes("/abs/") ? unrounded : scores)[key] as readonly (readonly number[])[]);

function matrix(rows: readonly (readonly number[])[]): Tensor<"float64"> {
  return tensor("float64", [rows.length, (rows[0] as readonly number[]).length], rows.flat());
}

/** seq/kind/measure/exclude_bos=0|1/exclude_current=0|1 */
function parseKey(key: string): {
  sequence: string;
  head: DetectedKind;
  options: DetectionOptions;
} {
  const [sequence, head, measure, bos, current] = key.split("/") as string[];
  const options = {
    measure: measure as "mul" | "abs",
    excludeBos: bos === "exclude_bos=1",
    excludeCurrentToken: current === "exclude_current=1",
  };
  return { sequence: sequence as string, head: head as DetectedKind, options };
}

describe.each(backends)("TransformerLens's head detector, $name", (backend) => {
  const { dtype, tolerance } = backend;
  let engine: Engine;
  beforeAll(() => {
    engine = backend.engine();
  });
  afterAll(() => engine.close());

  describe.each(fixtures)("%s", (fixture) => {
    let golden: Golden;
    let tensors: SafetensorsFile;
    let model: Model;
    beforeAll(async () => {
      const json = (await fixtureJson(`${fixture}/golden.json`)) as { head_detector: Golden };
      golden = json.head_detector;
      tensors = await fixtureTensors(`${fixture}/golden.safetensors`);
      model = await fixtureModel(fixture, engine, dtype, []);
    });

    /** [layer, head] of a run through the model. */
    async function detect(rows: number[][], head: DetectedKind, options: DetectionOptions) {
      const found = await detectHeads(model, rows, { head, ...options });
      const { nLayers, nHeads } = model.config;
      expect(found.map((one) => [one.layer, one.head])).toEqual(
        found.map((_, i) => [Math.floor(i / nHeads), i % nHeads]),
      );
      return tensor(
        "float64",
        [nLayers, nHeads],
        found.map(({ mean }) => mean),
      );
    }

    it("masks", () => {
      const names = { previous: "previous_token_head", duplicate: "duplicate_token_head" };
      const kinds = { ...names, induction: "induction_head" } as Record<string, DetectedKind>;
      for (const [sequence, tokens] of Object.entries(golden.sequences)) {
        for (const [name, kind] of Object.entries(kinds)) {
          const { shape, data } = detectionMasks[kind](tokens);
          const key = `detect/${sequence}/mask_${name}`;
          const expected = tensors.tensor(key) as Tensor<"int32">;
          expect(shape).toEqual(expected.shape);
          expect([...data], key).toEqual([...expected.data]);
        }
      }
    });

    it("every kind, measure and exclusion, through the model", async () => {
      const keys = Object.keys(golden.scores);
      expect(keys.length).toBe(72);
      for (const key of keys) {
        const { sequence, head, options } = parseKey(key);
        const scores = await detect([golden.sequences[sequence]!], head, options);
        expect(relativeError(scores, expectedScores(golden, key)), key).toBeLessThan(tolerance);
      }
    });

    it("the same of stored patterns, which stay as they are (D2)", () => {
      const names = [...tensors.entries.keys()].filter((key) => key.endsWith("hook_pattern"));
      const patterns = names
        .filter((key) => key.startsWith("detect/rep2x10/"))
        .map((key) => tensors.float(key));
      expect(patterns.length).toBe(model.config.nLayers);
      const before = patterns.map(({ data }) => data.slice());
      for (const key of Object.keys(golden.scores)) {
        const { sequence, head, options } = parseKey(key);
        if (sequence !== "rep2x10") continue;
        const mask = detectionMasks[head](golden.sequences[sequence] as number[]);
        const scores = detectHead(patterns, mask, options);
        expect(relativeError(scores, expectedScores(golden, key)), key).toBeLessThan(2e-7);
      }
      expect(patterns.map(({ data }) => data)).toEqual(before);
    });

    it("a list has the options that were asked for, and gives the mean of its items (D1)", async () => {
      const { sequences, call, tl_returns: upstream } = golden.list_defect;
      expect(call).toBe(
        "exclude_bos=True, exclude_current_token=True, error_measure='abs', head induction_head",
      );
      const rows = sequences.map((name) => golden.sequences[name] as number[]);
      const options = { measure: "abs", excludeBos: true, excludeCurrentToken: true } as const;
      const scores = await detect(rows, "induction_head", options);
      const singles = sequences.map(
        (name) =>
          expectedScores(golden, `${name}/induction_head/abs/exclude_bos=1/exclude_current=1`).data,
      );
      const means = scores.data.map(
        (_, i) => singles.reduce((sum, one) => sum + one[i]!, 0) / singles.length,
      );
      expect(relativeError(scores, tensor("float64", scores.shape, means))).toBeLessThan(tolerance);
      expect(relativeError(scores, matrix(upstream))).toBeGreaterThan(0.1);
    });

    it("the heads that the fixture was built with", async () => {
      const { nLayers, nHeads } = model.config;
      const built: { head: DetectedKind; at: number }[] = [
        { head: "previous_token_head", at: 0 },
        ...(nHeads > 2 ? [{ head: "duplicate_token_head", at: 2 } as const] : []),
        ...(nLayers > 1 ? [{ head: "induction_head", at: nHeads + 1 } as const] : []),
      ];
      for (const { head, at } of built) {
        const options = { excludeBos: true, excludeCurrentToken: true };
        const { data } = await detect([golden.sequences.rep2x10!], head, options);
        expect(data.indexOf(Math.max(...data)), head).toBe(at);
      }
    });
  });
});
