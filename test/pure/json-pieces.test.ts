import { describe, expect, it } from "vitest";
import { jsonPieces, jsonText } from "../../src/cli/output.js";

const texts = [" Mar", 'a"b\\', "line\nbreak\u2028", "日本", "😀", "\ud83d", "\0", null];
const rowsOf = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    token: i,
    text: texts[i % texts.length],
    a: { n: 32, mean: i / 3 - 9, se: i % 5 === 0 ? null : 1e-9 * i },
    left: undefined,
    lists: [[], {}, [i, [i]]],
  }));

describe("jsonPieces", () => {
  it.each<[string, object]>([
    ["nothing", {}],
    ["a list", [1, "two", null]],
    ["an empty list", []],
    ["a long list", rowsOf(1000)],
    ["rows deep inside", { head: 1, a: { b: { rows: rowsOf(700), after: [] } }, last: "x" }],
    ["lists of long lists", { lists: [rowsOf(200), rowsOf(300)] }],
    ["a long list of what JSON cannot hold", { odd: new Array(300).fill([undefined, NaN]) }],
    [
      "members that JSON leaves out or writes its own way",
      {
        none: undefined,
        call: () => 1,
        inner: { none: undefined },
        date: new Date(0),
        numbers: Float64Array.of(1, NaN, -0),
        [`key "${texts.join("")}"`]: { toJSON: () => undefined },
        end: new Map([[1, 2]]),
      },
    ],
  ])("are together the text of %s", (_, value) => {
    expect([...jsonPieces(value)].join("")).toBe(jsonText(value));
  });

  it("are many of many rows", () => {
    const lengths = [...jsonPieces({ rows: rowsOf(10_000) })].map(({ length }) => length);
    expect(lengths.length).toBeGreaterThan(20);
    expect(Math.max(...lengths)).toBeLessThan(200_000);
  });

  it("can each be encoded alone", () => {
    const value = { rows: rowsOf(5000) };
    const encoder = new TextEncoder();
    const bytes = [...jsonPieces(value)].map((piece) => Buffer.from(encoder.encode(piece)));
    expect(Buffer.concat(bytes).equals(Buffer.from(jsonText(value)))).toBe(true);
  });
});
