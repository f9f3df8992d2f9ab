import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers than that only make the engine threads wait for each other.
    maxWorkers: 2,
    reporters: process.env.CI
      ? ["default", ["json", { outputFile: "coverage/results.json" }]]
      : ["default"],
  },
});
