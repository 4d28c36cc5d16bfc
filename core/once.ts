/** Passes the same message on only once. */
export function once(warn: (message: string) => void): (message: string) => void {
  const noted = new Set<string>();
  return (message) => {
    if (noted.has(message)) return;
    noted.add(message);
    warn(message);
  };
}
