/** The colours of a figure; every value is a CSS colour. */
export interface Theme {
  /** Text and axes. */
  readonly ink: string;
  /** Secondary text; contrast with the paper at least 4.5 to 1. */
  readonly muted: string;
  /** Frames and guide lines. */
  readonly grid: string;
  /** The background, also drawn as a halo under text and arrows. */
  readonly paper: string;
  /** Whatever belongs to A, to B, to both and to neither. */
  readonly a: string;
  readonly b: string;
  readonly both: string;
  readonly neither: string;
  /** The arrow of the mean strength. */
  readonly accent: string;
  /** One hue for counts, from the fewest to the most. */
  readonly counts: readonly [string, string, string, string, string, string, string];
}

/** Colours on white, as plain values: for files that other programs open (LaTeX, Inkscape). */
export const paperTheme: Theme = {
  ink: "#1d1c1a",
  muted: "#5c5850",
  grid: "#d5d1c7",
  paper: "#ffffff",
  a: "#1b5fa6",
  b: "#b4500a",
  both: "#7a3b93",
  neither: "#1d1c1a",
  accent: "#b3201b",
  counts: ["#b5d8d2", "#8cc3bb", "#62aaa2", "#3f8f88", "#24746e", "#115852", "#053b37"],
};

/** The same roles on a dark page. */
export const darkTheme: Theme = {
  ink: "#e9e6df",
  muted: "#aaa59b",
  grid: "#414247",
  paper: "#17181b",
  a: "#82b4ee",
  b: "#f2a65e",
  both: "#cf9be6",
  neither: "#e9e6df",
  accent: "#ff8f82",
  counts: ["#2f5f5b", "#367271", "#418480", "#559f99", "#74bab2", "#9dd5cc", "#d3f3ec"],
};

/** `name, light value, dark value` of every colour, in a fixed order. */
function pairs(): readonly (readonly [string, string, string])[] {
  const { counts: light, ...one } = paperTheme;
  const { counts: dark, ...other } = darkTheme;
  const named = (Object.keys(one) as (keyof typeof one)[]).map(
    (key) => [key, one[key], other[key]] as const,
  );
  const counted = light.map((value, i) => [`count-${i + 1}`, value, dark[i] ?? value] as const);
  return [...named, ...counted];
}

const reference = (name: string, fallback: string): string => `var(--lab-${name}, ${fallback})`;

/**
 * Colours as CSS custom properties `--lab-…` with the light values as fallbacks: one SVG follows the
 * page around it (see {@link themeCss}) and still stands alone.
 */
export const pageTheme: Theme = {
  ink: reference("ink", paperTheme.ink),
  muted: reference("muted", paperTheme.muted),
  grid: reference("grid", paperTheme.grid),
  paper: reference("paper", paperTheme.paper),
  a: reference("a", paperTheme.a),
  b: reference("b", paperTheme.b),
  both: reference("both", paperTheme.both),
  neither: reference("neither", paperTheme.neither),
  accent: reference("accent", paperTheme.accent),
  counts: [
    reference("count-1", paperTheme.counts[0]),
    reference("count-2", paperTheme.counts[1]),
    reference("count-3", paperTheme.counts[2]),
    reference("count-4", paperTheme.counts[3]),
    reference("count-5", paperTheme.counts[4]),
    reference("count-6", paperTheme.counts[5]),
    reference("count-7", paperTheme.counts[6]),
  ],
};

/** The custom properties of {@link pageTheme} as a style sheet, for light and dark screens. */
export function themeCss(): string {
  const declare = (pick: 1 | 2) =>
    pairs()
      .map((pair) => `--lab-${pair[0]}:${pair[pick]}`)
      .join(";");
  return `:root{color-scheme:light dark;${declare(1)}}
@media screen and (prefers-color-scheme:dark){:root{${declare(2)}}}`;
}
