import { describe, expect, it, vi } from "vitest";

import { LabError } from "../../src/errors.js";
import { reportFiles } from "../../src/report/index.js";
import { createDocument } from "../../src/report/node-document.js";
import { pngFiles, svgToPng } from "../../src/report/png.js";
import { smallRun } from "./gallery-cases.js";

const installed = await import("@resvg/resvg-js").then(
  () => true,
  () => {
    console.warn("skipped: PNG tests need the optional package @resvg/resvg-js");
    return false;
  },
);

/** Width and height of a PNG, pixels: big-endian in its first chunk. */
function sizeOf(png: Uint8Array): [number, number] {
  const view = new DataView(png.buffer, png.byteOffset);
  return [view.getUint32(16), view.getUint32(20)];
}

describe.skipIf(!installed)("svgToPng", () => {
  const files = reportFiles(smallRun(), { document: createDocument() });
  const svg = files["figures/neighbours-ladder.svg"] ?? "";

  it("draws at twice the size of the SVG, or at the scale asked for", async () => {
    const png = await svgToPng(svg);
    expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
    expect(sizeOf(png)).toEqual([920, 736]);
    expect(sizeOf(await svgToPng(svg, { scale: 1 }))).toEqual([460, 368]);
  });

  it("draws the words: without them the image is another", async () => {
    const silent = svg.replaceAll(/<text[^>]*>[^<]*<\/text>/g, "");
    expect(Buffer.compare(await svgToPng(svg), await svgToPng(silent))).not.toBe(0);
  });

  it("makes one PNG of every SVG file, the same bytes each time", async () => {
    const images = await pngFiles(files);
    expect(Object.keys(images)).toEqual(
      Object.keys(files)
        .filter((path) => path.endsWith(".svg"))
        .map((path) => path.replace(".svg", ".png")),
    );
    expect(await pngFiles(files)).toEqual(images);
  });
});

describe("without the package", () => {
  it("says what is missing and the way out", async () => {
    vi.doMock("@resvg/resvg-js", () => {
      throw new Error("Cannot find module");
    });
    try {
      const error = await svgToPng("<svg/>").then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(LabError);
      expect((error as LabError).message).toMatch(/^png: expected .*@resvg\/resvg-js, got none/);
      expect((error as LabError).hint).toContain("npm install @resvg/resvg-js");
    } finally {
      vi.doUnmock("@resvg/resvg-js");
    }
  });
});
