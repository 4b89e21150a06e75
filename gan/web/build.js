// Makes the bundles: `node build.js FOLDER`. Each file in src/entries is one, with its style sheet if it imports any.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2] ?? "bundles";
const entries = readdirSync("src/entries").map((name) => join("src/entries", name));

/** Lets a module have another as text, to start a worker from: `import text from "./train.js?worker"`. */
const workers = {
  name: "workers",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /\?worker$/ }, async ({ path, ...options }) => {
      const { kind, importer, resolveDir } = options;
      const found = await resolve(path.replace(/\?worker$/, ""), { kind, importer, resolveDir });
      return { ...found, namespace: "worker" };
    });
    onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const made = await build({ ...options, entryPoints: [path], format: "iife", write: false, metafile: false });
      return { contents: made.outputFiles[0].text, loader: "text", watchFiles: [path] };
    });
  },
};

/** @type {import("esbuild").BuildOptions} */
const options = {
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "inline",
  charset: "utf8",
  plugins: [workers],
  logLevel: "warning",
};

rmSync(folder, { recursive: true, force: true });
const { metafile } = await build({ ...options, entryPoints: entries, outdir: folder, metafile: true });

// Packages ask that their licence goes with them.
for (const [path, { inputs }] of Object.entries(metafile.outputs)) {
  const packages = new Set(
    Object.keys(inputs).flatMap((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []),
  );
  const notices = [...packages].sort().map((name) => {
    const home = join("node_modules", name);
    const { version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
    const licence = readdirSync(home).find((file) => /^licen[cs]e/i.test(file));
    if (!licence) throw new Error(`${name} has no licence file`);
    return `/*! ${name} ${version}\n\n${readFileSync(join(home, licence), "utf8").trim()}\n*/\n`;
  });
  const file = join(folder, basename(path));
  // Streamlit takes a text of a single line for the name of a file.
  const text = `/* Made of gan/web/src by build.js. */\n${notices.join("")}${readFileSync(file, "utf8")}`;
  if (/<\/script|<!--/i.test(text)) throw new Error(`${file} cannot stand inside of a page`);
  writeFileSync(file, text);
}
