/** What answers about many stores or catalogs leave out, because it cannot be read: the others are not taken from people. */
import { problemOf } from "./problem.ts";

export class LeftOut {
  readonly #why = new Map<string, string>();

  /** @param onChange hears when something is left out, why (each reason once), and null when it is read again */
  constructor(readonly onChange: (what: string, why: string | null) => void) {}

  /** Notes why something is left out, or that it could be read: null. */
  note(what: string, why: string | null): void {
    if ((this.#why.get(what) ?? null) === why) return;
    if (why === null) this.#why.delete(what);
    else this.#why.set(what, why);
    this.onChange(what, why);
  }

  /**
   * What each of them gives, without those that cannot be read. Throws the failure of the first where none can be, unless
   * there are `others`, and all that is no failure of reading.
   */
  async of<T, R>(
    items: readonly T[],
    named: (item: T) => string,
    read: (item: T) => Promise<R>,
    others = false,
  ): Promise<R[]> {
    const found: R[] = [];
    let first: Error | undefined;
    for (const item of items) {
      const one = await this.one(named(item), () => read(item));
      if ("unread" in one) first ??= one.unread;
      else found.push(one.found);
    }
    if (found.length === 0 && first !== undefined && !others) throw first;
    return found;
  }

  /** What is read of one of several, or why it cannot be. Throws all that is no failure of reading. */
  async one<R>(what: string, read: () => Promise<R>): Promise<{ found: R } | { unread: Error }> {
    try {
      const found = await read();
      this.note(what, null);
      return { found };
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      this.note(what, reasonOf(error));
      return { unread: error };
    }
  }
}

/** A sentence for the log: what is left out, or that it is no more. */
export function leftOutMessage(what: string, why: string | null): string {
  return why === null
    ? `${what} is read again`
    : `${what} cannot be read and is left out where all are listed, until it can: ${why}`;
}

function isUnreadable(error: unknown): error is Error {
  return problemOf(error).status === 502;
}

/** What lies below the problem that a client is told of. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
