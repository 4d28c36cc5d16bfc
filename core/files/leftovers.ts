/**
 * What a process that was ended by force leaves behind: temporary files beside outputs, scratch folders. Their names
 * tell the process that made them, so that a later one removes those of which it is certain that nobody uses them.
 */
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { systemCode } from "../errors.ts";
import { bootId, isRunning, processStart } from "../processes.ts";
import { temporaryRoot } from "./folders.ts";

/** A file of a machine that cannot be asked is a dead one's when nobody has written to it for so long. */
const DEAD_AFTER_MS = 7 * 24 * 3600 * 1000;

const MARK = "([0-9a-z]+)-([0-9a-z]+)-([0-9a-z]+)";
const FILE = new RegExp(`^\\..+\\.${MARK}-\\d+-[0-9a-z]+\\.tmp(\\.unsorted)?$`);
const FOLDER = new RegExp(`^granary-[a-z]+-${MARK}-[0-9A-Za-z]{6}$`);

let mark: string | undefined;
const swept = new Set<string>();

/** This process in a name: the machine, the process's number, the time at which it began. */
export function ownerMark(): string {
  return mark ??= [machineMark(), process.pid.toString(36), startMark(process.pid)].join("-");
}

function machineMark(): string {
  const boot = bootId();
  return boot === ""
    ? "0"
    : createHash("sha256").update(`${os.hostname()} ${boot}`).digest("hex").slice(0, 8);
}

function startMark(pid: number): string {
  return Number(processStart(pid) ?? 0).toString(36);
}

/** A new folder for this process's own files, below `parent` or where temporary files go; `kind` is a plain word. */
export function makeScratchFolder(kind: string, parent: string = temporaryRoot()): string {
  sweepLeftovers(parent);
  return fs.mkdtempSync(path.join(parent, `granary-${kind}-${ownerMark()}-`));
}

/** Removes, once in a process, what others left behind in `folder`. It is a courtesy: nothing fails for it. */
export function sweepLeftovers(folder: string): void {
  const place = path.resolve(folder);
  if (swept.has(place)) return;
  swept.add(place);
  for (const entry of entriesOf(place)) {
    const marks = (entry.isDirectory() ? FOLDER : entry.isFile() ? FILE : undefined)?.exec(entry.name);
    if (marks != null && mark !== marks.slice(1, 4).join("-")) {
      removeOfDead(path.join(place, entry.name), marks.slice(1, 4));
    }
  }
}

function entriesOf(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemCode(error) !== undefined) return []; // the writer says so with its own words
    throw error;
  }
}

function removeOfDead(place: string, [machine, pid, started]: string[]): void {
  try {
    const stat = fs.lstatSync(place);
    if (process.getuid !== undefined && stat.uid !== process.getuid()) return;
    const dead = machine !== "0" && machine === machineMark()
      ? !isRunning(parseInt(pid, 36), String(parseInt(started, 36)))
      : stat.isFile() && Date.now() - stat.mtimeMs > DEAD_AFTER_MS;
    if (dead) fs.rmSync(place, { recursive: true, force: true });
  } catch (error) {
    if (systemCode(error) === undefined) throw error; // others may remove it, too, or forbid it
  }
}
