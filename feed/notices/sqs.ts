/**
 * Takes messages from a queue of Amazon's (SQS, its JSON protocol) into the inbox: received, committed, and
 * only then deleted. A message that is received again says nothing new.
 */
import { AwsV4Signer } from "aws4fetch";
import { GranaryError, inputError } from "../../core/errors.ts";
import { asArray, asObject, asObjects, asText, type JsonObject } from "../../core/json_value.ts";
import type { SourceOpener } from "../../core/access/open.ts";
import { safeName } from "../../core/access/redact.ts";
import { isRetryableStatus, statusTrouble, withRetries } from "../../core/access/retry.ts";
import type { Deadline } from "../follow/deadline.ts";
import { keepNotices } from "../ledger/inbox.ts";
import type { Feed } from "../open.ts";

/** The service gives no more at once, and waits no longer for one to come. */
const MOST_MESSAGES = 10;
const LONGEST_WAIT_SECONDS = 20;
/** A message is hidden from others so long; then it comes again. */
const HIDDEN_SECONDS = 60;
const MOST_ANSWER_BYTES = 16 * 1024 * 1024;

interface ConsumeOptions {
  /** `https://sqs.us-west-2.amazonaws.com/123456789012/queue`. */
  url: string;
  region?: string | undefined;
  opener: SourceOpener;
  deadline: Deadline;
  /** Ends when the queue has been empty once; else waits for more until the deadline. */
  untilEmpty: boolean;
  /** After messages were kept. */
  onKept?: (messages: number) => void | Promise<void>;
}

/** Returns how many messages came. */
export async function consumeQueue(feed: Feed, options: ConsumeOptions): Promise<number> {
  const call = await queueCaller(options);
  let count = 0;
  while (!options.deadline.near) {
    const answer = await call("ReceiveMessage", {
      MaxNumberOfMessages: MOST_MESSAGES,
      VisibilityTimeout: HIDDEN_SECONDS,
      WaitTimeSeconds: options.untilEmpty
        ? 1
        : Math.max(0, Math.min(LONGEST_WAIT_SECONDS, Math.floor((options.deadline.at - Date.now()) / 1000))),
    });
    const messages = asObjects(answer?.Messages);
    if (messages.length === 0) {
      if (options.untilEmpty) break;
      continue;
    }
    await feed.engine.transaction((sql) =>
      keepNotices(
        sql,
        feed.definition.name,
        messages.map((message) => ({
          source: "sqs",
          received: Date.now(),
          body: asText(message.Body) ?? "",
        })),
      )
    );
    const deleted = await call("DeleteMessageBatch", {
      Entries: messages.map((message, index) => ({
        Id: String(index),
        ReceiptHandle: asText(message.ReceiptHandle) ?? "",
      })),
    });
    // One that was not deleted comes again, and says nothing new.
    count += messages.length - asArray(deleted?.Failed).length;
    await options.onKept?.(messages.length);
  }
  return count;
}

type QueueCaller = (action: string, body: Record<string, unknown>) => Promise<JsonObject | null>;

async function queueCaller({ url, opener, ...options }: ConsumeOptions): Promise<QueueCaller> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw inputError(`"${safeName(url)}" is no URL of a queue (wanted https://sqs.REGION.amazonaws.com/…)`);
  }
  const { origin, hostname, protocol } = new URL(url);
  if (protocol === "http:" && hostname !== "127.0.0.1" && hostname !== "localhost") {
    throw inputError(`${safeName(url)}: a queue is asked over https`);
  }
  const region = options.region ?? /^sqs\.([a-z0-9-]+)\.amazonaws\.com/.exec(hostname)?.[1] ??
    await opener.aws.region();
  if (region === undefined) {
    throw inputError("--aws-region is not said, and neither the queue's URL nor AWS_REGION tells it");
  }
  const { client, retry, signal } = opener;
  return async (action, body) => {
    const text = JSON.stringify({ QueueUrl: url, ...body });
    const asked = `${action} of ${safeName(url)}`;
    return await withRetries(retry, signal, async () => {
      const reply = await client.exchange({
        method: "POST",
        url: origin,
        secretHeaders: await signed(opener, origin, region, action, text),
        body: text,
        maxBytes: MOST_ANSWER_BYTES,
        signal,
        asked,
      });
      const words = new TextDecoder().decode(reply.body);
      if (isRetryableStatus(reply.status)) throw statusTrouble(asked, reply.status, reply.headers);
      if (reply.status === 401 || reply.status === 403) {
        throw new GranaryError("credential", `${asked}: refused (${reply.status}): ${words.slice(0, 200)}`);
      }
      if (reply.status !== 200) {
        throw inputError(`${asked}: the service answered ${reply.status}: ${words.slice(0, 200)}`);
      }
      return asObject(JSON.parse(words));
    });
  };
}

async function signed(opener: SourceOpener, url: string, region: string, action: string, body: string) {
  const keys = await (await opener.aws.keys())?.keys();
  if (keys === undefined) {
    throw new GranaryError("credential", `${safeName(url)}: no AWS keys were found to read the queue with`);
  }
  const signer = new AwsV4Signer({
    url,
    method: "POST",
    headers: { "content-type": "application/x-amz-json-1.0", "x-amz-target": `AmazonSQS.${action}` },
    body,
    accessKeyId: keys.accessKeyId,
    secretAccessKey: keys.secretAccessKey,
    ...(keys.sessionToken === undefined ? {} : { sessionToken: keys.sessionToken }),
    service: "sqs",
    region,
  });
  return Object.fromEntries((await signer.sign()).headers.entries());
}
