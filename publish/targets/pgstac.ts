/** A pgstac database: items by its own upsert functions, so that its partitions and indexes are its matter. */
import postgres from "postgres";
import { GranaryError } from "../../core/errors.ts";
import { redact } from "../../core/access/redact.ts";
import { olderCollection, olderItem } from "../../core/stac/older.ts";
import type { StacCollection, StacItem } from "../../core/stac/values.ts";
import type { TransactionsOptions } from "./transactions.ts";
import { type GoneItem, type ItemTarget, placedItem, type RefusedItem } from "./target.ts";

const CONNECT_SECONDS = 15;
/** pgstac raises this where an item or a collection breaks its rules. */
const DATA_FAULT = /^(22|23|P0)/;

export class PgstacDatabase implements ItemTarget {
  readonly name: string;
  readonly #sql: ReturnType<typeof postgres>;
  readonly #options: TransactionsOptions;

  /** `url` is a connection string, which may hold a password: it appears in no message. */
  constructor(url: string, options: TransactionsOptions) {
    this.name = nameOf(url);
    this.#options = options;
    this.#sql = postgres(url, {
      max: 1,
      connect_timeout: CONNECT_SECONDS,
      onnotice: () => {},
      connection: { search_path: "pgstac,public", application_name: "granary" },
    });
  }

  async begin(collection: StacCollection): Promise<void> {
    const [{ found }] = await this.#ask(
      "select to_regproc('pgstac.upsert_items') is not null as found",
      [],
    ) as [
      { found: boolean },
    ];
    if (!found) {
      throw new GranaryError("input", `${this.name}: has no pgstac (run pypgstac migrate on it first)`);
    }
    const [there] = await this.#ask("select 1 as one from pgstac.collections where id = $1", [collection.id]);
    if (there === undefined) await this.finish(collection);
  }

  async finish(collection: StacCollection): Promise<void> {
    const document = this.#options.stac === "1.0.0" ? olderCollection(collection) : collection;
    await this.#ask("select pgstac.upsert_collection($1::text::jsonb)", [JSON.stringify(document)]);
  }

  async put(items: readonly StacItem[]): Promise<readonly RefusedItem[]> {
    const { collection, hrefOf, stac } = this.#options;
    const placed = items.map((item) => {
      const made = placedItem({ ...item, collection }, hrefOf, []);
      return stac === "1.0.0" ? olderItem(made) : made;
    });
    if (await this.#upsert(placed) === undefined) return [];
    const refused: RefusedItem[] = [];
    for (const item of placed) {
      const reason = await this.#upsert([item]);
      if (reason !== undefined) refused.push({ id: item.id, reason });
    }
    return refused;
  }

  /** Why the database refuses the items; undefined when it took them. */
  async #upsert(items: readonly StacItem[]): Promise<string | undefined> {
    try {
      await this.#ask("select pgstac.upsert_items($1::text::jsonb)", [JSON.stringify(items)]);
      return undefined;
    } catch (error) {
      const reason = error instanceof GranaryError ? error.details.refused : undefined;
      if (typeof reason === "string") return reason;
      throw error;
    }
  }

  async remove(items: readonly GoneItem[]): Promise<void> {
    const { collection } = this.#options;
    for (const { id } of items) {
      await this.#ask("delete from pgstac.items where id = $1 and collection = $2", [id, collection]);
    }
  }

  async #ask(text: string, values: string[]): Promise<readonly Record<string, unknown>[]> {
    try {
      return [...await this.#sql.unsafe(text, values)];
    } catch (error) {
      throw databaseError(this.name, error);
    }
  }

  close(): Promise<void> {
    return this.#sql.end({ timeout: 5 });
  }
}

function databaseError(name: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = String((error as { code?: unknown }).code ?? "");
  const said = redact(error.message).slice(0, 300);
  if (code === "28P01" || code === "28000") {
    return new GranaryError("credential", `${name}: the database refused the user or the password`);
  }
  if (DATA_FAULT.test(code)) {
    return new GranaryError("io", `${name}: the database refused it: ${said}`, {
      details: { refused: `the database refused it (${code}: ${said})` },
    });
  }
  return new GranaryError("io", `${name}: ${code === "" ? "" : `${code}: `}${said}`);
}

/** The connection without user, password and options. */
function nameOf(url: string): string {
  if (!URL.canParse(url)) return "the pgstac database";
  const { hostname, port, pathname } = new URL(url);
  return `postgres://${hostname}${port === "" ? "" : `:${port}`}${pathname}`;
}
