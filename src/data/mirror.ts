/** Index `i` mirrored into 0 … n - 1 about the outer pixels' edges (… 1 0 0 1 … n-1 n-1 …). */
export function mirror(i: number, n: number): number {
  const period = 2 * n;
  const j = ((i % period) + period) % period;
  return j < n ? j : period - 1 - j;
}
