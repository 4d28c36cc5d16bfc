/** What came of publishing a dataset, for people and for programs. */
import { formatCount, formatNumberOf } from "../../core/units.ts";
import type { PublishReport } from "../../publish/run/finish.ts";
import type { CliContext } from "../io/context.ts";
import { failOnFailures } from "../io/failures.ts";
import { printReport } from "../io/report.ts";

/** Prints what came of a run, and ends with exit code 3 where granules failed. */
export function finishReport(report: PublishReport, context: CliContext): void {
  const { dataset, output, discovered, published, items, setAside, failed } = report;
  if (context.json) printReport(context, "publish.run", report);
  else {
    context.out.table(["what", "value"], [
      ["dataset", dataset],
      ["output", output],
      ["granules", `${formatCount(published)} of ${formatCount(discovered)} published`],
      ["items", formatCount(items)],
      ...setAside === 0 ? [] : [["set aside", formatCount(setAside)]],
      ...failed.length === 0 ? [] : [["failed", formatCount(failed.length)]],
    ]);
  }
  failOnFailures(
    failed,
    `${formatNumberOf(failed.length, "granule")} of ${
      formatCount(discovered)
    } failed (granary publish status` +
      " lists them; what may pass is tried again by the next run)",
    context,
  );
}
