/**
 * Where a harvest keeps the answers that it has: a folder beside the output with one file a page and a
 * file that says how to go on. An interrupted harvest asks for the rest only.
 */
import fs from "node:fs";
import path from "node:path";
import { systemCode } from "../../../core/errors.ts";
import { writeFileAtomic } from "../../../core/files/atomic.ts";
import { asInteger, asObject, asText } from "../../../core/json_value.ts";

const STATE_FILE = "harvest.json";
const VERSION = 1;

/** The kept pages of one query. */
export class HarvestState {
  readonly folder: string;
  readonly key: string;
  pages = 0;
  /** The search-after value of the next request, or null when the last page is here. */
  next: string | null = null;
  hits: number | null = null;
  done = false;

  /** `key` is the query as text: pages of another query are never used. */
  constructor(folder: string, key: string) {
    this.folder = folder;
    this.key = key;
    const saved = readState(path.join(folder, STATE_FILE));
    if (saved !== null && saved.version === VERSION && saved.key === key) {
      this.pages = asInteger(saved.pages) ?? 0;
      this.next = asText(saved.next);
      this.hits = asInteger(saved.hits);
      this.done = saved.done === true;
    }
    for (let number = 1; number <= this.pages; number += 1) {
      if (!fs.existsSync(this.pageFile(number))) this.#forget();
    }
  }

  /** Pages before a lost one cannot be continued without it: begin again. */
  #forget(): void {
    this.pages = 0;
    this.next = null;
    this.hits = null;
    this.done = false;
  }

  /** The text of a kept page, 1 to `pages`. */
  readPage(number: number): string {
    return fs.readFileSync(this.pageFile(number), "utf8");
  }

  /** Keeps the next page, then how to go on after it. */
  keep(text: string, next: string | null, hits: number | null, done: boolean): void {
    fs.mkdirSync(this.folder, { recursive: true });
    this.pages += 1;
    writeFileAtomic(this.pageFile(this.pages), text);
    this.next = next;
    this.hits = hits;
    this.done = done;
    const state = { version: VERSION, key: this.key, pages: this.pages, next, hits, done };
    writeFileAtomic(path.join(this.folder, STATE_FILE), JSON.stringify(state));
  }

  pageFile(number: number): string {
    return path.join(this.folder, `page-${String(number).padStart(6, "0")}.json`);
  }
}

/** Removes what a harvest kept: the output holds it now. Other files in the folder are left alone. */
export function removeHarvest(folder: string): void {
  try {
    for (const name of fs.readdirSync(folder)) {
      if (name === STATE_FILE || /^page-\d{6,}\.json$/.test(name)) {
        fs.rmSync(path.join(folder, name), { force: true });
      }
    }
    fs.rmdirSync(folder);
  } catch (error) {
    if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "")) throw error;
  }
}

function readState(file: string) {
  try {
    return asObject(JSON.parse(fs.readFileSync(file, "utf8")));
  } catch (error) {
    // No state, or one that a crash cut off: the harvest begins again.
    if (systemCode(error) === "ENOENT" || error instanceof SyntaxError) return null;
    throw error;
  }
}
