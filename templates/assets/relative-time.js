// <time datetime="2026-11-20T13:24:00Z" data-when>20 Nov 2026, 13:24 UTC</time> → "yesterday, 14:24", exact on hover, in the company's time zone
// (data-time-zone of the page; without one in the reader's own). Without scripts the text in the page stands.

const DAY = 86_400_000;
const language = document.documentElement.lang || "en";
const timeZone = document.documentElement.dataset.timeZone || undefined;
const format = (options) => new Intl.DateTimeFormat(language, { ...options, timeZone });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const exact = format({ weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" });
const weekday = format({ weekday: "long" });
const dayMonth = format({ day: "numeric", month: "short" });
const dayMonthYear = format({ day: "numeric", month: "short", year: "numeric" });
const calendar = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone });

/** The date in the company's time zone, as midnight UTC, so that two dates can be subtracted. */
const midnight = (date) => Date.parse(`${calendar.format(date)}T00:00:00Z`);

/** A moment as people say it: "in 5 minutes", "2 hours ago", "yesterday, 14:24", "Monday, 14:24", "20 Nov, 14:24", "3 Mar 2025". */
export function inWords(date, now = new Date()) {
  const apart = date.getTime() - now.getTime();
  const minutes = Math.round(apart / 60_000);
  if (Math.abs(minutes) < 1) return "just now";
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  const days = Math.round((midnight(date) - midnight(now)) / DAY);
  if (days === 0 && Math.abs(apart) < 6 * 3_600_000) return relative.format(Math.round(apart / 3_600_000), "hour");
  if (Math.abs(days) <= 1) return `${relative.format(days, "day")}, ${clock.format(date)}`;
  if (days < 0 && days > -6) return `${weekday.format(date)}, ${clock.format(date)}`;
  if (calendar.format(date).slice(0, 4) === calendar.format(now).slice(0, 4)) return `${dayMonth.format(date)}, ${clock.format(date)}`;
  return dayMonthYear.format(date);
}

function refresh() {
  for (const element of document.querySelectorAll("time[data-when][datetime]")) {
    const date = new Date(element.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    element.textContent = inWords(date);
    element.title = exact.format(date);
  }
}

refresh();
setInterval(refresh, 30_000);
