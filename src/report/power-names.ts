import type { PowersSummary } from "../induction/summary.js";
import { formatCount, formatCounted } from "./numbers.js";

/** What the names of powers depend on. */
export type PowersKind = Pick<PowersSummary, "partners">;

/** `A power` or `B power`, called restricted where its partners were. */
export function powerName({ partners }: PowersKind, role: "a" | "b"): string {
  const name = role === "a" ? "A power" : "B power";
  return partners === "restricted" ? `restricted ${name}` : name;
}

/** {@link powerName} at the beginning of a sentence or as a heading. */
export function powerTitle(kind: PowersKind, role: "a" | "b"): string {
  const name = powerName(kind, role);
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** `powers`, called restricted where their partners were. */
export function powersName({ partners }: PowersKind): string {
  return partners === "restricted" ? "restricted powers" : "powers";
}

/** What restricted partners are, as a sentence after others; nothing where there are none. */
export function partnersNote({ partners }: PowersKind): string {
  if (partners === "all") return "";
  return (
    " Restricted: partners were drawn from the measured tokens only, which is another quantity than " +
    "the power over the whole vocabulary."
  );
}

/** What was measured of each token in each role: `32 sequence pairs`, or where they are not as many, of both. */
export function measuredWords({ sequences, controls }: PowersSummary): string {
  if (controls === undefined) return formatCounted(sequences, "sequence pair");
  return `${formatCounted(sequences, "induction sequence")} and ${formatCounted(controls, "control")}`;
}

/** How many rounds of controls there are, after the number of rounds; nothing where they are as many. */
export function controlsNote(controls: number | undefined): string {
  return controls === undefined ? "" : ` (${formatCount(controls)} of controls)`;
}

/** How often each token was measured, by design. */
export function perToken({ design, sequences, controls }: PowersSummary): string {
  if (design === "post") return `${formatCounted(sequences, "sequence pair")} per token and role`;
  return (
    `${formatCounted(sequences, "round")}${controlsNote(controls)}, in each of which every token is A once and B once; values ` +
    `are adjusted for the effects of the partners`
  );
}
