/** A real run on a model with the vocabulary of the post's, against the post's published powers. */
import { expect, it } from "vitest";
import { writeRandomModel } from "../../bench/random-model.mjs";
import { induction, temporaryFolder } from "../support/cli.js";

const at = temporaryFolder();

it("a run on a random model is compared, named, and does not agree", async () => {
  const size = { nLayers: 2, nHeads: 2, dModel: 16, dHead: 8, nCtx: 32, dVocab: 48_262 };
  await writeRandomModel(at("random"), { size });
  const preset = ["run", "roger-2023", "--model", at("random"), "--limit", "3"];
  const flags = ["--a-id", "30", "--b-id", "31", "--quiet", "-o", at("run")];
  const ran = await induction([...preset, ...flags]);
  expect(ran.code, ran.stderr).toBe(0);
  const compare = ["compare", at("run"), "roger-2023", "--json", "--quiet"];
  const { code, stdout } = await induction(compare);
  expect(code).toBe(3);
  const { tokens, notes, a, b, disagreeing } = JSON.parse(stdout) as {
    readonly tokens: number;
    readonly notes: readonly string[];
    readonly a: { readonly run: { readonly mean: number } };
    readonly b: { readonly difference: { readonly mean: number } };
    readonly disagreeing: readonly { readonly token: number }[];
  };
  expect(tokens).toBe(3);
  expect(notes[0]).toMatch(/^the published powers are of attn-only-2l; this run is of .*random/);
  // Such a model has no induction: all that was published is missing.
  expect(Math.abs(a.run.mean)).toBeLessThan(1);
  expect(b.difference.mean).toBeLessThan(-1);
  expect(disagreeing).toHaveLength(6);
}, 240_000);
