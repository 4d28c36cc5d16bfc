/** What every command gets: where data goes, where messages go, and when to stop. */

/** Data for the user's next program: stdout. Ends quietly when the reader goes away. */
export interface Output {
  write(data: string | Uint8Array): void;
  /** One JSON document, bigints as decimal strings, with a final newline. */
  json(value: unknown): void;
  /** An aligned table for people; numbers flush right. */
  table(columns: readonly string[], rows: readonly (readonly unknown[])[]): void;
  readonly isTerminal: boolean;
}

/** Messages for people: stderr. Never data, never a credential. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** A line with rate and time left, redrawn on a terminal, printed now and then elsewhere. */
  progress(label: string, total: number | null, unit: string): Progress;
  readonly quiet: boolean;
}

export interface Progress {
  update(done: number, note?: string): void;
  end(note?: string): void;
}

export interface CliContext {
  out: Output;
  log: Log;
  /** Aborts on SIGINT and SIGTERM. */
  signal: AbortSignal;
  env: Readonly<Record<string, string | undefined>>;
  /** `--json` of the whole program. */
  json: boolean;
}
