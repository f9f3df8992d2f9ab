// Draws every figure on fixed synthetic data, light and dark, into one page that opens offline.
// Usage: npm run gallery [-- FOLDER]; prints the path of gallery.html. Sources are read as they are, so
// there is nothing to build.
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createServer } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const [folder = mkdtempSync(join(tmpdir(), "induction-gallery-"))] = process.argv.slice(2);

const vite = await createServer({
  root,
  configFile: false,
  appType: "custom",
  logLevel: "error",
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
try {
  const { galleryPage } = await vite.ssrLoadModule("/test/report/gallery-page.ts");
  mkdirSync(folder, { recursive: true });
  const path = resolve(folder, "gallery.html");
  writeFileSync(path, galleryPage());
  process.stdout.write(`${path}\n`);
} finally {
  await vite.close();
}
