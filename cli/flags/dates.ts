/** Times of the command line, in UTC. A date alone means all of its day. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

const DAY_MS = 86_400_000;
const TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** The first millisecond that `text` means, since 1970. */
export function startTime(text: string): number {
  return parse(text).time;
}

/** The last millisecond that `text` means, since 1970. */
export function endTime(text: string): number {
  const { time, dateOnly } = parse(text);
  return dateOnly ? time + DAY_MS - 1 : time;
}

function parse(text: string): { time: number; dateOnly: boolean } {
  const match = TIME.exec(text.trim());
  const time = match === null ? NaN : Date.parse(`${match[1]}T${match[2] ?? "00:00"}${match[3] ?? "Z"}`);
  const dayIsReal = match !== null && new Date(`${match[1]}T00:00Z`).toJSON()?.startsWith(match[1]);
  if (match === null || !Number.isFinite(time) || !dayIsReal) {
    throw new InvalidArgumentError(`"${text}" is not a time (wanted 2019-04-16 or 2019-04-16T09:30:00Z)`);
  }
  return { time, dateOnly: match[2] === undefined };
}
