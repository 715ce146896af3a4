/** A count of bytes for people. */
export function inBytes(count: number): string {
  if (count < 1000) {
    return `${count} bytes`;
  }
  return count < 1_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1_000_000).toFixed(1)} MB`;
}
