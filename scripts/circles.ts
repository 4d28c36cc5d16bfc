/** Ways from a thing back to itself. */

/**
 * Circles of a graph, one for each group of nodes that reach each other: the shortest way round from the
 * group's first node.
 */
export function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found: string[][] = [];
  const grouped = new Set<string>();
  for (const start of [...edges.keys()].sort()) {
    if (grouped.has(start)) continue;
    const way = wayBack(edges, start);
    if (way === undefined) continue;
    found.push(way);
    const from = reachable(edges, start);
    for (const node of from) if (reachable(edges, node).has(start)) grouped.add(node);
  }
  return found;
}

function wayBack(edges: ReadonlyMap<string, ReadonlySet<string>>, start: string): string[] | undefined {
  const before = new Map<string, string>();
  const queue = [start];
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    for (const next of [...edges.get(node) ?? []].sort()) {
      if (next === start) {
        const way = [start];
        for (let back = node; back !== start; back = before.get(back) ?? start) way.unshift(back);
        return [start, ...way];
      }
      if (before.has(next)) continue;
      before.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function reachable(edges: ReadonlyMap<string, ReadonlySet<string>>, start: string): Set<string> {
  const seen = new Set<string>();
  const queue = [start];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    for (const next of edges.get(node) ?? []) {
      if (!seen.has(next)) {
        seen.add(next);
        queue.push(next);
      }
    }
  }
  return seen;
}
