/** The tracks of a granule, summarized at once. */
import { type Track, TrackSummarizer, type TrackSummary } from "../../catalog/footprint/footprint.ts";

export function summarizeTracks(tracks: readonly Track[], cellOrder: number): TrackSummary {
  const summarizer = new TrackSummarizer(cellOrder);
  for (const track of tracks) summarizer.add(track);
  return summarizer.finish();
}
