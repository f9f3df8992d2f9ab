import { describe, expect, it } from "vitest";
import { repository, run } from "../support/cli.js";

describe("loading a torch checkpoint of 208 MB", () => {
  it("takes little more memory than the tensors, and the model twice them", async () => {
    const { code, stdout, stderr } = await run(
      process.execPath,
      ["bench/load.mjs", "--json"],
      repository,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const { sizeMB, readGrowth, loadGrownMB } = JSON.parse(stdout) as Record<string, number>;
    expect(sizeMB).toBeGreaterThan(190);
    expect(readGrowth).toBeGreaterThan(0.9);
    expect(readGrowth).toBeLessThan(1.3);
    expect(loadGrownMB).toBeGreaterThan(300);
    expect(loadGrownMB).toBeLessThan(600);
  }, 300_000);
});
