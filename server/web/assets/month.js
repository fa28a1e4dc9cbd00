/* A month as a table, Monday first, and the steps to others. */
import { t } from './strings.js';
import { addDays } from './time.js';
import { button, h } from './ui.js';

const WEEK = [1, 2, 3, 4, 5, 6, 0];
const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/* Arrows go from day to day, over those that cannot be chosen. */
function goByArrow(event) {
    const step = STEPS[event.key];
    const from = event.target.closest?.('button[data-keep]')?.dataset.keep;
    if (!step || !from) return;
    event.preventDefault();
    for (let date = addDays(from, step), i = 0; i < 31; date = addDays(date, step), i++) {
        const found = event.currentTarget.querySelector(`button[data-keep="${date}"]`);
        if (found) return found.focus();
    }
}

/** days: all of a month, in order. cell(day, number) → the td of a day; what can be chosen in it has data-keep = its date. */
export function monthTable({ caption, days, cell }) {
    const blanks = (new Date(`${days[0].date}T00:00:00Z`).getUTCDay() + 6) % 7;
    const cells = [
        ...Array.from({ length: blanks }, () => h('td', {})),
        ...days.map((day) => cell(day, h('span', { class: 'day-number' }, String(Number(day.date.slice(8)))))),
    ];
    const weeks = [];
    while (cells.length > 0) weeks.push(h('tr', {}, cells.splice(0, 7)));
    return h('table', { class: 'month', onkeydown: goByArrow },
        h('caption', { class: 'visually-hidden' }, caption),
        h('thead', {}, h('tr', {}, WEEK.map((day) => h('th', { scope: 'col', abbr: t.weekdaysLong[day] }, t.weekdays[day])))),
        h('tbody', {}, weeks));
}

/** Buttons to the month before and after, round middle if there is one; onchange("2026-10"). of(): the month that is shown. */
export function monthSteps({ of, onchange, before, after, middle }) {
    const step = (date) => () => onchange(date(of()).slice(0, 7));
    return h('div', { class: 'row' },
        button('‹', step((month) => addDays(`${month}-01`, -1)), { kind: 'compact', 'aria-label': before }), middle,
        button('›', step((month) => addDays(`${month}-28`, 4)), { kind: 'compact', 'aria-label': after }));
}
