import { csvParse } from "d3-dsv";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";

import { csvText, type DataTable, foldedTable } from "../../src/report/data-table.js";
import { dataUrl } from "../../src/report/data-url.js";
import { displayToken } from "../../src/report/token-text.js";

const texts = [" Mar", 'a"b', "x,y", "line\nbreak", "\r", "<b>&amp;", "#1 %41", "日本", "NA", ""];
const table: DataTable = {
  caption: "Tokens & <numbers>",
  columns: [
    { name: "text", label: "token", show: (text) => displayToken(text, 0) },
    { name: "value", label: "value (nats)" },
  ],
  rows: texts.map((text, i) => [text, i - 3 + 1 / 3]),
};

describe("csvText", () => {
  it("can be read back, whatever the tokens hold", () => {
    const rows = csvParse(csvText(table));
    expect(rows.columns).toEqual(["text", "value"]);
    expect(rows.map(({ text }) => text)).toEqual(texts);
    rows.forEach(({ value }, i) => expect(Number(value)).toBeCloseTo(i - 3 + 1 / 3, 6));
  });

  it.each([
    [-2.6666666666, "-2.666667"],
    [-0, "0"],
    [8189, "8189"],
    [1e-9, "1e-9"],
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, ""],
    [null, ""],
  ])("writes %s as %j", (value, text) => {
    const one = { ...table, columns: [{ name: "v", label: "v" }], rows: [["x"], [value]] };
    expect(csvText(one)).toBe(`v\nx\n${text}\n`);
  });
});

describe("foldedTable", () => {
  const page = (data: DataTable) => parseHTML(`<body>${foldedTable(data)}</body>`).document;

  it("shows the numbers of the CSV file with a true minus sign", () => {
    const cells = [...page(table).querySelectorAll("td")].map((cell) => cell.textContent);
    const csv = csvParse(csvText(table)).map(({ value }) => value);
    expect(cells.map((cell) => cell?.replace("−", "-"))).toEqual(csv);
    expect(cells[0]).toBe("−2.666667");
  });

  it("escapes texts and shows what cannot be seen", () => {
    const html = foldedTable(table).markup;
    expect(html).toContain("&lt;b&gt;&amp;amp;");
    expect(html).not.toContain("<b>");
    const heads = [...page(table).querySelectorAll("tbody th")].map((cell) => cell.textContent);
    expect(heads.slice(0, 5)).toEqual(["·Mar", 'a"b', "x,y", "line\\nbreak", "\\r"]);
  });

  it("says so where a number cannot be known", () => {
    const rows = [
      ["x", null],
      ["y", NaN],
      ["z", -Infinity],
    ];
    const cells = [...page({ ...table, rows }).querySelectorAll("td")].map((td) => td.textContent);
    expect(cells).toEqual(["n too small", "n too small", "−∞"]);
  });
});

describe("dataUrl", () => {
  it("gives back the text, percent signs and hashes included", () => {
    const text = csvText(table);
    const url = dataUrl("text/csv", text);
    expect(url).toMatch(/^data:text\/csv;charset=utf-8,[\x21-\x7e]*$/);
    expect(url).not.toMatch(/["<> #]/);
    expect(decodeURIComponent(url.slice(url.indexOf(",") + 1))).toBe(text);
  });

  it("does not stumble over a lone surrogate", () => {
    expect(decodeURIComponent(dataUrl("text/csv", "a\ud800b").split(",")[1] ?? "")).toBe(
      "a\ufffdb",
    );
  });
});
