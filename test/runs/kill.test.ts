import { afterAll, beforeAll, it } from "vitest";
import { bundleChild, killSeries } from "./kill.js";

let child: Awaited<ReturnType<typeof bundleChild>>;
beforeAll(async () => {
  child = await bundleChild();
});
afterAll(() => child.remove());

it("ends as if left alone after SIGKILL at random moments", () => killSeries(child.file, 3));
