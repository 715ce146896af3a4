// Which addresses on a card may be opened.

/** Whether an address is a whole web address, or one of these other schemes ("mailto:"). */
export function opens(address: string, ...others: string[]): boolean {
  const scheme = URL.parse(address)?.protocol;
  return scheme !== undefined && ["http:", "https:", ...others].includes(scheme);
}
