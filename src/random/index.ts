export { philox4x32 } from "./philox.js";
export { boundedWord, ItemStream, shuffle } from "./uniform.js";
