import { describe, expect, it } from "vitest";

import { escapeHtml, html, trustedHtml } from "../../src/report/html.js";
import {
  formatCount,
  formatCounted,
  formatEstimate,
  formatList,
  formatMeanSe,
  formatNumber,
  keepTogether,
} from "../../src/report/numbers.js";
import { csvToken, displayToken, shorten } from "../../src/report/token-text.js";

describe("displayToken", () => {
  it.each([
    [" Mar", "·Mar"],
    ["a b ", "a·b·"],
    ["\n\r\t", "\\n\\r\\t"],
    ["\u0015", "\\x15"],
    ["\u007f\u00a0\u00ad", "\\x7f\\xa0\\xad"],
    ["\u200b\u202e\u2028\ufeff", "\\u200b\\u202e\\u2028\\ufeff"],
    ["\ud800", "\\ud800"],
    ["\u{e0001}", "\\u{e0001}"],
    ["·", "\\xb7"],
    ["}+\\", "}+\\"],
    ["\\n", "\\\\n"],
    ["\u0301", "\u25cc\u0301"],
    ["\ufffd", "\ufffd"],
    ["日本é", "日本é"],
    ["<b>&\"'", "<b>&\"'"],
    ["", "(empty)"],
  ])("shows %j as %j", (text, shown) => {
    expect(displayToken(text, 7)).toBe(shown);
  });

  it("shows the id where there is no text", () => {
    expect(displayToken(null, 7)).toBe("#7");
  });

  it("keeps a line feed and a typed backslash-n apart", () => {
    expect(displayToken("\n", 1)).not.toBe(displayToken("\\n", 2));
  });

  it("cuts by characters, not by code units", () => {
    expect(shorten("🙂🙂🙂", 3)).toBe("🙂🙂🙂");
    expect(shorten("🙂🙂🙂🙂", 3)).toBe("🙂🙂…");
  });
});

describe("html", () => {
  it("escapes text and keeps markup", () => {
    const bold = html`<b title="${`"'`}">${"<&>"}</b>`;
    expect(bold.markup).toBe('<b title="&quot;&#39;">&lt;&amp;&gt;</b>');
    expect(html`${[bold, 1, trustedHtml("<i>")]}`.markup).toBe(`${bold.markup}1<i>`);
  });

  it("replaces what XML cannot hold", () => {
    expect(escapeHtml("a\u0000b\u0015c\ud800d\n")).toBe("a\ufffdb\ufffdc\ufffdd\n");
  });
});

describe("numbers", () => {
  it.each([
    [1234.5, 2, "1,234.50"],
    [1234567, 0, "1,234,567"],
    [-0.5, 2, "−0.50"],
    [-0.001, 2, "0.00"],
    [0, 0, "0"],
    [123, 0, "123"],
    [NaN, 2, "not finite"],
    [-Infinity, 2, "not finite"],
    [null, 2, "n too small"],
  ])("formats %s with %i digits as %s", (value, digits, text) => {
    expect(formatNumber(value, digits)).toBe(text);
  });

  it("shows as many decimals as the error needs", () => {
    expect(formatMeanSe(6.6543, 0.05)).toBe("6.65 ± 0.05");
    expect(formatMeanSe(6.6543, 0.0012)).toBe("6.654 ± 0.001");
    expect(formatMeanSe(6.65432, 0.00012)).toBe("6.6543 ± 0.0001");
    expect(formatMeanSe(2, 0, "nats")).toBe("2.00 ± 0.00 nats");
    expect(formatMeanSe(NaN, 0.1)).toBe("not finite");
  });

  it("says why there is no error or no mean", () => {
    expect(formatEstimate({ n: 1, mean: 3, se: null, sd: null }, "nats")).toBe(
      "3.00 nats (n too small for an SE)",
    );
    expect(formatEstimate({ n: 0, mean: NaN, se: null, sd: null })).toBe("no data");
  });

  it("counts nouns and joins words", () => {
    expect([formatCount(4096), formatCounted(1, "pair"), formatCounted(2, "pair")]).toEqual([
      "4,096",
      "1 pair",
      "2 pairs",
    ]);
    expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(formatList)).toEqual([
      "",
      "a",
      "a and b",
      "a, b and c",
    ]);
  });

  it("keeps a value, its error and its unit on one line", () => {
    expect(keepTogether("a 5.18 ± 0.06 nats (n = 4,096 pairs)")).toBe(
      "a 5.18\u00a0±\u00a00.06\u00a0nats (n\u00a0=\u00a04,096\u00a0pairs)",
    );
  });
});

describe("csvToken", () => {
  it("writes what some CSV readers refuse as escapes, and nothing else", () => {
    expect(csvToken("\0a\x15\x7f")).toBe("\\x00a\\x15\\x7f");
    expect(csvToken(' ius,"x"\t\n<é\\xd0')).toBe(' ius,"x"\t\n<é\\xd0');
  });
});
