/*
 * Times as the school has them. The API gives instants with the school's offset, so their local part is read from the text
 * and the browser's zone never enters. The time now is the server's, carried on by the browser's clock.
 */
import { t } from './strings.js';

let skewMs = 0; // server's clock minus this browser's
let offsetMin = 0; // the school's, from UTC

function offsetOf(instant) {
    const match = /([+-])(\d\d):(\d\d)$/.exec(instant);
    if (!match) return 0; // "Z"
    return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3]));
}

/** Takes the server's time: of /api/me and of each greeting of the event stream. */
export function setNow(instant) {
    const ms = Date.parse(instant);
    if (Number.isNaN(ms)) return;
    skewMs = ms - Date.now();
    offsetMin = offsetOf(instant);
}

function schoolDate(ms) {
    return new Date(ms + skewMs + offsetMin * 60000); // read by its UTC parts
}

/** The school's date, "2026-11-23", and time of day, "08:51", at an instant of Date.now(). */
export function dateAt(ms = Date.now()) {
    return schoolDate(ms).toISOString().slice(0, 10);
}
export function clockAt(ms = Date.now()) {
    return schoolDate(ms).toISOString().slice(11, 16);
}

/** "08:51" or "08:51:40" of an instant of the API; "" without one. */
export function timeOf(instant, seconds = false) {
    return instant ? instant.slice(11, seconds ? 19 : 16) : '';
}
export function dayOf(instant) {
    return instant ? instant.slice(0, 10) : '';
}

function parts(date) {
    const [year, month, day] = date.split('-').map(Number);
    return { year, month, day, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
}

/** Is a text a day of the calendar, as the API writes it? */
export function isDate(text) {
    if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
    const ms = Date.parse(`${text}T00:00:00Z`);
    return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === text;
}

/** "Mon 23 Nov", with the year when it is not this one. */
export function dateText(date) {
    if (!date) return '';
    const { year, month, day, weekday } = parts(date);
    const text = `${t.weekdays[weekday]} ${day} ${t.months[month - 1]}`;
    return String(year) === dateAt().slice(0, 4) ? text : `${text} ${year}`;
}
/** "Monday, 23 November 2026" */
export function dateTextLong(date) {
    if (!date) return '';
    const { year, month, day, weekday } = parts(date);
    return `${t.weekdaysLong[weekday]}, ${day} ${t.monthsLong[month - 1]} ${year}`;
}
/** "November 2026" of "2026-11" */
export function monthText(month) {
    return `${t.monthsLong[Number(month.slice(5, 7)) - 1]} ${month.slice(0, 4)}`;
}
/** "08:51" when today, else "Mon 23 Nov 08:51" */
export function momentText(instant) {
    if (!instant) return '';
    const day = dayOf(instant);
    return day === dateAt() ? timeOf(instant) : `${dateText(day)} ${timeOf(instant)}`;
}
export function addDays(date, days) {
    const { year, month, day } = parts(date);
    return new Date(Date.UTC(year, month - 1, day + days)).toISOString().slice(0, 10);
}
/** "3 min ago" against the server's clock; the moment itself when that is more than a day. */
export function agoText(instant) {
    if (!instant) return '';
    const seconds = Math.max(0, Math.round((Date.now() + skewMs - Date.parse(instant)) / 1000));
    if (seconds < 60) return t.ago.seconds(seconds);
    if (seconds < 3600) return t.ago.minutes(Math.floor(seconds / 60));
    if (seconds < 86400) return t.ago.hours(Math.floor(seconds / 3600));
    return momentText(instant);
}
