/**
 * What a message holds, whatever carried it: Amazon's queues wrap its topics, topics wrap what a provider
 * sends. Every layer is read as data; nothing that a message names is opened here.
 */
import { inputError } from "../../core/errors.ts";
import { asObject, asObjects, asText, asTime, type JsonObject } from "../../core/json_value.ts";

/** A message out of its envelopes. */
export interface Letter {
  /** The innermost message. */
  message: JsonObject;
  /** Attributes that the topic adds: `mode` of CMR. */
  attributes: Readonly<Record<string, string>>;
  topic: string | null;
  /** When the topic sent it, milliseconds since 1970 UTC. */
  sent: number | null;
}

/** A topic asks whether its messages are wanted. */
export interface Confirmation {
  topic: string;
  subscribeUrl: string;
}

/** Envelopes in envelopes: a queue's, a topic's, a provider's. */
const MOST_LAYERS = 4;

/** Opens a message. Throws an input error for what is no JSON object. */
export function openEnvelope(body: string): Letter | Confirmation {
  let message = jsonObject(body);
  const letter = {
    attributes: {} as Record<string, string>,
    topic: null as string | null,
    sent: null as number | null,
  };
  for (let layer = 0; layer < MOST_LAYERS; layer += 1) {
    const topic = asText(message.TopicArn);
    if (message.Type === "SubscriptionConfirmation" || message.Type === "UnsubscribeConfirmation") {
      const subscribeUrl = asText(message.SubscribeURL);
      if (topic === null || subscribeUrl === null || message.Type !== "SubscriptionConfirmation") {
        throw inputError(`a message of kind ${message.Type} without a topic to confirm`);
      }
      return { topic, subscribeUrl };
    }
    if (message.Type === "Notification" && typeof message.Message === "string") {
      letter.topic = topic;
      letter.sent = asTime(message.Timestamp);
      Object.assign(letter.attributes, attributesOf(asObject(message.MessageAttributes)));
      message = jsonObject(message.Message);
    } else if (typeof message.Body === "string" && message.ReceiptHandle !== undefined) {
      message = jsonObject(message.Body);
    } else if (asObject(message.detail) !== null && message["detail-type"] !== undefined) {
      // EventBridge: what happened is the detail.
      return { ...letter, message, sent: asTime(message.time) };
    } else return { ...letter, message };
  }
  throw inputError("envelopes within envelopes");
}

function jsonObject(text: string): JsonObject {
  let value: JsonObject | null;
  try {
    value = asObject(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw inputError("not JSON");
  }
  if (value === null) throw inputError("no object");
  return value;
}

function attributesOf(attributes: JsonObject | null): Record<string, string> {
  const pairs = Object.entries(attributes ?? {}).flatMap(([name, value]): [string, string][] => {
    const text = asText(asObject(value)?.Value);
    return text === null ? [] : [[name, text]];
  });
  return Object.fromEntries(pairs);
}

/** An object that came into a bucket or left it. */
export interface ObjectEvent {
  bucket: string;
  key: string;
  sizeBytes: number | null;
  /** Without quotes. */
  etag: string | null;
  at: number;
  gone: boolean;
}

/** The events of a bucket's notification (event message structure 2.x, or EventBridge); none for others. */
export function objectEvents(message: JsonObject): ObjectEvent[] {
  const detail = asObject(message.detail);
  if (message.source === "aws.s3" && detail !== null) {
    const gone = /deleted/i.test(asText(message["detail-type"]) ?? "");
    return event(asObject(detail.bucket), asObject(detail.object), asTime(message.time), gone);
  }
  return asObjects(message.Records).flatMap((record) => {
    const s3 = asObject(record.s3);
    const object = asObject(s3?.object);
    const key = asText(object?.key);
    const gone = /^(s3:)?(ObjectRemoved|LifecycleExpiration)/.test(asText(record.eventName) ?? "");
    const decoded = key === null ? null : { ...object, key: decodedKey(key) };
    return event(asObject(s3?.bucket), decoded, asTime(record.eventTime), gone);
  });
}

function event(
  bucket: JsonObject | null,
  object: JsonObject | null,
  at: number | null,
  gone: boolean,
): ObjectEvent[] {
  const [name, key] = [asText(bucket?.name), asText(object?.key)];
  if (name === null || key === null || at === null) return [];
  const size = object?.size;
  const etag = asText(object?.eTag) ?? asText(object?.etag);
  return [{ bucket: name, key, sizeBytes: typeof size === "number" ? size : null, etag, at, gone }];
}

/** Keys of event records are encoded as forms are. */
function decodedKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw inputError(`a key that cannot be decoded: ${key.slice(0, 100)}`);
  }
}
