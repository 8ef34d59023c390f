// Numbers, durations and dates as people write them in each language.
import en from "./words-en.js";
import zh from "./words-zh.js";
import { state } from "./state.js";

export const words = () => (state.lang === "zh" ? zh : en);
const locale = () => (state.lang === "zh" ? "zh-CN" : "en-GB");
const SIGNS = { lt: "<", le: "≤", gt: ">", ge: "≥" };
const PARTS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);

/** What is nearly all says how nearly: 99.95 % and not 100 %. */
export const percent = (value, digits = value > 0.99 && value < 1 ? 4 : 1) =>
  new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: digits }).format(value);

/** Seconds in the two largest units that say something. */
export function duration(seconds) {
  const sign = seconds < 0 ? "−" : "";
  let left = Math.abs(seconds) < 60 ? Math.round(Math.abs(seconds)) : Math.round(Math.abs(seconds) / 60) * 60;
  const said = [];
  for (const [unit, size] of PARTS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || (unit === "second" && said.length === 0)) {
      const display = { style: "unit", unit, unitDisplay: state.lang === "zh" ? "short" : "narrow" };
      said.push(new Intl.NumberFormat(locale(), display).format(count));
      if (said.length === 2) break;
    } else if (said.length > 0) break;
  }
  return sign + said.join(" ");
}

/** A value in the unit of its KPI. */
export function value(amount, unit) {
  if (amount === null || amount === undefined) return null;
  if (unit === "seconds") return duration(amount);
  if (unit === "ratio") return percent(amount);
  if (unit === "money") return number(amount / 100, 2);
  return number(amount, unit === "cases" ? 0 : 2);
}

export const target = (wanted, unit) => `${SIGNS[wanted.comparator] ?? ""} ${value(wanted.value, unit)}`;

/** By what part it is more or less; what would be written as nothing is neither. */
export function change(part) {
  const whole = Math.round(part * 100);
  return `${whole > 0 ? "+" : whole < 0 ? "−" : "±"}${percent(Math.abs(whole) / 100)}`;
}

const shown = (instant, zone, options) =>
  new Intl.DateTimeFormat(locale(), { timeZone: zone, ...options }).format(new Date(instant));

export const moment = (instant, zone) =>
  shown(instant, zone, { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** From when until when, with the day of the week; the day is said once where it is one. */
export function span(begin, end, zone) {
  const whole = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false };
  const year = isoDay(new Date(begin), zone).slice(0, 4) === isoDay(new Date(), zone).slice(0, 4) ? {} : { year: "numeric" };
  const sameDay = isoDay(new Date(begin), zone) === isoDay(new Date(end), zone);
  const last = sameDay ? { hour: "2-digit", minute: "2-digit", hour12: false } : whole;
  return `${shown(begin, zone, { ...whole, ...year })} – ${shown(end, zone, last)}`;
}

/** To the second, for what comes in quick succession. */
export const exactly = (instant, zone) => shown(instant, zone, { dateStyle: "medium", timeStyle: "medium" });

export const day = (instant, zone) => shown(instant, zone, { year: "numeric", month: "short", day: "numeric" });

/** What a period is called. */
export function period(begin, grain, zone, short = false) {
  if (grain === "week") return day(begin, zone);
  if (grain === "quarter") {
    const [year, month] = isoDay(new Date(begin), zone).split("-").map(Number);
    const quarter = Math.floor((month - 1) / 3) + 1;
    return state.lang === "zh" ? `${year}年第${quarter}季度` : `Q${quarter} ${year}`;
  }
  return shown(begin, zone, { year: short ? "2-digit" : "numeric", month: short || state.lang === "zh" ? "short" : "long" });
}

/** The day there, as 2026-03-01. */
export const isoDay = (instant, zone) =>
  new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(instant);
