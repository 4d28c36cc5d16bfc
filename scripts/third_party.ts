/**
 * What of other people is in the binary: the packages that sources import, theirs in turn, and the runtime,
 * each with its licence and the licence's text.
 */
import fs from "node:fs";
import path from "node:path";
import type { Component } from "../cli/help/third_party.ts";
import { sourceFiles } from "./source_files.ts";

interface PackageJson {
  name: string;
  version: string;
  license?: string | { type?: string };
  dependencies?: Record<string, string>;
}

/** The components, by name and version. Throws for a package that names no licence. */
export function thirdParty(root: string): Component[] {
  const found = new Map<string, Component>();
  const waiting = [...importedPackages(root), "bun"].map((name) => path.join(root, "node_modules", name));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (!fs.existsSync(path.join(folder, "package.json"))) continue; // optional, for another platform
    const real = fs.realpathSync(folder);
    const { name, version, license, dependencies } = JSON.parse(
      fs.readFileSync(path.join(real, "package.json"), "utf8"),
    ) as PackageJson;
    const key = `${name} ${version}`;
    if (found.has(key)) continue;
    const spdx = typeof license === "object" ? license.type : license;
    if (spdx === undefined || spdx === "") throw new Error(`${real}: names no licence`);
    found.set(key, { name, version, license: spdx, text: licenceText(real) });
    // Packages that a package needs lie beside it.
    const beside = path.join(real, ...(name.startsWith("@") ? ["..", ".."] : [".."]));
    for (const other of Object.keys(dependencies ?? {})) {
      if (!other.startsWith("@types/")) waiting.push(path.join(beside, other));
    }
  }
  return [...found.values()].sort((a, b) =>
    a.name < b.name || (a.name === b.name && a.version < b.version) ? -1 : 1
  );
}

/** Packages that the program's own modules import. */
function importedPackages(root: string): string[] {
  const { imports } = JSON.parse(fs.readFileSync(path.join(root, "deno.json"), "utf8")) as {
    imports: Record<string, string>;
  };
  const used = new Set<string>();
  for (const file of sourceFiles(root)) {
    const text = fs.readFileSync(path.join(root, file), "utf8");
    for (const name of Object.keys(imports)) {
      if (text.includes(`"${name}"`) || text.includes(`"${name}/`)) used.add(name);
    }
  }
  return [...used].filter((name) => !name.startsWith("@types/"));
}

function licenceText(folder: string): string {
  const file =
    fs.readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i.test(name))
      .sort()[0];
  return file === undefined ? "" : fs.readFileSync(path.join(folder, file), "utf8").trim();
}
