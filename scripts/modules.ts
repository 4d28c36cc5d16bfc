/**
 * What a module imports and declares, read from its text. The text is as `deno fmt` leaves it, so a line
 * that begins in the first column begins a statement of the module.
 */
import fs from "node:fs";
import path from "node:path";

/** Every export of a module at once, as `import * as x` and a bare `import()` take them. */
export const ALL = "*";

export interface ModuleImport {
  /** Path of the module that is imported, relative to the root. */
  to: string;
  /** What is taken from it, and its name here. An import for its effects takes nothing. */
  names: readonly { name: string; local: string }[];
  typeOnly: boolean;
}

/** A statement of the module, with the names that it declares. One that declares none is an effect. */
export interface Declaration {
  names: readonly string[];
  exported: boolean;
  line: number;
  lines: number;
  /** The code without its comments and strings. */
  code: string;
}

export interface Module {
  file: string;
  imports: readonly ModuleImport[];
  declarations: readonly Declaration[];
  /** The text without its comments. */
  code: string;
  /** Import specifiers that are no module of the tree: packages, JSON, addresses. */
  others: readonly string[];
}

const STATIC = /^(import|export)\s+(type\s+)?([^"';]*?)\s*from\s*"([^"]+)"|^import\s*"([^"]+)"/gm;
const DYNAMIC =
  /(?:\{([^{}]*)\}\s*=\s*await\s+|\(await\s+)?\bimport\(\s*"([^"]+)"[^)]*\)(?:\)\s*\.\s*(\w+)|\.(\w+))?/g;
const DECLARES =
  /^(?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(function\*?|class|interface|type|enum|const|let|var)\s+(\w+|\{[^}]*\}|\[[^\]]*\])/;

export function readModule(root: string, file: string): Module {
  const text = withoutComments(fs.readFileSync(path.join(root, file), "utf8"));
  const imports: ModuleImport[] = [], others: string[] = [];
  const add = (target: string, names: ModuleImport["names"], typeOnly: boolean) => {
    const to = path.posix.normalize(path.posix.join(path.posix.dirname(file), target));
    if (target.startsWith(".") && to.endsWith(".ts")) imports.push({ to, names, typeOnly });
    else others.push(target);
  };
  for (const [, keyword, type, clause, from, effect] of text.matchAll(STATIC)) {
    if (effect !== undefined) add(effect, [], false);
    else add(from, namesOf(clause, keyword === "export"), type !== undefined);
  }
  for (const [, taken, target, ofAwaited, ofType] of text.matchAll(DYNAMIC)) {
    const member = ofAwaited ?? ofType;
    const names = taken !== undefined
      ? listed(taken, ":")
      : [member === undefined ? { name: ALL, local: ALL } : { name: member, local: member }];
    // What a dynamic import takes is used where it stands: no other declaration can mention its names.
    add(target, names.map(({ name }) => ({ name, local: "" })), false);
  }
  return { file, imports, declarations: declarationsOf(text), code: text, others };
}

/** `{ a, type B, c as d }`, `* as x`, `x` or `*`. */
function namesOf(clause: string, reExport: boolean): { name: string; local: string }[] {
  const braces = /\{([\s\S]*)\}/.exec(clause);
  if (braces !== null) return listed(braces[1], " as ");
  const star = /^\*(?:\s*as\s+(\w+))?$/.exec(clause.trim());
  if (star !== null) return [{ name: ALL, local: star[1] ?? ALL }];
  return [{ name: reExport ? ALL : "default", local: clause.trim() }];
}

function listed(list: string, between: string): { name: string; local: string }[] {
  return list.split(",").map((part) => part.trim().replace(/^type\s+/, "")).filter((part) => part !== "")
    .map((part) => {
      const [name, local] = part.split(between).map((word) => word.trim());
      return { name, local: local ?? name };
    });
}

function declarationsOf(text: string): Declaration[] {
  const lines = blanked(text).split("\n");
  const starts = lines.flatMap((line, index) => /^[\w@(["'`]/.test(line) ? [index] : []);
  return starts.flatMap((start, place) => {
    const end = starts[place + 1] ?? lines.length;
    const code = lines.slice(start, end).join("\n").trimEnd();
    if (/^(import|export)\b[^=(]*\bfrom\s*""/.test(code) || /^import\s*""/.test(code)) return [];
    const declared = DECLARES.exec(code);
    const names = declared === null
      ? []
      : declared[2].startsWith("{") || declared[2].startsWith("[")
      ? listed(declared[2].slice(1, -1), ":").map(({ local }) => local.replace(/\s*=.*$/s, ""))
      : [declared[2]];
    return [{
      names,
      exported: code.startsWith("export "),
      line: start + 1,
      lines: code.split("\n").length,
      code,
    }];
  });
}

/** Strings, templates, patterns and comments, each whole: what one of them holds begins no other. */
const TOKENS = new RegExp(
  [
    /(?<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')/,
    /(?<template>`(?:[^`\\]|\\.)*`)/,
    /(?<pattern>(?<=(?:[=(,:;!&|?{}[>]|\breturn)\s*)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*)/,
    /(?<comment>\/\*[\s\S]*?\*\/|\/\/[^\n]*)/,
  ].map(({ source }) => source).join("|"),
  "g",
);

/** Comments blanked, their lines kept; a `//` within a string or a pattern stays. */
export function withoutComments(text: string): string {
  return replaceTokens(text, (token, kind) => kind === "comment" ? token.replace(/[^\n]/g, "") : token);
}

/** Strings and patterns emptied; of templates, the lines never begin in the first column. */
export function blanked(code: string): string {
  return replaceTokens(code, (token, kind) => {
    if (kind === "template") return token.replace(/\n(?=\S)/g, "\n ");
    return kind === "comment" ? token : '""';
  });
}

function replaceTokens(text: string, replace: (token: string, kind: string) => string): string {
  return text.replace(TOKENS, (token, ...rest) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    return replace(token, Object.keys(groups).find((kind) => groups[kind] !== undefined)!);
  });
}
