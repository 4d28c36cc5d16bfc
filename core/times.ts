/** Times as people write them: RFC 3339 or a date alone, in UTC. A date alone means all of its day. */
import { asTime } from "./json_value.ts";

const DAY_MS = 86_400_000;

/**
 * The first millisecond that a text means, or the last one where it `ends` a range; milliseconds since 1970
 * UTC, null where the text is no time.
 */
export function timeOfText(text: string, ends: boolean): number | null {
  const time = asTime(text);
  if (time === null) return null;
  return ends && /^\d{4}-\d\d-\d\d$/.test(text.trim()) ? time + DAY_MS - 1 : time;
}
