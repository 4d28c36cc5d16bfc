/** Opens the store that a command names: a folder, an S3 prefix or an HTTPS address. */
import type { GranaryStore } from "../../core/store/open.ts";
import type { CliContext } from "../io/context.ts";
import { isObjectAddress } from "../../core/files/address.ts";

/** Throws an input error for what is no store. The network's code is loaded for remote stores only. */
export async function openStoreAt(address: string, context: CliContext): Promise<GranaryStore> {
  const { openStore } = await import("../../core/store/open.ts");
  const isWeb = /^https?:\/\//i.test(address);
  if (!isWeb && !isObjectAddress(address)) return await openStore(address);
  const { SourceOpener } = await import("../../core/access/open.ts");
  const { openTarget } = await import("../../core/access/targets.ts");
  const { targetReader } = await import("../../core/zarr/reader.ts");
  const opener = new SourceOpener({ signal: context.signal, warn: (message) => context.log.warn(message) });
  if (isWeb) {
    const { httpsReader } = await import("../../core/zarr/https_reader.ts");
    return await openStore(httpsReader(address, opener));
  }
  return await openStore(targetReader(openTarget(address, opener)));
}
