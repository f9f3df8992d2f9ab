import { mkdirSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { modelFolder, refusal, temporaryFolder } from "../support/cli.js";

const at = temporaryFolder();
const tiny = modelFolder(at("tiny"));
const strength = ["strength", "--a-id", "5", "--b-id", "6"];

describe("wrong usage is refused by one line and exit code 2", () => {
  it.each<[string, string[], RegExp]>([
    ["an unknown command", ["nonsense"], /unknown command 'nonsense'.*induction --help/],
    ["a misspelt command", ["strenght"], /unknown command 'strenght'.*Did you mean strength\?/],
    ["a misspelt subcommand", ["models", "lss"], /unknown command 'lss'.*Did you mean ls\?/],
    ["a misspelt option", [...strength, "--sed", "1"], /unknown option '--sed'.*--seed\?/],
    [
      "an unknown option",
      [...strength, "--nonsense"],
      /unknown option '--nonsense'.*induction strength --help/,
    ],
    ["an argument too many", ["run", "quick", "fast"], /Expected 1 argument but got 2/],
    ["an empty folder", ["run", "sweep", "-o", ""], /--output <dir>' .*Expected a folder, got ""/],
    [
      "an unknown preset",
      ["run", "quik"],
      /\(quick, roger-2023, sweep\), got "quik".*mean "quick"\?/,
    ],
    [
      "a preset like no other",
      ["run", "x"],
      /\(quick, roger-2023, sweep\), got "x".*induction run --help/,
    ],
    [
      "a misspelt model",
      [...strength, "--model", "atn-only-2l-mini"],
      /unknown model "atn-only-2l-mini".*nearest names: attn-only-2l-mini/,
    ],
    [
      "an unknown model",
      [...strength, "--model", "zzz"],
      /unknown model "zzz".*known names: attn-only-2l-mini.*config\.json/,
    ],
    ["an option without its value", ["strength", "--a"], /'--a <text>'.*induction strength --help/],
    [
      "both forms of A",
      [...strength, "--a", "x"],
      /'--a-id <id>' cannot be used with.*'--a <text>'/,
    ],
    [
      "a pair beside a file of pairs",
      [...strength, "--pairs", "x.csv"],
      /'--pairs <file.csv>' cannot be used with/,
    ],
    ["a range beside ids", ["powers", "--range", "3:4", "--token-ids", "5"], /cannot be used with/],
    ["zero sequences", [...strength, "-n", "0"], /'-n.*whole number from 1 to \d+, got "0"/],
    ["a count that is no number", [...strength, "-n", "abc"], /'-n.*whole number.*got "abc"/],
    ["a fraction of a sequence", [...strength, "-n", "1.5"], /'-n.*whole number.*got "1\.5"/],
    [
      "more sequences than fit",
      [...strength, "-n", "1e15".replace("e15", "0".repeat(15))],
      /got "10{15}"/,
    ],
    ["a negative seed", [...strength, "--seed", "-1"], /'--seed.*from 0 to 4294967295, got "-1"/],
    ["a seed of 33 bits", [...strength, "--seed", "4294967296"], /'--seed.*0 to 4294967295, got/],
    ["one gap", [...strength, "--gaps", "1"], /'--gaps.*two whole numbers N,N, got "1"/],
    ["a negative gap", [...strength, "--gaps=-1,3"], /'--gaps.*two whole numbers N,N, got "-1,3"/],
    ["a range backwards", ["powers", "--range", "10:5"], /'--range.*FROM <= TO, got "10:5"/],
    ["a range of words", ["powers", "--range", "a:b"], /'--range.*FROM:TO with ids.*got "a:b"/],
    ["ids with a gap", ["powers", "--token-ids", "3,,4"], /'--token-ids.*commas, got "3,,4"/],
    ["a limit of none", ["powers", "--limit", "0"], /'--limit.*whole number from 1, got "0"/],
    [
      "an unknown control",
      [...strength, "--control", "nonsense"],
      /'nonsense' is invalid.*shuffle, replace-a, replace-b/,
    ],
    ["unknown fillers", [...strength, "--fillers", "all"], /'all' is invalid.*any, avoid-ab/],
    ["maybe", [...strength, "--allow-a-equals-b", "maybe"], /yes or no, got "maybe"/],
    ["an unknown backend", [...strength, "--backend", "gpu"], /'gpu' is invalid.*auto, cpu, wasm/],
    ["a batch of none", [...strength, "--batch", "0"], /'--batch.*whole number from 1.*got "0"/],
    ["100,000 threads", [...strength, "--threads", "100000"], /'--threads.*from 1 to 256, got/],
    [
      "float64 on the WASM build",
      [...strength, "--dtype", "float64", "--backend", "wasm"],
      /--dtype float64: expected the cpu backend, got wasm: leave --backend out/,
    ],
    [
      "sequences without a file",
      ["sequences", ...strength],
      /'-o, --output <file>' not spec.*--help/,
    ],
    [
      "sequences into a file of another kind",
      ["sequences", ...strength, "-o", "pairs.txt"],
      /-o: expected a file name that ends in \.json or \.csv, got pairs\.txt/,
    ],
  ])("%s", async (_, args, message) => {
    const { code, line } = await refusal(args);
    expect(line).toMatch(message);
    expect(code).toBe(2);
  });

  it.each<[string, string[], RegExp]>([
    ["no B", ["strength", "--a-id", "5"], /both tokens of the pair, got no B: give --a and --b/],
    ["no pair", ["strength"], /both tokens of the pair, got no A: give --a and --b/],
    [
      "an id beyond the vocabulary",
      ["strength", "--a-id", "5", "--b-id", "101"],
      /--b-id: expected an id from 0 to 100, got 101.*tiny has 101 tokens/,
    ],
    ["a listed id beyond it", ["powers", "--token-ids", "5,101"], /--token-ids.*0 to 100, got 101/],
    ["a range beyond it", ["powers", "--range", "90:101"], /--range: .*0 to 100, got 101/],
    [
      "a lowest id beyond it",
      [...strength, "--lowest-id", "101"],
      /lowest id: .*0 to 100, got 101/,
    ],
    [
      "too few ids for what is to differ",
      [...strength, "--lowest-id", "99", "--fillers", "avoid-ab"],
      /at least three ids to draw from, got 2: lower it/,
    ],
    [
      "gaps longer than the context",
      [...strength, "--gaps", "20,20"],
      /gaps: expected sequences of at most 32 tokens, got 44: make the gaps shorter/,
    ],
    [
      "text for a model without tokenizer",
      ["strength", "--a", " Mar", "--b-id", "6"],
      /--a: expected a model with a tokenizer, got tiny, which has none: give --a-id/,
    ],
    [
      "texts for a model without tokenizer",
      ["powers", "--tokens", " Mar"],
      /--tokens: expected a model with a tokenizer, got tiny, which has none: give --token-ids/,
    ],
    [
      "the post's pair for a model without tokenizer",
      ["scenarios"],
      /the post's " Fab" to be one token of tiny, got no tokenizer: choose A with --a-id/,
    ],
    [
      "a file of pairs that is not there",
      ["strength", "--pairs", "no-such-file.csv"],
      /--pairs: expected a file that can be read, got no-such-file\.csv \(ENOENT\)/,
    ],
  ])("for a model: %s", async (_, args, message) => {
    const { code, line } = await refusal([...args, "--model", await tiny]);
    expect(line).toMatch(message);
    expect(code).toBe(2);
  });

  it.each<[string, string, RegExp]>([
    [
      "text of several tokens lists them",
      " Marius",
      /' Marius' is 2 tokens \(' Mar' 1850, 'ius' 1829\), expected one/,
    ],
    ["text that no vocabulary holds whole", "蛇", /'蛇' is 3 tokens \('\\xe8' \d+.*give the id/],
    ["text with a line break stays in one line", "a\nb", /'a\\nb' is 3 tokens.*'\\n'/],
    ["no text at all", "", /expected the text of one token, got ''/],
  ])("%s", async (_, text, message) => {
    const { code, line } = await refusal(["strength", "--a", text, "--b", "ius"]);
    expect(line).toMatch(message);
    expect(code).toBe(2);
  });
});

describe("a place that cannot be written to is refused by one line and exit code 1", () => {
  writeFileSync(at("regular"), "precious");
  mkdirSync(at("folder.json"));

  it.each<[string, string, string]>([
    ["a folder that does not exist", at("nowhere", "x.json"), "ENOENT"],
    ["a path below a regular file", at("regular", "x.csv"), "ENOTDIR"],
    ["a folder in the file's place", at("folder.json"), "EISDIR"],
  ])("sequences: %s", async (_, path, reason) => {
    const args = ["sequences", ...strength, "-n", "2", "-o", path, "--model", await tiny];
    const { code, line } = await refusal(args);
    expect(code).toBe(1);
    expect(line).toContain(`${path}: expected a place that can be written, got ${reason}`);
    expect(line).toContain("choose another with -o");
    expect(await readFile(at("regular"), "utf8")).toBe("precious");
    expect((await readdir(at())).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
