import { configDefaults, defineConfig } from "vitest/config";

const full = process.env.LAB_FULL === "1";

export default defineConfig({
  test: {
    globalSetup: "scripts/test-setup.mjs",
    include: ["test/**/*.test.ts"],
    // The slow ones run by `npm run test:full`.
    exclude: [...configDefaults.exclude, ...(full ? [] : ["test/full/**"])],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers than that only make the engine threads wait for each other.
    maxWorkers: 2,
    reporters: process.env.CI
      ? ["default", ["json", { outputFile: "coverage/results.json" }]]
      : ["default"],
  },
});
