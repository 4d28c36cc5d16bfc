/** What a run on Lambda is billed for: invocations, and their time from the REPORT lines of their logs. */
import { Buffer } from "node:buffer";

/** Where a run's bill is kept in its run directory. */
export const BILL_KEY = "lambda.json";

export interface LambdaBill {
  invocations: number;
  /** Invocations that were throttled, timed out or died, and were sent again. */
  retried: number;
  coldStarts: number;
  billedSeconds: number;
  gigabyteSeconds: number;
}

export function emptyBill(): LambdaBill {
  return { invocations: 0, retried: 0, coldStarts: 0, billedSeconds: 0, gigabyteSeconds: 0 };
}

/**
 * Adds an invocation by the tail of its log (base64, the header X-Amz-Log-Result). An invocation without a
 * REPORT line is counted with the seconds that it took as seen from here.
 */
export function addInvocation(bill: LambdaBill, logTail: string | null, secondsHere: number): void {
  const log = logTail === null ? "" : Buffer.from(logTail, "base64").toString("utf8");
  const report = /^REPORT RequestId:.*$/m.exec(log)?.[0] ?? "";
  const billed = /Billed Duration: ([\d.]+) ms/.exec(report);
  const memory = /Memory Size: (\d+) MB/.exec(report);
  const seconds = billed === null ? secondsHere : Number(billed[1]) / 1000;
  const gigabytes = memory === null ? 0 : Number(memory[1]) / 1024;
  bill.invocations += 1;
  if (/Init Duration:/.test(report)) bill.coldStarts += 1;
  bill.billedSeconds += seconds;
  bill.gigabyteSeconds += seconds * gigabytes;
}
