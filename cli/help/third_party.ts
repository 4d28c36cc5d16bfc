/** Software of other people that the binary carries. */

export interface Component {
  name: string;
  version: string;
  /** An SPDX expression, as the package says it. */
  license: string;
  /** The licence's text; empty where the package comes without. */
  text: string;
}

/**
 * The components. The build puts the list in the place of this one, which is empty: sources that are run as
 * they are carry nothing, their packages lie in node_modules.
 */
export const THIRD_PARTY: readonly Component[] = [];
