/** A DuckDB that comes up when it is first asked for, or earlier where it is certain that it will be. */
import { type Duck, type DuckOptions, startDuck } from "./duckdb.ts";

export class LazyDuck {
  #opened: Promise<Duck> | undefined;

  constructor(readonly options: DuckOptions) {}

  /** Whether it was asked for. */
  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** Asks for it, and has it come up while the one who asked goes on. */
  async start(): Promise<void> {
    const { opened } = await startDuck(this.options);
    this.#opened = opened;
  }

  async open(): Promise<Duck> {
    if (this.#opened === undefined) await this.start();
    return await this.#opened!;
  }

  /** Ends it where it came up; whoever asked for it has heard of a failure. */
  async close(): Promise<void> {
    await this.#opened?.then((duck) => duck.close(), () => {});
  }
}
