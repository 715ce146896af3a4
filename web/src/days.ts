// Days as the service writes them (YYYY-MM-DD), as points of time in UTC, and as people read them; no clock.

export const DAY = 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** The beginning of a day. */
export function at(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

/** The end of a day. */
export function endOf(day: string): number {
  return at(day) + DAY;
}

/** The day that is *count* days after another. */
export function plus(day: string, count: number): string {
  return new Date(at(day) + count * DAY).toISOString().slice(0, 10);
}

/** How many days lie between two days; negative where the second comes first. */
export function between(from: string, to: string): number {
  return Math.round((at(to) - at(from)) / DAY);
}

/** "5 May 2026" for the day of a time. */
export function written(time: number): string {
  const day = new Date(time);
  return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()]} ${day.getUTCFullYear()}`;
}

/** A FHIR date, "2026-06-15" or a part of one, as "15 Jun 2026", "Jun 2026" or "2026"; anything else as it is. */
export function inWords(date: string): string {
  const parts = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(date);
  const month = MONTHS[Number(parts?.[2]) - 1];
  if (!parts || (parts[2] && !month)) {
    return date;
  }
  return [parts[3] && Number(parts[3]), month, parts[1]].filter(Boolean).join(" ");
}
