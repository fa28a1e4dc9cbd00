/* "Why was nobody told?": a student and a day, and the rule's answer. */
import { a } from './admin-strings.js';
import { get } from './api.js';
import { addDays, dateAt, dateText, isDate } from './time.js';
import { button, debounce, field, h, loadInto, person, replace } from './ui.js';

const SEARCH_MS = 200;
const FOUND = 8;

function answerView(answer, student, context) {
    return h('div', { class: 'card stack' },
        h('h2', { tabindex: '-1' }, a.alerts.whyAs(student.name, dateText(answer.date))),
        h('p', { class: 'why-text' }, answer.text),
        !answer.evaluated && h('p', { class: 'muted' }, a.alerts.whyNotYet),
        answer.days.length > 0 && h('section', { class: 'stack tight' }, h('h3', {}, a.alerts.whyCounted), h('ul', { class: 'plain row' }, answer.days.map((day) =>
            h('li', {}, h('a', { class: 'tag', href: context.href({ section: 'rolls', query: { class: day.class_id, date: day.date } }) }, `${dateText(day.date)} · ${day.class_id}`))))),
        answer.alerts.length > 0 && h('section', { class: 'stack tight' }, h('h3', {}, a.alerts.whyAlerts), h('ul', { class: 'plain lines' }, answer.alerts.map((one) =>
            h('li', {}, h('a', { href: context.href({ section: 'alerts', id: one.id }) }, dateText(one.trigger_date)), h('span', { class: 'muted small' }, a.alerts.states[one.state] ?? ''))))));
}

/** Fills place; the student and the day stand in the address. */
export function whyView(place, context, query) {
    const yesterday = addDays(dateAt(), -1);
    const state = { student: query.student || '', date: query.date && isDate(query.date) ? query.date : yesterday };
    const search = h('input', { type: 'search', name: 'student', autocomplete: 'off', maxlength: '100' });
    const date = h('input', { type: 'date', name: 'date', value: state.date, max: yesterday });
    const found = h('div', {});
    const answer = h('div', { 'aria-live': 'polite' });
    let chosen = null;

    const ask = () => {
        if (!state.student) return;
        context.note({ query: { view: 'why', student: state.student, date: state.date === yesterday ? '' : state.date } });
        loadInto(answer, async () => {
            const [said, student] = await Promise.all([get('/api/alerts/why', state), chosen?.id === state.student ? chosen : get(`/api/students/${encodeURIComponent(state.student)}`)]);
            chosen = student;
            search.value ||= student.name;
            return said;
        }, (said) => answerView(said, chosen, context));
    };
    const choose = (student) => {
        chosen = student;
        state.student = student.id;
        search.value = student.name;
        replace(found);
        search.focus();
        ask();
    };
    const look = debounce(() => {
        const q = search.value.trim();
        if (q === '') return replace(found);
        return loadInto(found, () => get('/api/students', { q, limit: FOUND }), ({ items }) => items.length === 0
            ? h('p', { class: 'muted' }, a.alerts.whyNobody)
            : h('ul', { class: 'plain row', 'aria-label': a.alerts.whyFound }, items.map((one) => h('li', {}, button([person(one.name), h('span', { class: 'muted small' }, `${one.class_id} · ${one.id}`)], () => choose(one), { kind: 'compact' })))));
    }, SEARCH_MS);
    search.addEventListener('input', look);
    date.addEventListener('change', () => {
        if (!date.value) return;
        state.date = date.value;
        ask();
    });
    replace(place,
        h('p', {}, a.alerts.whyText),
        h('div', { class: 'toolbar' }, field(a.alerts.whyStudent, search, { class: 'search', hint: a.alerts.whyHint }), field(a.day, date)),
        found, answer);
    if (state.student) ask();
}
