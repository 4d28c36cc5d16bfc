/**
 * Settings of a converter of single files (`example.ini`: a section a collection, with `variable_name`, `group`,
 * `src_crs`, `affine_transformation`, …) as a dataset's YAML.
 */
import { stringify } from "yaml";
import { inputError } from "../core/errors.ts";
import { parseDataset } from "./config/parse.ts";
import type { ImportedConfig } from "./import_config.ts";

type Section = ReadonlyMap<string, string>;

/** Why a setting is not carried over. */
const LOST: Readonly<Record<string, string>> = {
  affine_transformation: "cells are placed by the file's own axes, rows from the north",
  x_variable: "axes are found by the file's own metadata",
  y_variable: "axes are found by the file's own metadata",
  xvariable: "axes are found by the file's own metadata",
  yvariable: "axes are found by the file's own metadata",
};

const READ = new Set(["variable_name", "group", "src_crs", "output_bucket", "output_dir"]);

/** Whether a text is such a file, and no JSON. */
export function isIni(text: string): boolean {
  return /^\s*\[[^\]"{,]+\]/m.test(text) && !/^\s*[[{]\s*["{[\]]/.test(text);
}

/** `section` names one of several. Throws an input error where none is named, or it is not there. */
export function importIni(text: string, fileName: string, section: string | undefined): ImportedConfig {
  const { defaults, sections } = parseIni(text, fileName);
  const names = [...sections.keys()];
  if (names.length === 0) throw inputError(`${fileName}: has no section of a collection`);
  if (section === undefined && names.length > 1) {
    throw inputError(
      `${fileName}: has the collections ${names.join(", ")} (name one: --section ${names[0]})`,
    );
  }
  const collection = section ?? names[0];
  const own = sections.get(collection);
  if (own === undefined) {
    throw inputError(`${fileName}: has no section ${collection} (it has ${names.join(", ")})`);
  }
  const settings = new Map([...defaults, ...own]);
  const notes: string[] = [];
  const name = collection.replace(/[^\w.\-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 200);
  if (name !== collection) notes.push(`collection "${collection}" is called "${name}" here`);
  notes.push(`discover: nothing says where granules are; CMR is asked for the short name ${collection}`);
  const convert = convertOf(settings, notes);
  for (const key of settings.keys()) {
    if (READ.has(key)) continue;
    notes.push(`${key}: ${LOST[key] ?? "is not known here"}`);
  }
  const yaml = stringify({
    dataset: name,
    discover: [{ from: "cmr", short_name: collection }],
    ...(Object.keys(convert).length === 0 ? {} : { convert }),
    publish: [{ to: outputOf(settings, name, notes) }],
  }, { lineWidth: 110 });
  parseDataset(yaml, fileName);
  return { name, yaml, notes };
}

function convertOf(settings: Section, notes: string[]): Record<string, unknown> {
  const variable = settings.get("variable_name");
  const group = settings.get("group");
  const convert: Record<string, unknown> = {};
  if (variable === undefined) notes.push("variable_name is missing: every grid becomes a COG");
  else convert.variables = [`/${[group, variable].filter(Boolean).join("/").replace(/^\/+/, "")}`];
  const crs = settings.get("src_crs");
  if (crs === undefined) return convert;
  const code = /^(?:\+init=)?(epsg:\d{4,6})$/i.exec(crs)?.[1];
  if (code === undefined) {
    notes.push(`src_crs "${crs}" is no code: the file's own system is followed (or say convert.grid.crs)`);
  } else convert.grid = { crs: code.toUpperCase() };
  return convert;
}

function outputOf(settings: Section, name: string, notes: string[]): string {
  const bucket = settings.get("output_bucket");
  if (bucket !== undefined) {
    return `s3://${bucket}/${(settings.get("output_dir") ?? name).replace(/^\/+|\/+$/g, "")}/`;
  }
  notes.push("publish: the COGs and the catalog go to a folder of the dataset's name: say where they belong");
  return name;
}

/** Sections by name; settings of DEFAULT are those of every section, as Python's configparser has it. */
function parseIni(
  text: string,
  fileName: string,
): { defaults: Section; sections: ReadonlyMap<string, Section> } {
  const defaults = new Map<string, string>();
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || /^[#;]/.test(line)) continue;
    const heading = /^\[([^\]]+)\]\s*([#;].*)?$/.exec(line)?.[1];
    if (heading !== undefined) {
      current = heading === "DEFAULT" ? defaults : sections.get(heading) ?? new Map();
      if (heading !== "DEFAULT") sections.set(heading, current);
      continue;
    }
    const [, key, value] = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || current === undefined) {
      throw inputError(`${fileName}:${index + 1}: is no setting of a section: ${line.slice(0, 60)}`);
    }
    current.set(key.toLowerCase(), value);
  }
  return { defaults, sections };
}
