// Builds once, before any test: several of them run the built program, in several workers.
import { build } from "./build.mjs";

export function setup() {
  build();
}
