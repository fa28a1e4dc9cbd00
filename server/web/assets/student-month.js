/* The calendar of a month, and what is behind each day. */
import { get, path, post } from './api.js';
import { t } from './strings.js';
import { s } from './student-strings.js';
import { addDays, dateAt, dateTextLong, monthText, timeOf } from './time.js';
import { button, field, formDialog, h, loadInto, person, status, toast } from './ui.js';

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

function dayDialog(me, day) {
    return formDialog({
        title: dateTextLong(day.date),
        body: [
            h('p', {}, status(day.status)),
            h('p', {}, day.captured ? s.day.seen(timeOf(day.captured, true)) : s.day.notSeen, day.method && `, ${s.day.method[day.method] ?? day.method}`),
            day.corrected_by && h('p', {}, person(s.day.correctedBy(day.corrected_by, day.reason ?? ''))),
            h('div', {}, h('h3', {}, s.day.how), h('p', {}, day.points_text || s.day.noPoints, day.points > 0 && ` = ${day.points}`)),
            day.receipt && h('p', { class: 'muted' }, `${s.today.receipt} `, h('span', { class: 'mono' }, day.receipt)),
        ],
        submit: null,
        submitText: null,
        cancelText: s.day.close,
        actions: button(s.day.dispute, (event) => {
            event.currentTarget.closest('dialog').close();
            disputeDialog(me, day.date);
        }),
    });
}

function cell(me, day) {
    const number = h('span', { class: 'day-number' }, String(Number(day.date.slice(8))));
    const isToday = day.date === dateAt();
    if (!day.school && !day.status) return h('td', { class: 'closed', title: day.label }, number, day.label && h('span', { class: 'visually-hidden' }, day.label));
    if (!day.status || (day.status === 'none' && !isToday)) return h('td', {}, number);
    return h('td', { class: isToday ? 'is-today' : '' },
        h('button', { type: 'button', class: 'day', onclick: () => dayDialog(me, day), data: { keep: day.date } }, number, status(day.status, { text: false })));
}

function monthTable(me, answer) {
    const first = (new Date(`${answer.days[0].date}T00:00:00Z`).getUTCDay() + 6) % 7;
    const cells = [...Array(first).fill(null), ...answer.days];
    const weeks = [];
    for (let i = 0; i < cells.length; i += 7) weeks.push([...cells.slice(i, i + 7), ...Array(Math.max(0, i + 7 - cells.length)).fill(null)]);
    const names = [1, 2, 3, 4, 5, 6, 0].map((day) => h('th', { scope: 'col' }, h('abbr', { title: t.weekdaysLong[day] }, t.weekdays[day])));
    return h('table', { class: 'month' },
        h('caption', { class: 'visually-hidden' }, s.month.of(monthText(answer.month))),
        h('thead', {}, h('tr', {}, names)),
        h('tbody', {}, weeks.map((week) => h('tr', {}, week.map((day) => (day ? cell(me, day) : h('td', {})))))));
}

/** A card with the month; { node, load }. */
export function monthCard(me) {
    let month = dateAt().slice(0, 7);
    const title = h('span', { class: 'month-name', 'aria-live': 'polite' });
    const body = h('div', { class: 'month-place' });
    const load = () => {
        title.textContent = monthText(month);
        return loadInto(body, () => get(path('/api/students', me.student_id, 'attendance'), { month }), (answer) => monthTable(me, answer));
    };
    const step = (days) => () => {
        month = addDays(days < 0 ? `${month}-01` : `${month}-28`, days).slice(0, 7);
        load();
    };
    const legend = ['present', 'late', 'excused', 'absent', 'unjudged'].map((word) => status(word));
    const node = h('section', { class: 'card', 'aria-labelledby': 'month-title' },
        h('div', { class: 'card-head' }, h('h2', { id: 'month-title' }, s.month.title),
            h('div', { class: 'row' }, button('‹', step(-1), { kind: 'compact', 'aria-label': s.month.before }), title, button('›', step(4), { kind: 'compact', 'aria-label': s.month.after }))),
        body, h('div', { class: 'row legend small' }, legend), h('p', { class: 'muted small' }, s.month.hint));
    return { node, load };
}
