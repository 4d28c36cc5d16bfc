/** How often something is run, in the words of those that run it. Pure. */
import { inputError } from "../errors.ts";
import { keyOf } from "../keys.ts";

export interface Schedule {
  /** Five fields, as cron, scrontab, Argo and Airflow read them; UTC where they do not say otherwise. */
  readonly cron: string;
  /** As systemd.time reads it. */
  readonly calendar: string;
  /** As EventBridge reads it. */
  readonly rate: string;
  /** From run to run. */
  readonly seconds: number;
}

/**
 * `15m`, `1h`, `6h`, `1d`: parts of an hour, of a day, or a day. The minute follows from the name, so that many
 * datasets do not begin together. Throws an input error for other times, which cron has no words for.
 */
export function scheduleOf(every: string, name: string): Schedule {
  const found = /^(\d{1,3})([mhd])$/.exec(every.trim());
  const count = Number(found?.[1] ?? 0);
  const minute = parseInt(keyOf(name).slice(0, 6), 16) % 60;
  const hour = parseInt(keyOf(name).slice(6, 12), 16) % 6;
  const seconds = count * ({ m: 60, h: 3600, d: 86_400 }[found?.[2] ?? ""] ?? 0);
  const rate = (unit: string) => `rate(${count} ${unit}${count === 1 ? "" : "s"})`;
  if (found?.[2] === "m" && count >= 5 && 60 % count === 0) {
    return { cron: `*/${count} * * * *`, calendar: `*-*-* *:00/${count}:00`, rate: rate("minute"), seconds };
  }
  if (found?.[2] === "h" && count >= 1 && 24 % count === 0) {
    const hours = count === 1 ? "*" : `*/${count}`;
    const calendar = count === 1 ? "*" : `00/${count}`;
    return {
      cron: `${minute} ${hours} * * *`,
      calendar: `*-*-* ${calendar}:${minute}:00`,
      rate: rate("hour"),
      seconds,
    };
  }
  if (found?.[2] === "d" && count === 1) {
    return {
      cron: `${minute} ${hour} * * *`,
      calendar: `*-*-* 0${hour}:${minute}:00`,
      rate: rate("day"),
      seconds,
    };
  }
  throw inputError(
    `--every "${every}": no schedule has such a step (wanted 5m, 10m, 15m, 30m, 1h, 2h, 3h, 4h, 6h, 12h or 1d)`,
  );
}
