import { join } from "node:path";
import type { Command } from "commander";
import type { ReportData } from "../report/index.js";
import { makeFolder, openFinishedRun, writeWhole } from "../runs/index.js";
import type { Io } from "./io.js";
import { jsonHead, jsonText } from "./output.js";

interface ReportOptions {
  readonly png?: boolean;
  readonly output?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Adds `induction report`. */
export function addReport(parent: Command, io: Io, command: string): void {
  parent
    .command("report")
    .description("draw the report and the figures of a finished run again")
    .argument("<run>", "the run's folder")
    .option("--png", "PNG files of the figures too")
    .option("-o, --output <dir>", "folder for the files (default: the run's)")
    .option("--json", "print one JSON object")
    .option("-q, --quiet", "nothing on stderr but errors")
    .option("--debug", "show the stack trace of an error")
    .action(async (dir: string, options: ReportOptions) => {
      const data = (await openFinishedRun(dir)).summary as ReportData;
      // Plot and a document take a third of a second to load: only where something is drawn.
      const { reportFiles } = await import("../report/index.js");
      const { createDocument } = await import("../report/node-document.js");
      const drawn = reportFiles(data, { document: createDocument() });
      const pngs =
        options.png === true ? await (await import("../report/png.js")).pngFiles(drawn) : {};
      const target = options.output ?? dir;
      const files: Record<string, string | Uint8Array> = { ...drawn, ...pngs };
      for (const [name, content] of Object.entries(files)) {
        await makeFolder(join(target, name, ".."));
        await writeWhole(join(target, name), content);
      }
      const report = join(target, "report.html");
      const figures = Object.keys(files).filter((name) => name !== "report.html");
      io.out(
        options.json === true
          ? jsonText({ ...jsonHead("report", command), report, figures })
          : `report: ${report}\n${figures.length} files of figures: ${join(target, "figures")}\n`,
      );
    });
}
