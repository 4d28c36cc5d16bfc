/** A feed's state as Prometheus reads it (text exposition format 0.0.4). */
import type { FeedStatus } from "./status.ts";

type Labels = Readonly<Record<string, string>>;

export function feedMetrics(status: FeedStatus): string {
  const lines: string[] = [];
  const gauge = (name: string, help: string, values: readonly (readonly [Labels, number | null])[]) => {
    lines.push(`# HELP granary_feed_${name} ${help}`, `# TYPE granary_feed_${name} gauge`);
    for (const [labels, value] of values) {
      if (value === null) continue;
      const all = Object.entries({ feed: status.feed, ...labels }).map(([key, text]) => `${key}="${text}"`);
      lines.push(`granary_feed_${name}{${all.join(",")}} ${value}`);
    }
  };
  const seconds = (time: string | null) => time === null ? null : Date.parse(time) / 1000;
  const { tasks, notices, days } = status;
  gauge("watermark_seconds", "Everything changed before this time is known.", [[
    {},
    seconds(status.watermark),
  ]]);
  gauge("last_poll_seconds", "When the source was last polled.", [[{}, seconds(status.polled)]]);
  gauge("last_push_seconds", "When a notice was last read.", [[{}, seconds(status.pushed)]]);
  gauge("push_silent", "1 when nothing was pushed for longer than is usual.", [[{}, Number(status.silent)]]);
  gauge("open_spans", "Spans of time that are not walked to their end.", [[{}, status.open]]);
  gauge("queue_age_seconds", "How long the oldest due download has waited.", [[
    {},
    status.queueAgeMs / 1000,
  ]]);
  gauge(
    "downloads",
    "Downloads by state.",
    (["waiting", "failed", "leased", "done", "dead", "dropped"] as const).map((
      state,
    ) => [{ state }, tasks[state]]),
  );
  gauge("notices", "Notices in the inbox by state.", [
    [{ state: "waiting" }, notices.waiting],
    [{ state: "bad" }, notices.bad],
  ]);
  gauge("short_days", "Settled days whose counts differ.", [[{}, days.filter((day) => day.short).length]]);
  gauge(
    "granules",
    "Granules of the days that status shows, by state.",
    (["kept", "filtered", "deleted"] as const).map((state) => [
      { state },
      days.reduce((sum, day) => sum + day[state], 0),
    ]),
  );
  return `${lines.join("\n")}\n`;
}
