/** A blob asked by Azure's REST interface: with a shared access signature, the account's key, or neither. */
import { GranaryError } from "../errors.ts";
import { type AzureAccount, sharedKey } from "./azure_account.ts";
import type { HttpClient, HttpReply } from "./http.ts";
import { excerpt, safeName } from "./redact.ts";
import { encodeKey, type ObjectName, parseObjectUrl } from "./s3_address.ts";
import { errorCode } from "./s3_xml.ts";
import type { Attempt, LocationRequest, Transport } from "./transport.ts";

/** The interface's version; all that is used is older. */
const VERSION = "2021-08-06";

export class AzureTransport implements Transport {
  readonly name: string;
  readonly #at: ObjectName;
  readonly #account: AzureAccount;
  readonly #client: HttpClient;
  readonly #query: string;

  /** `query` (`comp=block&…`) takes no part in the name. */
  constructor(url: string, account: AzureAccount, client: HttpClient, query = "") {
    this.name = safeName(url);
    this.#at = parseObjectUrl(url);
    this.#account = account;
    this.#client = client;
    this.#query = query;
  }

  async send(request: LocationRequest, asked: string): Promise<Attempt> {
    const { endpoint, name, signature, key } = this.#account;
    const { bucket, key: blob } = this.#at;
    const url = new URL(`${endpoint}/${bucket}${blob === "" ? "" : `/${encodeKey(blob)}`}`);
    url.search = [this.#query, signature ?? ""].filter((part) => part !== "").join("&");
    const headers: Record<string, string> = {
      ...request.headers,
      "x-ms-version": VERSION,
      "x-ms-date": new Date().toUTCString(),
    };
    const length = request.body?.length ?? 0;
    if (key !== undefined) {
      headers.authorization = sharedKey({ name, key }, request.method ?? "GET", url, headers, length);
    }
    const reply = await this.#client.exchange({
      ...request,
      manyAtOnce: true,
      asked,
      url: url.href,
      headers: {},
      secretHeaders: headers,
    });
    const code = reply.headers.get("x-ms-error-code") ?? errorCode(reply);
    return {
      reply,
      refused: false,
      repair: () => Promise.resolve(false),
      refusal: () => this.#refusal(reply, code, asked),
    };
  }

  #refusal(reply: HttpReply, code: string | undefined, asked: string): GranaryError {
    const { status } = reply;
    const { origin, name } = this.#account;
    const came = `Azure answered ${status}${code === undefined ? "" : ` ${code}`}`;
    const error = (tag: "credential" | "granule", advice: string, reason: string) =>
      new GranaryError(tag, `${asked}: ${came}: ${advice}`, { details: { asked, status, code, reason } });
    if (status === 401 || status === 403 || (status === 404 && code === "ResourceNotFound")) {
      return origin === "nowhere"
        ? error(
          "credential",
          `no key and no signature were found or asked for, and this may not be done without ` +
            `(set AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_KEY)`,
          "no-keys",
        )
        : error(
          "credential",
          `what ${origin} gives may not do this, or has ended; renew it, and check this machine's clock`,
          "forbidden",
        );
    }
    if (code === "ContainerNotFound") {
      return error("granule", `there is no container "${this.#at.bucket}" in the account ${name}`, "bucket");
    }
    if (status === 404) {
      return error(
        "granule",
        "it is not there: the catalog may be older than the archive (build it again)",
        "missing",
      );
    }
    const said = code === undefined && reply.body.length > 0 ? ` ("${excerpt(reply.body, 120)}")` : "";
    return error("granule", `the request is not accepted${said}`, "status");
  }
}
