import { expect, it } from "vitest";
import { afterRedrawn } from "../../src/cli/io.js";
import { progressLine } from "../../src/cli/progress.js";

/** What stderr has after reports `[seconds, done]` of 100 sequences, and what else is written between them. */
function shown(interactive: boolean, steps: readonly (readonly [number, number] | string)[]) {
  let text = "";
  let time = 0;
  const err = afterRedrawn((more) => (text += more));
  const line = progressLine({ out: () => {}, err, interactive, now: () => time }, "run");
  for (const step of steps) {
    if (typeof step === "string") {
      err(step);
      continue;
    }
    time = 1000 * step[0];
    line({ done: step[1], total: 100 });
  }
  return text.replaceAll("\r\u001b[2K", "<");
}

it("a line that is redrawn ends before anything else begins", () => {
  expect(
    shown(true, ["note: a\n", [0, 0], [1, 10], "note: b\n", "note: c\n", [2, 20], "\nstopping\n"]),
  ).toBe(
    "note: a\n<run: 0 of 100 sequences<run: 10 of 100 sequences · 10/s · 9 s left\nnote: b\nnote: c\n" +
      "<run: 20 of 100 sequences · 10/s · 8 s left\nstopping\n",
  );
  expect(shown(true, [[0, 50], [1, 100], "interrupted\n"])).toBe(
    "<run: 50 of 100 sequences<run: 100 of 100 sequences · 50/s · 1 s\ninterrupted\n",
  );
  expect(shown(true, [[0, 50], "interrupted\n"])).toBe("<run: 50 of 100 sequences\ninterrupted\n");
});

it("elsewhere there is a line every 30 seconds, and one at the end", () => {
  expect(
    shown(false, [
      [0, 0],
      [10, 10],
      [31, 31],
      [40, 40],
      [100, 100],
    ]),
  ).toBe(
    "run: 31 of 100 sequences · 1/s · 1 min 9 s left\nrun: 100 of 100 sequences · 1/s · 1 min 40 s\n",
  );
});
