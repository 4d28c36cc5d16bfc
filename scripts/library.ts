/**
 * The library as an npm package has it: `mod.ts` and the workers that it starts as ES modules for Node, the types
 * beside them, and the packages that they import, of the versions that deno.json pins.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { workerFiles } from "./entry_points.ts";
import { readModule } from "./modules.ts";

const LIBRARY = "mod.ts";

/** The versions of Node that have all that the library uses: zstd in node:zlib came last. */
export const LIBRARY_NODE = ">=22.15";

/** Writes `lib/` and `types/` into `stage`. @returns the packages that it depends on, and their versions */
export function makeLibrary(root: string, stage: string): Record<string, string> {
  const reached = filesFrom(root, LIBRARY);
  const workers = workerFiles(root).filter((file) => startedBy(root, file).some((one) => reached.has(one)));
  const modules = path.join(stage, "lib");
  run(root, path.join(root, "node_modules", ".bin", "bun"), [
    path.join(root, "scripts", "build_library.ts"),
    "--out",
    modules,
    LIBRARY,
    ...workers,
  ]);
  const packages = new Set<string>();
  for (const name of fs.readdirSync(modules)) {
    const file = path.join(modules, name);
    const text = forNode(fs.readFileSync(file, "utf8"));
    fs.writeFileSync(file, text);
    for (const one of packagesIn(text)) packages.add(one);
  }
  for (const one of writeTypes(root, path.join(stage, "types"))) packages.add(one);
  return pinned(root, packages);
}

/** The module's text as Node takes it: the bundler leaves workers their names and JSON without its type. */
export function forNode(text: string): string {
  return text
    .replace(/(new URL\("\.\/\w+)\.ts(",\s*import\.meta\.url\))/g, "$1.js$2")
    .replace(/^(import [^"'\n]* from "[^"\n]+\.json");/gm, '$1 with { type: "json" };');
}

/** The packages that a module's text imports or resolves, without those of Node itself. */
export function packagesIn(text: string): string[] {
  const named = [
    // Statements begin their lines; text that looks like one is in a string or a comment.
    ...text.matchAll(/^(?:import|export|\})[^"\n]*\bfrom\s*"([^"\n]+)"/gm),
    ...text.matchAll(/^import\s*"([^"\n]+)"/gm),
    ...text.matchAll(/\bimport\(\s*"([^"\n]+)"/g),
    ...text.matchAll(/\bimport\.meta\.resolve\("([^"\n]+)"\)/g),
    ...text.matchAll(/\bwasmFile\("([^"\n]+)"\)/g),
  ].map(([, name]) => name);
  return [...new Set(named.filter((name) => !/^(\.|\/|node:|bun:)/.test(name)).map(packageName))];
}

function packageName(specifier: string): string {
  return specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Each package with its version of deno.json. Throws where one is not pinned there. */
function pinned(root: string, packages: ReadonlySet<string>): Record<string, string> {
  const { imports } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8")) as {
    imports: Record<string, string>;
  };
  return Object.fromEntries(
    [...packages].sort().map((name) => {
      const version = /^npm:.+@([^@]+)$/.exec(imports[name] ?? "")?.[1];
      if (version === undefined) throw new Error(`the library imports ${name}, which deno.json does not pin`);
      return [name, version];
    }),
  );
}

/** Declarations of all that `mod.ts` reaches by types. @returns the packages that they name */
function writeTypes(root: string, out: string): Set<string> {
  const config = path.join(out, "tsconfig.json");
  fs.mkdirSync(out, { recursive: true });
  const compilerOptions = {
    target: "esnext",
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["esnext", "dom", "dom.iterable", "dom.asynciterable"],
    types: [],
    strict: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    declaration: true,
    emitDeclarationOnly: true,
    // deno check has checked them, with the types of Deno.
    noCheck: true,
    rootDir: root,
    outDir: out,
  };
  fs.writeFileSync(config, JSON.stringify({ compilerOptions, files: [path.join(root, LIBRARY)] }));
  run(root, path.join(root, "node_modules", ".bin", "tsc"), ["-p", config]);
  fs.rmSync(config);
  const packages = new Set<string>();
  const wanted = new Set<string>();
  const visit = (file: string): void => {
    if (wanted.has(file)) return;
    wanted.add(file);
    const text = fs.readFileSync(file, "utf8");
    for (const one of packagesIn(text)) packages.add(one);
    if (/"node:|\bBuffer\b/.test(text)) packages.add("@types/node");
    for (const [, target] of text.matchAll(/"(\.[^"\n]+)\.ts"/g)) {
      visit(path.resolve(path.dirname(file), `${target}.d.ts`));
    }
    fs.writeFileSync(file, text.replace(/("\.[^"\n]+)\.ts"/g, '$1.js"'));
  };
  visit(path.join(out, "mod.d.ts"));
  for (const name of fs.readdirSync(out, { recursive: true }) as string[]) {
    const file = path.join(out, name);
    if (fs.statSync(file).isFile() && !wanted.has(file)) fs.rmSync(file);
  }
  removeEmpty(out);
  return packages;
}

function removeEmpty(folder: string): void {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmpty(path.join(folder, entry.name));
  }
  if (fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
}

/** The files that one imports to run, whichever way. */
function filesFrom(root: string, first: string): Set<string> {
  const found = new Set<string>();
  const visit = (file: string): void => {
    if (found.has(file)) return;
    found.add(file);
    for (const { to, typeOnly } of readModule(root, file).imports) if (!typeOnly) visit(to);
  };
  visit(first);
  return found;
}

/** The sources that start a worker: they lie beside it and name it. */
function startedBy(root: string, worker: string): string[] {
  const folder = path.posix.dirname(worker);
  const name = path.posix.basename(worker);
  return fs.readdirSync(path.join(root, folder)).filter((file) =>
    file.endsWith(".ts") && fs.readFileSync(path.join(root, folder, file), "utf8").includes(`"./${name}"`)
  ).map((file) => path.posix.join(folder, file));
}

function run(root: string, program: string, args: string[]): void {
  const done = spawnSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  if (done.status !== 0) {
    throw new Error(
      `${program} ${args.join(" ")}: ${done.error?.message ?? (done.stderr + done.stdout).trim()}`,
    );
  }
}
