/** GDAL's metadata of a TIFF: an XML text in tag 42112, and nodata as text in tag 42113. */
import type { BandStatistics } from "../../raster/band_statistics.ts";

interface BandMetadata {
  readonly description: string | null;
  readonly unit: string | null;
  readonly scale: number;
  readonly offset: number;
  readonly statistics: BandStatistics;
}

/**
 * The XML of a file's own tags and of what its bands hold; null where there is nothing to say. `resampling`
 * names how overviews were made, as GDAL's programs do.
 */
export function metadataXml(
  tags: Readonly<Record<string, string>>,
  bands: readonly BandMetadata[],
  resampling: string | null,
): string | null {
  const items: string[] = [];
  const item = (name: string, value: string, attributes = "") =>
    // GDAL escapes a value before it is put into XML, and takes that back when it reads.
    items.push(`  <Item name="${escapeXml(name)}"${attributes}>${escapeXml(escapeXml(value))}</Item>`);
  for (const [name, value] of Object.entries(tags)) item(name, value);
  if (resampling !== null) item("OVERVIEW_RESAMPLING", resampling, ' domain="IMAGE_STRUCTURE"');
  bands.forEach((band, sample) => {
    const own = (name: string, value: string | number | null, role = "") => {
      // An infinite statistic has no text that all readers know.
      if (value === null || value === "" || (typeof value === "number" && !Number.isFinite(value))) return;
      item(name, String(value), ` sample="${sample}"${role === "" ? "" : ` role="${role}"`}`);
    };
    own("DESCRIPTION", band.description, "description");
    if (band.scale !== 1) own("SCALE", band.scale, "scale");
    if (band.offset !== 0) own("OFFSET", band.offset, "offset");
    own("UNITTYPE", band.unit, "unittype");
    const { count, minimum, maximum, mean, stddev, validPercent } = band.statistics;
    if (count === 0) return;
    own("STATISTICS_MAXIMUM", maximum);
    own("STATISTICS_MEAN", mean);
    own("STATISTICS_MINIMUM", minimum);
    own("STATISTICS_STDDEV", stddev);
    own("STATISTICS_VALID_PERCENT", validPercent);
  });
  return items.length === 0 ? null : `<GDALMetadata>\n${items.join("\n")}\n</GDALMetadata>\n`;
}

/** The shortest text that reads back as the stored value. */
export function nodataText(nodata: number): string {
  if (Number.isNaN(nodata)) return "nan";
  if (nodata === Infinity) return "inf";
  if (nodata === -Infinity) return "-inf";
  return String(nodata);
}

/** Text for XML. Characters that XML cannot hold become question marks. */
function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "?")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}
