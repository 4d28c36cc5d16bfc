/** Empties a subscription's queue into the inbox: read, committed, and only then acknowledged. */
import type { Deadline } from "../follow/deadline.ts";
import type { Engine } from "../ledger/engine.ts";
import { keepNotices } from "../ledger/inbox.ts";
import { type CdseSubscriptions, PULL_MOST } from "./cdse.ts";

/** Returns how many notices came. One that was read twice says nothing new the second time. */
export async function pullNotices(
  engine: Engine,
  feed: string,
  subscriptions: Pick<CdseSubscriptions, "read" | "acknowledge">,
  id: string,
  deadline: Deadline,
): Promise<number> {
  let count = 0;
  while (!deadline.near) {
    const notices = await subscriptions.read(id);
    const last = notices.at(-1);
    if (last === undefined) break;
    await engine.transaction((sql) =>
      keepNotices(
        sql,
        feed,
        notices.map(({ body }) => ({ source: "pull", received: Date.now(), body })),
      )
    );
    await subscriptions.acknowledge(id, last.ackId);
    count += notices.length;
    if (notices.length < PULL_MOST) break;
  }
  return count;
}
