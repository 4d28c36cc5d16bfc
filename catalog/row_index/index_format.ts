/** What writers and readers of row indexes agree on. */

export const ROWS_FORMAT = 1;

/** Beyond every cell: each granule has one row here, so that the granules known are found without a scan. */
export const HEAD_CELL = 2n ** 63n - 1n;
