import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { LabError } from "../../src/errors.js";
import { sizeOf } from "../../src/graph/index.js";
import { type ModelConfig, parameterShapes } from "../../src/model/index.js";
import {
  type Architecture,
  findKnownModel,
  findRefusedModel,
  float32Bytes,
  knownModels,
  nearestKnownModels,
  parameterCount,
  refusedModels,
} from "../../src/weights/index.js";
import { embeddedFolder, resolveModel } from "../../src/weights/node.js";

const named = knownModels.map((model) => [model.name, model] as const);

function configOf(a: Architecture): ModelConfig {
  return {
    nLayers: a.layers,
    nHeads: a.heads,
    dModel: a.dModel,
    dHead: a.dHead,
    nCtx: a.nCtx,
    dVocab: a.dVocab,
    mlp: a.dMlp === null || a.actFn === null ? null : { dMlp: a.dMlp, activation: a.actFn },
    parallel: a.parallel,
    normalization: a.normalization,
    positions: a.positions,
    rotary: null,
    eps: 1e-5,
  };
}

describe("the registry", () => {
  it("holds every model once, the one of the package first", () => {
    const names = knownModels.flatMap(({ name, aliases, repo }) => [name, ...aliases, repo]);
    expect(new Set(names).size).toBe(names.length);
    expect(knownModels[0]?.repo).toBeNull();
    expect(knownModels.filter(({ repo }) => repo === null)).toHaveLength(1);
    expect(knownModels).toHaveLength(33);
  });

  it.each(named)("%s: sizes fit together, and no id is drawn beyond the vocabulary", (_, model) => {
    const { architecture: a, lowestId, highestId, powersRange, bos } = model;
    expect(a.heads * a.dHead).toBe(a.dModel);
    expect(a.dMlp === null).toBe(a.actFn === null);
    expect(highestId).toBeLessThan(a.dVocab);
    expect(powersRange.from).toBe(lowestId);
    expect(powersRange.to).toBeLessThanOrEqual(highestId);
    if (bos.id !== null) expect(bos.id < lowestId || bos.id > highestId).toBe(true);
  });

  it.each(named)("%s: counts the weights that the model layer asks for", (_, model) => {
    const { architecture: a } = model;
    const shapes = [...parameterShapes(configOf(a)).values()];
    const held = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
    expect(float32Bytes(a)).toBe(4 * held);
    const unembed = { biased: 0, unbiased: a.dVocab, tied: a.dVocab * (a.dModel + 1) };
    expect(parameterCount(a)).toBe(held - unembed[a.unembedding]);
  });

  it.each([
    // As published: the post's model by its files, GPT-2 and Pythia by their model cards.
    ["attn-only-2l", 52_097_158],
    ["gpt2", 124_439_808],
    ["gpt2-medium", 354_823_168],
    ["gpt2-xl", 1_557_611_200],
    ["distilgpt2", 81_912_576],
    ["pythia-70m", 70_426_624],
    ["pythia-410m", 405_334_016],
    ["pythia-1.4b", 1_414_647_808],
  ])("%s has %i parameters", (name, count) => {
    expect(parameterCount(findKnownModel(name)!.architecture)).toBe(count);
  });

  it.each([
    ["gpt2-small", "gpt2"],
    ["attn-only-demo", "attn-only-2l-demo"],
    ["NeelNanda/Attn_Only_2L512W_C4_Code", "attn-only-2l"],
    ["NeelNanda/SoLU_12L1536W_C4_Code", "solu-12l"],
    ["solu-4l-wiki-finetune", "solu-4l-wiki"],
    ["pythia-19m", "pythia-70m"],
  ])("knows %s as %s", (name, known) => {
    expect(findKnownModel(name)?.name).toBe(known);
  });

  it("draws what the post drew, and from no padding", () => {
    const ids = (name: string) => {
      const { lowestId, highestId, bos, powersRange } = findKnownModel(name)!;
      return [bos.id, lowestId, highestId, powersRange.to];
    };
    expect(ids("attn-only-2l")).toEqual([1, 4, 48_261, 10_003]);
    expect(ids("attn-only-2l-demo")).toEqual([0, 2, 50_276, 10_001]);
    expect(ids("gpt2-xl")).toEqual([50_256, 0, 50_255, 9999]);
    expect(ids("pythia-14m")).toEqual([0, 2, 50_276, 10_001]);
    expect(findKnownModel("attn-only-2l")!.substitutes).toBeUndefined();
  });

  it("finds the nearest names, other names included", () => {
    expect(nearestKnownModels("pythia-70")[0]).toBe("pythia-70m");
    expect(nearestKnownModels("attn-only-dmo")[0]).toBe("attn-only-demo");
    expect(nearestKnownModels("zzzzzzzz")).toEqual([]);
  });
});

describe("models that are refused", () => {
  it("are the first SoLU series, by every name, and no known one", () => {
    const names = refusedModels.flatMap((model) => model.names);
    expect(names).toHaveLength(21);
    for (const name of names) expect(findKnownModel(name)).toBeNull();
    expect(findRefusedModel("NeelNanda/SoLU_4L_v11_old")?.instead).toBe("solu-4l");
    expect(findRefusedModel("solu-4l")).toBeNull();
    for (const { instead } of refusedModels) expect(findKnownModel(instead)).not.toBeNull();
  });
});

function errorOf(name: string): LabError {
  try {
    resolveModel(name);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

describe("resolveModel", () => {
  it("takes a known name, a repository, and a folder", () => {
    const known = resolveModel("gpt2-small");
    expect(known).toMatchObject({ name: "gpt2", repo: "openai-community/gpt2", folder: null });
    const folder = embeddedFolder("attn-only-2l-mini");
    expect(resolveModel("attn-only-2l-mini")).toMatchObject({ folder, repo: null });
    expect(resolveModel("someone/some-model")).toEqual({
      name: "someone/some-model",
      known: null,
      folder: null,
      repo: "someone/some-model",
    });
    const fixture = "test/fixtures/a-attn-only-ln";
    expect(resolveModel(fixture)).toMatchObject({ name: "a-attn-only-ln", folder: fixture });
    expect(resolveModel(resolve(fixture))).toMatchObject({ repo: null });
    // A folder that is there wins over owner/name.
    expect(resolveModel("test/fixtures")).toMatchObject({ folder: "test/fixtures", repo: null });
  });

  it.each(["solu-1l-pile", "solu-12l-old", "NeelNanda/SoLU_6L_v13_old"])(
    "refuses %s with the reason",
    (name) => {
      const error = errorOf(name);
      expect(error.exitCode).toBe(2);
      expect(error.message).toContain(name);
      expect(error.message).toContain("another tokenizer, RMS final norms");
      expect(error.hint).toMatch(/^take solu-\d+l$/);
    },
  );

  it("names what is near to a wrong name", () => {
    const error = errorOf("atn-only-2l-mini");
    expect(error.exitCode).toBe(2);
    expect(error.message).toBe(
      'unknown model "atn-only-2l-mini": expected a known name, a folder or owner/name, got none of them',
    );
    expect(error.hint).toMatch(
      /^nearest names: attn-only-2l-mini, .*; a folder needs config\.json/,
    );
    expect(errorOf("zzzzzzzz").hint).toMatch(/^known names: attn-only-2l-mini, .*models ls/);
  });

  it.each(["./zzz", "../zzz/x", "/zzz/x", "~/zzz", "", ".", "package.json/x/y", "a/b/c", "a//b"])(
    "takes %j for no repository",
    (name) => {
      if (name === ".") expect(resolveModel(name).repo).toBeNull();
      else expect(errorOf(name).exitCode).toBe(2);
    },
  );

  it("refuses a repository that cannot be one", () => {
    expect(errorOf("own er/name").message).toMatch(/expected owner\/name/);
    expect(errorOf("owner/na--me").exitCode).toBe(2);
  });
});
