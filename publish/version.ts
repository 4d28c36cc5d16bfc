/** Rises only when the files or items that a conversion gives change: then everything is made again. */
export const PUBLISH_VERSION = 4;

/** Of plans in run directories. */
export const PLAN_FORMAT = 1;
