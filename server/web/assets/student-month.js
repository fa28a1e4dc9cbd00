/* The calendar of a month, what is behind each day, and how the points of the month came about. */
import { get, path, post } from './api.js';
import { monthSteps, monthTable } from './month.js';
import { loadChanged } from './student-parts.js';
import { s } from './student-strings.js';
import { dateAt, dateText, dateTextLong, monthText, timeOf } from './time.js';
import { button, field, formDialog, h, person, status, toast } from './ui.js';

/** Asks what was wrong with a day, and sends it to the coordinator. */
export function disputeDialog(me, date) {
    const text = h('textarea', { name: 'text', required: true, maxlength: '200', rows: '3' });
    return formDialog({
        title: s.day.dispute,
        body: [h('p', {}, h('strong', {}, dateTextLong(date))), h('p', { class: 'muted' }, s.day.disputeHint), field(s.day.disputeText, text)],
        submitText: s.day.disputeGo,
        submit: async (form, close) => {
            await post(path('/api/students', me.student_id, 'disputes'), { date, text: text.value.trim() });
            toast(s.day.disputed);
            close(true);
        },
    });
}

/** Who changed a day and why; null when nobody did. */
export function correctionText(day) {
    return day.corrected_by && [s.day.correctedBy, ' ', person(day.corrected_by), day.reason && ': ', day.reason && person(day.reason)];
}

/** The points of a day and how each was earned; false when there are none to tell of. */
export function pointsText(day) {
    return Boolean(day.points) && [h('strong', { class: 'points' }, s.points.signed(day.points)), ' ', h('span', { class: 'muted' }, `= ${day.points_text}`)];
}

function dayDialog(me, day) {
    const seen = day.captured ? [s.day.seen(timeOf(day.captured, true)), day.method && `, ${s.day.method[day.method] ?? day.method}`] : s.day.notSeen;
    return formDialog({
        title: dateTextLong(day.date),
        body: [
            h('p', { class: 'day-status' }, status(day.status)),
            h('p', {}, seen),
            day.corrected_by && h('p', {}, correctionText(day)),
            h('div', {}, h('h3', {}, s.day.how), h('p', {}, pointsText(day) || s.day.noPoints)),
            day.receipt && h('p', { class: 'muted' }, `${s.today.receipt} `, h('span', { class: 'mono' }, day.receipt)),
        ],
        submit: null,
        submitText: null,
        cancelText: s.day.close,
        actions: [button(s.day.dispute, (event) => {
            event.currentTarget.closest('dialog').close();
            disputeDialog(me, day.date);
        }, { kind: 'quiet' })],
    });
}

const isJudged = (day) => day.status && (day.status !== 'none' || day.date === dateAt());

function cell(me, day, number) {
    const today = day.date === dateAt();
    const look = { class: today ? 'is-today' : '', 'aria-current': today ? 'date' : null };
    if (isJudged(day))
        return h('td', look, h('button', { type: 'button', class: `day ${day.status}`, onclick: () => dayDialog(me, day), data: { keep: day.date } }, number, status(day.status, { text: false })));
    const closed = !day.school && !day.status;
    return h('td', { ...look, class: `${look.class} ${closed ? 'closed' : ''}`, title: closed ? day.label : null }, number, closed && day.label && h('span', { class: 'visually-hidden' }, person(day.label)));
}

/** Days without school and half days, by name: on a phone nobody sees what hovers. */
function closures(days) {
    const named = days.filter((day) => day.label);
    return named.length > 0 && h('ul', { class: 'plain small' }, named.map((day) => h('li', {}, h('span', { class: 'muted' }, `${dateText(day.date)} · ${day.school ? `${s.month.halfDay} ` : ''}`), person(day.label))));
}

function pointsOfMonth(days, open) {
    const earned = days.filter((day) => day.points).reverse();
    if (earned.length === 0) return null;
    const sum = earned.reduce((total, day) => total + day.points, 0);
    return h('details', { class: 'points-list', open }, h('summary', { data: { keep: 'points' } }, s.points.ofMonth(sum)),
        h('ul', { class: 'plain' }, earned.map((day) => h('li', {}, h('span', { class: 'points-date' }, dateText(day.date)), status(day.status, { text: false }), h('span', { class: 'grow muted small' }, day.points_text), h('strong', { class: 'points' }, s.points.signed(day.points))))));
}

/** A card with the month; { node, load }. */
export function monthCard(me) {
    let month = dateAt().slice(0, 7);
    const title = h('span', { class: 'month-name', 'aria-live': 'polite' });
    const body = h('div', { class: 'month-place' });
    const listOpen = () => body.querySelector('details')?.open ?? false;
    const load = () => {
        title.textContent = monthText(month);
        return loadChanged(body, () => get(path('/api/students', me.student_id, 'attendance'), { month }), ({ days }) => [
            monthTable({ caption: s.month.of(monthText(month)), days, cell: (day, number) => cell(me, day, number) }),
            h('div', { class: 'row legend small', 'aria-hidden': 'true' }, ['present', 'late', 'excused', 'absent', 'unjudged'].map((word) => status(word))),
            closures(days),
            h('p', { class: 'muted small no-print' }, s.month.hint),
            pointsOfMonth(days, listOpen()),
        ]);
    };
    const go = (to) => {
        month = to;
        load();
    };
    const node = h('section', { class: 'card', 'aria-labelledby': 'month-title' },
        h('div', { class: 'card-head' }, h('h2', { id: 'month-title' }, s.month.title),
            monthSteps({ of: () => month, onchange: go, before: s.month.before, after: s.month.after, middle: title })),
        body);
    return { node, load };
}
