import { afterAll, beforeAll, describe, it } from "vitest";
import { bundleChild, killSeries } from "../runs/kill.js";

// `npm run test:full` sets it; the short series is in test/runs.
describe.skipIf(process.env.LAB_FULL !== "1")("a run", () => {
  let child: Awaited<ReturnType<typeof bundleChild>>;
  beforeAll(async () => {
    child = await bundleChild();
  });
  afterAll(() => child.remove());

  it("ends as if left alone after SIGKILL at 20 random moments, each time twice", () =>
    killSeries(child.file, 20));
});
