import { parseHTML } from "linkedom";

/** A document for figures where there is no browser: an empty page of linkedom. */
export function createDocument(): Document {
  return parseHTML("<!doctype html><html><head></head><body></body></html>").document;
}
