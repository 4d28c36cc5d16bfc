/**
 * Exports that no module imports, and declarations that no way leads to from what people run: the
 * program, its workers, the library's face, the scripts. Tests alone keep nothing alive; they may reach
 * into a module for something that the program uses.
 */
import { ALL, type Declaration, type Module } from "./modules.ts";

/**
 * @param sources the program's modules
 * @param scripts the tools that build and check it
 * @param tests what may import an export without making it live
 * @param entries the sources that are run or given away whole
 * @returns faults, as `file:line: what`
 */
export function deadExports(
  sources: readonly Module[],
  scripts: readonly Module[],
  tests: readonly Module[],
  entries: readonly string[],
): string[] {
  const byFile = new Map([...sources, ...scripts].map((module) => [module.file, module]));
  const live = reached(byFile, [...entries, ...scripts.map(({ file }) => file)]);
  const imported = importedNames([...sources, ...scripts, ...tests]);
  const faults: string[] = [];
  for (const { file, declarations } of sources) {
    if (entries.includes(file)) continue;
    for (const declaration of declarations) {
      if (declaration.names.length === 0) continue;
      const place = `${file}:${declaration.line}: ${declaration.names.join(", ")}`;
      if (!declaration.names.some((name) => live.has(`${file} ${name}`))) {
        faults.push(`${place} (${declaration.lines} lines) is reached from nothing but tests`);
      } else if (declaration.exported && !takes(imported, file, declaration)) {
        faults.push(`${place} is exported, and no module imports it`);
      }
    }
  }
  return faults;
}

function takes(imported: ReadonlySet<string>, file: string, { names }: Declaration): boolean {
  return imported.has(`${file} ${ALL}`) || names.some((name) => imported.has(`${file} ${name}`));
}

function importedNames(modules: readonly Module[]): Set<string> {
  const taken = new Set<string>();
  for (const { imports } of modules) {
    for (const { to, names } of imports) for (const { name } of names) taken.add(`${to} ${name}`);
  }
  return taken;
}

/** Every `file name` that the entries lead to. */
function reached(byFile: ReadonlyMap<string, Module>, entries: readonly string[]): Set<string> {
  const live = new Set<string>();
  const queue: [file: string, name: string][] = entries.map((file) => [file, ALL]);
  const started = new Set<string>();
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [file, name] = next;
    const module = byFile.get(file);
    if (module === undefined || live.has(`${file} ${name}`)) continue;
    live.add(`${file} ${name}`);
    const effects = started.has(file) ? [] : module.declarations.filter(({ names }) => names.length === 0);
    if (!started.has(file)) {
      started.add(file);
      // A module's imports are loaded with it, whatever is taken.
      for (const { to, names, typeOnly } of module.imports) {
        if (!typeOnly && names.length === 0) queue.push([to, ""]);
      }
    }
    const own = module.declarations.filter(({ names, exported }) =>
      name === ALL ? exported : names.includes(name)
    );
    for (const declaration of [...own, ...effects]) {
      queue.push(...declaration.names.map((own): [string, string] => [file, own]));
      queue.push(...uses(module, declaration));
    }
    queue.push(...passedOn(module, name));
  }
  return live;
}

/** The names that a declaration's code mentions: the module's own and those that it imports. */
function uses(module: Module, { code }: Declaration): [string, string][] {
  const words = new Set(code.match(/(?<![\w.$]|\?\.)[A-Za-z_$][\w$]*|(?<=\.\.\.)[A-Za-z_$][\w$]*/g));
  const found: [string, string][] = [];
  for (const { names } of module.declarations) {
    for (const name of names) if (words.has(name)) found.push([module.file, name]);
  }
  for (const { to, names } of module.imports) {
    for (const { name, local } of names) {
      // A dynamic import has no name that could be searched for.
      if (local === "" || words.has(local)) found.push([to, name]);
    }
  }
  return found;
}

/** What a module exports from another: `export { x } from`. */
function passedOn(module: Module, name: string): [string, string][] {
  return module.imports.flatMap(({ to, names }) =>
    names.filter(({ local }) => name === ALL || local === name || local === ALL)
      .map((taken): [string, string] => [to, taken.name === ALL ? name : taken.name])
  );
}
