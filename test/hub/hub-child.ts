/** Pulls one file, in a process of its own: `hub-child ENDPOINT CACHE REPO PATH`. */
import { hubClient } from "../../src/weights/hub-node.js";

const [endpoint = "", cacheDir = "", repo = "", path = ""] = process.argv.slice(2);
const progress = ({ received }: { received: number }) => {
  if (received > 0) process.stderr.write(`${received}\n`);
};
const { folder } = await hubClient({ endpoint, cacheDir, progress }).pull(repo, "main", [path]);
process.stdout.write(folder);
