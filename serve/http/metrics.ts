/** Counts of a server, in the text format that Prometheus reads (exposition format 0.0.4). */
import { PHASES, Phases } from "./phases.ts";

/** Upper bounds of the buckets of durations, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface RouteCounts {
  statuses: Map<number, number>;
  buckets: number[];
  seconds: number;
  count: number;
}

/** A value that is read when it is asked for. */
interface Gauge {
  name: string;
  help: string;
  type: "gauge" | "counter";
  read: () => number;
}

export class Metrics {
  readonly #routes = new Map<string, RouteCounts>();
  readonly #phases = new Phases();
  readonly #gauges: Gauge[] = [];
  #bytes = 0;

  /** `route` is the route's pattern, never the path that was asked: paths have no end. */
  record(route: string, status: number, milliseconds: number, bytes: number, phases: Phases): void {
    let counts = this.#routes.get(route);
    if (counts === undefined) {
      counts = { statuses: new Map(), buckets: BUCKETS.map(() => 0), seconds: 0, count: 0 };
      this.#routes.set(route, counts);
    }
    const seconds = milliseconds / 1000;
    counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1);
    for (const [i, bound] of BUCKETS.entries()) if (seconds <= bound) counts.buckets[i] += 1;
    counts.seconds += seconds;
    counts.count += 1;
    this.#bytes += bytes;
    for (const phase of PHASES) this.#phases.milliseconds[phase] += phases.milliseconds[phase];
  }

  gauge(name: string, help: string, read: () => number): void {
    this.#gauges.push({ name, help, type: "gauge", read });
  }

  counter(name: string, help: string, read: () => number): void {
    this.#gauges.push({ name, help, type: "counter", read });
  }

  text(): string {
    const lines: string[] = [];
    const family = (name: string, type: string, help: string) =>
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    family("granary_requests_total", "counter", "Requests answered, by route and status.");
    for (const [route, { statuses }] of this.#routes) {
      for (const [status, count] of statuses) {
        lines.push(`granary_requests_total{route="${route}",status="${status}"} ${count}`);
      }
    }
    family("granary_request_seconds", "histogram", "Time from a request's arrival to its answer.");
    for (const [route, { buckets, seconds, count }] of this.#routes) {
      for (const [i, bound] of BUCKETS.entries()) {
        lines.push(`granary_request_seconds_bucket{route="${route}",le="${bound}"} ${buckets[i]}`);
      }
      lines.push(
        `granary_request_seconds_bucket{route="${route}",le="+Inf"} ${count}`,
        `granary_request_seconds_sum{route="${route}"} ${seconds}`,
        `granary_request_seconds_count{route="${route}"} ${count}`,
      );
    }
    family("granary_phase_seconds_total", "counter", "Time of requests by what it was spent on.");
    for (const phase of PHASES) {
      const seconds = this.#phases.milliseconds[phase] / 1000;
      lines.push(`granary_phase_seconds_total{phase="${phase}"} ${seconds}`);
    }
    family("granary_sent_bytes_total", "counter", "Bytes of answers' bodies.");
    lines.push(`granary_sent_bytes_total ${this.#bytes}`);
    for (const { name, help, type, read } of this.#gauges) {
      family(name, type, help);
      lines.push(`${name} ${read()}`);
    }
    return `${lines.join("\n")}\n`;
  }
}
