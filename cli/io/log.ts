/** stderr: messages for people. Never data, never a credential. */
import process from "node:process";
import tty from "node:tty";
import type { Log } from "./context.ts";
import { BrokenPipe, writeToDescriptor } from "./descriptor.ts";
import { toJson } from "./json.ts";
import { createProgress, createProgressRecords, progressInterval } from "./progress.ts";
import { visibleMessage } from "./visible.ts";

const STDERR = 2;

const NONE = { update() {}, end() {} };

export interface LogOptions {
  fd?: number;
  env?: Readonly<Record<string, string | undefined>>;
  /** Overrules what the descriptor says, for tests. */
  terminal?: boolean;
}

export interface WritableLog extends Log {
  quiet: boolean;
  /** Every line is a JSON object, and progress is shown only where the environment asks: for programs. */
  json: boolean;
  /** Text as it is, with its own newline. */
  raw(text: string): void;
  /** Ends a progress line that still stands. */
  settle(): void;
}

/** A log that can be hushed later, when the flags have been read. Warnings and errors always appear. */
export function createLog(options: LogOptions = {}): WritableLog {
  const fd = options.fd ?? STDERR;
  const env = options.env ?? process.env;
  const terminal = options.terminal ?? tty.isatty(fd);
  const color = terminal && !env.NO_COLOR && env.TERM !== "dumb";
  const animate = terminal && env.TERM !== "dumb";
  const lineMs = progressInterval(env);
  const encoder = new TextEncoder();
  let drawn = false; // a progress line stands without a newline
  const raw = (text: string) => {
    try {
      writeToDescriptor(fd, encoder.encode(text));
    } catch (error) {
      // Nobody is reading the messages any more; the work goes on without them.
      if (!(error instanceof BrokenPipe)) throw error;
    }
  };
  const line = (text: string) => {
    raw(`${drawn ? "\r\x1b[K" : ""}${text}\n`);
    drawn = false;
  };
  const paint = (code: number, text: string) => color ? `\x1b[${code}m${text}\x1b[0m` : text;
  const log = {
    quiet: false,
    json: false,
    raw,
    settle() {
      if (drawn) raw("\n");
      drawn = false;
    },
    info(message: string) {
      if (log.quiet) return;
      if (log.json) line(toJson({ note: message }, 0));
      else line(visibleMessage(message));
    },
    warn(message: string) {
      if (log.json) line(toJson({ warning: message }, 0));
      else line(`granary: ${paint(33, "warning:")} ${visibleMessage(message)}`);
    },
    error(message: string) {
      if (log.json) line(toJson({ failure: message }, 0));
      else line(`${paint(31, "granary:")} ${visibleMessage(message)}`);
    },
    progress(label: string, total: number | null, unit: string) {
      if (log.quiet) return NONE;
      if (log.json) {
        if (lineMs === undefined) return NONE;
        const write = (progress: object) => line(toJson({ progress }, 0));
        return createProgressRecords({ label, total, unit, lineMs, write });
      }
      return createProgress({
        label,
        total,
        unit,
        animate,
        lineMs,
        columns: () => process.stderr.columns ?? 80,
        write(text) {
          drawn = !text.endsWith("\n");
          raw(text);
        },
      });
    },
  };
  return log;
}
