/** How the bands of a grid become files: one a time step, and few enough in each. Pure. */
import type { GridBand } from "../../core/raster/grid.ts";
import { compactTime } from "./names.ts";

/** More bands of further axes than this are files of their own. */
const MOST_BANDS = 16;

/** One file of a grid. */
export interface Cut {
  /** Indices of the grid's bands. */
  readonly bands: readonly number[];
  /** Milliseconds since 1970 UTC of the step; null where the bands are of no or of several steps. */
  readonly time: number | null;
  /** What tells the file from others of its variable. */
  readonly suffixes: readonly string[];
}

export function cutBands(bands: readonly GridBand[], steps: "files" | "bands"): Cut[] {
  const all = bands.map((_, index) => index);
  if (steps === "bands") {
    return [{
      bands: all,
      time: new Set(bands.map(({ time }) => time)).size === 1 ? bands[0].time : null,
      suffixes: [],
    }];
  }
  const byTime = new Map<number | null, number[]>();
  for (const index of all) {
    const { time } = bands[index];
    const group = byTime.get(time) ?? [];
    byTime.set(time, group);
    group.push(index);
  }
  const several = byTime.size > 1;
  return [...byTime].flatMap(([time, group]): Cut[] => {
    const step = several && time !== null ? [compactTime(time)] : [];
    if (group.length <= MOST_BANDS) return [{ bands: group, time, suffixes: step }];
    return group.map((index) => ({
      bands: [index],
      time,
      suffixes: [otherAxes(bands[index].name) || `b${index + 1}`, ...step],
    }));
  });
}

/** `time=2024-01-01T00:00:00Z,level=3` as `level=3`. */
function otherAxes(name: string): string {
  return name.split(",").filter((part) => !/^\w*time\w*=/i.test(part)).join("_");
}
