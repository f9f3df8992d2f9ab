/** A run of the fake experiment in a process of its own, to be killed: `node child.mjs FOLDER`. */
import { executeFake, fakeRun } from "./fake.js";

process.stdout.write("ready\n");
await executeFake(fakeRun(process.argv[2] ?? ""));
