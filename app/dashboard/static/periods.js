// Which periods there are to choose from. Days are dates without a time; the API cuts them in its zone.
import { isoDay } from "./format.js";

const HOW_MANY = { week: 26, month: 24, quarter: 8 };
/** How many periods a chart shows. */
export const SHOWN = { week: 16, month: 13, quarter: 8 };

const iso = (date) => date.toISOString().slice(0, 10);

/** The first day of the period that comes `by` after the one that begins then. */
export function next(begin, grain, by = 1) {
  const [year, month, day] = begin.split("-").map(Number);
  if (grain === "week") return iso(new Date(Date.UTC(year, month - 1, day + 7 * by)));
  return iso(new Date(Date.UTC(year, month - 1 + by * (grain === "quarter" ? 3 : 1), 1)));
}

/** The first day of the period that holds that day. */
export function startOf(today, grain) {
  const [year, month, day] = today.split("-").map(Number);
  if (grain === "week") {
    const weekday = (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7;
    return iso(new Date(Date.UTC(year, month - 1, day - weekday)));
  }
  return iso(new Date(Date.UTC(year, grain === "quarter" ? Math.floor((month - 1) / 3) * 3 : month - 1, 1)));
}

/** First days: of the running period, of those before it, and further back of those that have any cases. */
export function choices(grain, zone, filled) {
  const running = startOf(isoDay(new Date(), zone), grain);
  const recent = Array.from({ length: HOW_MANY[grain] }, (_, n) => next(running, grain, -n));
  return [...recent, ...filled];
}

/** The chosen period, or the running one. */
export const chosen = (state, zone) => startOf(state.period ?? isoDay(new Date(), zone), state.grain);

/** Of the periods with any cases the one to look at instead of an empty one: the latest before it, or else the first after. */
export const instead = (filled, begin) => filled.find((one) => one < begin) ?? filled.at(-1);
