/** Times of the command line, in UTC. A date alone means all of its day. */
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { timeOfText } from "../../core/times.ts";

/** The first millisecond that `text` means, since 1970. */
export function startTime(text: string): number {
  return parse(text, false);
}

/** The last millisecond that `text` means, since 1970. */
export function endTime(text: string): number {
  return parse(text, true);
}

function parse(text: string, ends: boolean): number {
  const time = timeOfText(text, ends);
  if (time !== null) return time;
  throw new InvalidArgumentError(`"${text}" is not a time (wanted 2019-04-16 or 2019-04-16T09:30:00Z)`);
}
