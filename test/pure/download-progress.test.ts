import { expect, test } from "vitest";
import { formatBytes } from "../../src/cli/bytes.js";
import { downloadLine } from "../../src/cli/download-progress.js";

/** What a line shows of reports `[ms, file, received of it, total of it, bytes before it]`. */
function shown(
  reports: readonly (readonly [number, string, number, number, number])[],
  interactive = false,
  allTotal = 1000,
): string {
  let text = "";
  let time = 0;
  const io = { out: () => {}, err: (more: string) => (text += more), interactive, now: () => time };
  const line = downloadLine(io);
  for (const [at, file, received, total, before] of reports) {
    time = at;
    line({ file, received, total, allReceived: before + received, allTotal });
  }
  return text;
}

test("bytes in decimal units", () => {
  const sizes = [0, 999, 1000, 208_388_632, 5.25e9, 2e16];
  const texts = ["0 bytes", "999 bytes", "1.0 kB", "208.4 MB", "5.3 GB", "20000.0 TB"];
  expect(sizes.map(formatBytes)).toEqual(texts);
});

test("what is cached is no download", () => {
  expect(
    shown([
      [0, "a", 400, 400, 0],
      [1, "b", 600, 600, 400],
    ]),
  ).toBe("");
});

test("the rate counts what came over the network alone", () => {
  const reports = [
    [0, "a", 400, 400, 0],
    [0, "b", 100, 600, 400],
    [1000, "b", 300, 600, 400],
    [31_000, "b", 410, 600, 400],
    [50_000, "b", 600, 600, 400],
  ] as const;
  expect(shown(reports)).toBe(
    "downloading b: 810 bytes of 1.0 kB · 10 bytes/s · 19 s left\n" +
      "downloading b: 1.0 kB of 1.0 kB · 10 bytes/s · 50 s\n",
  );
});

test("a terminal has one line, redrawn ten times a second and ended once", () => {
  const reports = [
    [0, "a", 0, 1000, 0],
    [50, "a", 100, 1000, 0],
    [100, "a", 200, 1000, 0],
    [150, "a", 300, 1000, 0],
    [250, "a", 1000, 1000, 0],
  ] as const;
  const text = shown(reports, true);
  expect(text.split("\r")).toHaveLength(3);
  expect(text.match(/\n/g)).toHaveLength(1);
  expect(text.endsWith("1.0 kB of 1.0 kB · 4.0 kB/s · 0 s\n")).toBe(true);
});
