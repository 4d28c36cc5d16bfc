/**
 * CMR's answers as text: umm_json, the older granules.json feed, and either of them recorded together
 * with its request. Parsing is apart from the network, so that saved answers are read the same way.
 */
import { inputError } from "../../../core/errors.ts";
import type { Draft, ReadContext } from "../draft.ts";
import { readFeedGranule } from "./feed_granule.ts";
import { asInteger, asObject, asText, type JsonObject } from "../../../core/json_value.ts";
import { printable } from "../tally.ts";
import { readUmmGranule } from "./umm_granule.ts";

type CmrFormat = "umm_json" | "feed";

/** One page: what kind of answer, its items unread, and CMR's total where the answer states it. */
export interface CmrAnswer {
  format: CmrFormat;
  items: readonly unknown[];
  hits: number | null;
}

/**
 * Reads one answer. `name` is what a message calls it. Throws an input error for text that is no JSON,
 * for JSON that is no answer of granules, and for an answer that is an error of CMR's.
 */
export function parseCmrAnswer(text: string, name: string): CmrAnswer {
  return readCmrAnswer(parseAnswerJson(text, name), name);
}

/** The JSON of an answer. Throws an input error that says what came instead. */
export function parseAnswerJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const start = printable(text.trim().slice(0, 60));
    const html = /^<(!doctype|html|\?xml)/i.test(start) ? "a web page or XML" : "no JSON";
    throw inputError(`${name}: ${html} where an answer of CMR was wanted (it begins with: ${start})`);
  }
}

/** The same for JSON that is parsed already. */
export function readCmrAnswer(value: unknown, name: string): CmrAnswer {
  const body = recordedBody(value);
  if (typeof body === "string") return parseCmrAnswer(body, name);
  const answer = asObject(body);
  if (answer === null) {
    throw inputError(`${name}: not an answer of CMR (wanted an object with "items" or "feed")`);
  }
  if ("items" in answer) {
    if (!Array.isArray(answer.items)) {
      throw inputError(`${name}: "items" is ${kindOf(answer.items)}, not a list of granules`);
    }
    return { format: "umm_json", items: answer.items, hits: asInteger(answer.hits) };
  }
  const feed = asObject(answer.feed);
  if (feed !== null) {
    if (!Array.isArray(feed.entry)) {
      throw inputError(`${name}: "feed.entry" is ${kindOf(feed.entry)}, not a list of granules`);
    }
    return { format: "feed", items: feed.entry, hits: null };
  }
  const errors = Array.isArray(answer.errors)
    ? answer.errors.map((one) => asText(one) ?? JSON.stringify(one))
    : [];
  if (errors.length > 0) {
    throw inputError(`${name}: CMR answered with an error: ${printable(errors.join("; "))}`);
  }
  throw inputError(
    `${name}: not an answer of CMR (wanted "items" of granules.umm_json or "feed" of granules.json; found ${
      Object.keys(answer).slice(0, 5).map((key) => JSON.stringify(printable(key))).join(", ") ||
      "an empty object"
    })`,
  );
}

/** The drafts of an answer, in its order; granules that give none are in the tally. */
export function* readDrafts(answer: CmrAnswer, context: ReadContext): Generator<Draft> {
  const read = answer.format === "umm_json" ? readUmmGranule : readFeedGranule;
  for (const item of answer.items) {
    const draft = read(item, context);
    if (draft !== null) yield draft;
  }
}

/** The concept ids of the collections that an answer's items belong to. */
export function collectionIds(answer: CmrAnswer): Set<string> {
  const ids = new Set<string>();
  for (const item of answer.items) {
    const object: JsonObject = asObject(item) ?? {};
    const id = asText(asObject(object.meta)?.["collection-concept-id"]) ??
      asText(object.collection_concept_id);
    if (id !== null) ids.add(id);
  }
  return ids;
}

/** The body of a recorded exchange `{request, response: {body}}`, or the value itself. */
function recordedBody(value: unknown): unknown {
  const response = asObject(asObject(value)?.response);
  return response !== null && "body" in response ? response.body : value;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "missing";
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
}
