import type * as ResvgNamespace from "@resvg/resvg-js";

import { LabError } from "../errors.js";

/** How large a PNG is. */
export interface PngOptions {
  /** Pixels per unit of the SVG; 2 when absent: 920 pixels for a figure of one column. */
  readonly scale?: number;
}

async function loadResvg(): Promise<typeof ResvgNamespace> {
  try {
    return await import("@resvg/resvg-js");
  } catch (cause) {
    throw new LabError("png: expected the package @resvg/resvg-js, got none that loads here", {
      hint: "npm install @resvg/resvg-js, or use the SVG files in figures/",
      cause,
    });
  }
}

const font = { loadSystemFonts: true };
const oneLetter =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text y="9" font-family="system-ui, sans-serif">x</text></svg>';

/**
 * Draws an SVG figure as PNG (Node only, through the optional package `@resvg/resvg-js`).
 *
 * The pixels depend on the SVG, the scale, the version of resvg and the fonts of the machine: figures
 * ask for `system-ui, sans-serif`, and resvg takes for that the system's Arial or its substitute, such
 * as Liberation Sans. With the same fonts the bytes are the same. Without any font resvg would leave
 * out all words, so that is an error here.
 *
 * @throws LabError if the package does not load, or the machine has no font.
 */
export async function svgToPng(svg: string, options: PngOptions = {}): Promise<Uint8Array> {
  const { Resvg } = await loadResvg();
  if (new Resvg(oneLetter, { font }).getBBox() === undefined) {
    throw new LabError("png: expected a sans-serif font on this machine, got none", {
      hint: "install one (Debian: apt install fonts-liberation), or use the SVG files in figures/",
    });
  }
  const fitTo = { mode: "zoom", value: options.scale ?? 2 } as const;
  return new Resvg(svg, { fitTo, font }).render().asPng();
}

/** The PNG of each SVG among files, by path (`figures/strengths.png`); throws as {@link svgToPng}. */
export async function pngFiles(
  files: Readonly<Record<string, string>>,
  options: PngOptions = {},
): Promise<Record<string, Uint8Array>> {
  const images: Record<string, Uint8Array> = {};
  for (const [path, text] of Object.entries(files)) {
    if (!path.endsWith(".svg")) continue;
    images[path.replace(/\.svg$/, ".png")] = await svgToPng(text, options);
  }
  return images;
}
