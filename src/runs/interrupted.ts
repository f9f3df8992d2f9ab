import { LabError } from "../errors.js";

/** A run was asked to stop: what it measured is kept, and the same command goes on (exit code 75). */
export class Interrupted extends LabError {
  /** @param of What of the run was stopped, where it was not all of it. */
  constructor(kept: number, parts: number, of?: string) {
    super(`interrupted: ${of === undefined ? "" : `${of}, `}${kept} of ${parts} parts are kept`, {
      hint: "run the same command to go on",
      exitCode: 75,
    });
    this.name = "Interrupted";
  }
}
