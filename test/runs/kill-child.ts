/** A run of the fake experiment in a process of its own, to be killed: `node child.mjs FOLDER`. */
import { executeRun } from "../../src/runs/index.js";
import { fakeRun } from "./fake.js";

process.stdout.write("ready\n");
await executeRun(fakeRun(process.argv[2] ?? ""));
