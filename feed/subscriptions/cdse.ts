/**
 * Subscriptions of the Copernicus Data Space, which other services of its interface have too: made, listed,
 * paused, deleted, and the queue of one that is pulled read and acknowledged.
 */
import { GranaryError, inputError } from "../../core/errors.ts";
import { CdseTokens } from "../../core/access/cdse_tokens.ts";
import { safeName } from "../../core/access/redact.ts";
import { asArray, asObject, asObjects, asText } from "../../core/json_value.ts";
import { odataFilter } from "../../catalog/discover/odata/odata.ts";
import { type HttpIo, requestText, type TextRequest } from "../../catalog/discover/draft/http_text.ts";
import type { CdseDefinition } from "../definition/parse.ts";

interface Subscription {
  id: string;
  status: string;
  kind: "push" | "pull";
  events: readonly string[];
  filter: string;
  endpoint: string | null;
  submitted: string | null;
  lastNotified: string | null;
}

/** Where a provider pushes to, with what it authenticates itself. */
interface PushEndpoint {
  url: string;
  user: string;
  password: string;
}

/** A notice of a queue, as it came. */
interface Queued {
  ackId: string;
  body: string;
}

/** The service gives no more at once. */
export const PULL_MOST = 20;
const EVENTS = ["created", "modified", "deleted"] as const;

export class CdseSubscriptions {
  readonly #source: CdseDefinition;
  readonly #io: HttpIo;
  readonly #tokens: CdseTokens;
  readonly #base: string;

  constructor(source: CdseDefinition, io: HttpIo, env: Readonly<Record<string, string | undefined>>) {
    this.#source = source;
    this.#io = io;
    const { client, retry, signal } = io;
    this.#tokens = new CdseTokens({ env, client, retry, signal, url: source.tokenUrl });
    this.#base = source.url.endsWith("/") ? source.url : `${source.url}/`;
    const { protocol, hostname } = new URL(this.#base);
    if (protocol !== "https:" && hostname !== "127.0.0.1" && hostname !== "localhost") {
      throw inputError(
        `${safeName(this.#base)}: subscriptions need https, for a token goes with each request`,
      );
    }
  }

  async list(): Promise<Subscription[]> {
    return asObjects(await this.#ask("Subscriptions/Info")).flatMap((one): Subscription[] => {
      const id = asText(one.Id);
      if (id === null) return [];
      const endpoint = asText(one.NotificationEndpoint);
      return [{
        id,
        status: asText(one.Status) ?? "unknown",
        kind: endpoint === null ? "pull" : "push",
        events: asArray(one.SubscriptionEvent).filter((event): event is string => typeof event === "string"),
        filter: asText(one.FilterParam) ?? "",
        endpoint,
        submitted: asText(one.SubmissionDate),
        lastNotified: asText(one.LastNotificationDate),
      }];
    });
  }

  /** Makes one for what the feed follows; pulled where no endpoint is given. Returns its id. */
  async create(endpoint: PushEndpoint | null): Promise<string> {
    const { collection, productType, filter } = this.#source;
    const made = asObject(
      await this.#ask("Subscriptions", {
        method: "POST",
        body: JSON.stringify({
          FilterParam: odataFilter({ collection, productType, filter }),
          StageOrder: true,
          Priority: 1,
          Status: "running",
          SubscriptionEvent: EVENTS,
          ...(endpoint === null ? {} : {
            NotificationEndpoint: endpoint.url,
            NotificationEpUsername: endpoint.user,
            NotificationEpPassword: endpoint.password,
          }),
        }),
      }),
    );
    const id = asText(made?.Id);
    if (id === null) {
      throw new GranaryError("io", `${safeName(this.#base)}: made a subscription without an Id`);
    }
    return id;
  }

  async setStatus(id: string, status: "running" | "paused"): Promise<void> {
    await this.#ask(one(id), { method: "PATCH", body: JSON.stringify({ Status: status }) });
  }

  async remove(id: string): Promise<void> {
    await this.#ask(one(id), { method: "DELETE" });
  }

  /** The oldest notices of the queue; they stay there until they are acknowledged. */
  async read(id: string): Promise<Queued[]> {
    const answer = await this.#ask(`${one(id)}/Read?$top=${PULL_MOST}`);
    return asObjects(answer).flatMap((notice): Queued[] => {
      const ackId = asText(notice.AckId);
      return ackId === null ? [] : [{ ackId, body: JSON.stringify(notice) }];
    });
  }

  /** Takes a notice off the queue, and all that came before it. */
  async acknowledge(id: string, ackId: string): Promise<void> {
    await this.#ask(`${one(id)}/Ack?$ackid=${encodeURIComponent(ackId)}`, { method: "POST" });
  }

  async #ask(path: string, request: Pick<TextRequest, "method" | "body"> = {}): Promise<unknown> {
    const url = this.#base + path;
    const io = { ...this.#io, authorization: `Bearer ${await this.#tokens.token()}` };
    const headers = { accept: "application/json", "content-type": "application/json" };
    const asked = safeName(url);
    const { text } = await requestText(io, { ...request, url, headers, asked });
    try {
      return text === "" ? null : JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new GranaryError("io", `${asked}: no JSON where an answer of subscriptions was wanted`);
    }
  }
}

function one(id: string): string {
  if (!/^[0-9a-f-]{8,64}$/i.test(id)) throw inputError(`"${id.slice(0, 70)}" is no id of a subscription`);
  return `Subscriptions(${id})`;
}
