/* Parts that several sections of the admin page use. */
import { a } from './admin-strings.js';
import { keyMaker, path, post } from './api.js';
import { t } from './strings.js';
import { addDays, dateAt, dateText, dateTextLong, momentText, timeOf } from './time.js';
import { button, empty, field, formDialog, h, newId, person, select, status, toast } from './ui.js';

/** The heading of a section, with what one can do at its right. */
export function sectionHead(title, ...actions) {
    return h('div', { class: 'section-head' }, h('h1', { tabindex: '-1' }, title), actions.length > 0 && h('div', { class: 'row no-print' }, actions));
}

/** A select of classes; onchange(id, "" for all). */
export function classSelect(classes, value, onchange, { all = true } = {}) {
    const options = classes.map((one) => [one.id, one.id]);
    const node = select('class', all ? [['', a.allClasses], ...options] : options, { value: value ?? '' });
    node.addEventListener('change', () => onchange(node.value));
    return node;
}

/** A day with steps to the day before and after; onchange("2026-11-23"). */
export function dayField(value, onchange) {
    const input = h('input', { type: 'date', value, max: addDays(dateAt(), 366) });
    const back = button(a.today, () => set(dateAt()), { kind: 'quiet compact' });
    const set = (date) => {
        input.value = date;
        back.hidden = date === dateAt();
        onchange(date);
    };
    back.hidden = value === dateAt();
    input.addEventListener('change', () => input.value && set(input.value));
    const id = newId('day');
    input.id = id;
    return h('div', { class: 'field day-field' }, h('label', { for: id }, a.day),
        h('div', { class: 'row tight-row' },
            button('‹', () => set(addDays(input.value || dateAt(), -1)), { 'aria-label': a.dayBefore, class: 'step' }),
            input,
            button('›', () => set(addDays(input.value || dateAt(), 1)), { 'aria-label': a.dayAfter, class: 'step' }),
            back));
}

/** What to do in a school that has no class yet. */
export function noClasses(context) {
    if (!context.isAdmin) return empty(a.todayPage.noClasses, a.todayPage.noClassesText);
    return empty(a.todayPage.noClasses, a.todayPage.noClassesAdmin, h('a', { class: 'button', href: '#settings' }, a.todayPage.toSettings), h('a', { class: 'button', href: '#students' }, a.todayPage.toImport));
}

export function percent(rate) {
    return rate === null || rate === undefined ? '–' : `${(rate * 100).toFixed(rate === 1 ? 0 : 1)} %`;
}

/** How a session stands, in a sentence. */
export function sessionText(session) {
    if (!session) return a.session.noSchool;
    if (session.state === 'open') return a.session.open(timeOf(session.start), timeOf(session.late_after), timeOf(session.close));
    if (session.state === 'unjudged') return a.session.unjudged(session.able_min, session.window_min);
    return session.closed_by ? a.session.closedBy(session.closed_by) : a.session.closed;
}

/** The stations that a session waits for: "station Gate has not reported anything yet; and 2 more." */
export function silentText({ stations, station_count }) {
    const named = stations.map((one) => a.session.silent(one.name ?? one.id, one.last_event && momentText(one.last_event)));
    const more = station_count - stations.length;
    return `${[...named, more > 0 && a.session.moreSilent(more)].filter(Boolean).join('; ')}.`;
}

/** What is said of a roll on a day that is no school day, and that holds what was seen then. */
export function offText(roll) {
    return [roll.no_school && [person(roll.no_school), ' · '], a.session.noMeeting];
}

/** Whom a line of a roll or of the feed is about; of those who were erased only the number is left. */
export function nameOf(item) {
    return item.name || item.student_id;
}

/** Why an activity was noted. A dispute's reason begins with its day, as a machine writes it. */
export function reasonText(item) {
    const dated = item.kind === 'dispute' && /^(\d{4}-\d\d-\d\d) (.*)$/s.exec(item.reason ?? '');
    return dated ? `${dateText(dated[1])}: ${dated[2]}` : item.reason ?? '';
}

/** A number under its word. */
export function figure(word, value, { kind = '', sub, shape } = {}) {
    return h('div', { class: `figure ${kind}` },
        h('dt', {}, shape && h('span', { class: `status ${kind}` }, h('span', { class: 'shape', 'aria-hidden': 'true' }, shape)), word),
        h('dd', {}, h('strong', {}, String(value)), sub && h('span', { class: 'muted small' }, sub)));
}

/**
 * A bar from 0 to max with a line where the limit is, and both as words. limit: { value, most: true } must be at most,
 * else at least.
 */
export function scoreBar(word, value, max, limit, digits = 2) {
    const share = (number) => `${Math.max(0, Math.min(1, number / max)) * 100}%`;
    const fill = h('span', { class: 'fill' });
    fill.style.width = share(value);
    const bar = h('span', { class: 'score-bar', 'aria-hidden': 'true' }, fill);
    let words = value.toFixed(digits);
    if (limit) {
        const line = h('span', { class: 'limit' });
        line.style.insetInlineStart = share(limit.value);
        bar.append(line);
        bar.classList.add((limit.most ? value <= limit.value : value >= limit.value) ? 'fits' : 'misses');
        words = (limit.most ? a.scores.atMost : a.scores.atLeast)(value.toFixed(digits), limit.value.toFixed(digits));
    }
    return h('div', { class: 'score' }, h('span', { class: 'score-word' }, word), bar, h('span', { class: 'score-value' }, words));
}

const CORRECTIONS = ['present', 'late', 'excused', 'absent'];

/** A choice of what a correction may say. */
function statusChoice(name, value) {
    return h('fieldset', { class: 'status-choice' }, h('legend', {}, a.correct.status), h('div', { class: 'choices' }, CORRECTIONS.map((word) =>
        h('label', { class: 'choice' }, h('input', { type: 'radio', name, value: word, checked: word === value }), status(word)))));
}

/**
 * Asks what a day should say and why, and sends it. item: { student_id, name, status, captured, reason, corrected_by }.
 * Resolves with the new item, null when nothing was changed.
 */
export function correctDialog({ item, classId, date, preset }) {
    const keyOf = keyMaker();
    const reason = h('textarea', { name: 'reason', required: true, maxlength: '200', rows: '2' });
    const suggest = a.correct.reasons.map((text) => button(text, () => {
        reason.value = text;
        reason.focus();
    }, { kind: 'compact' }));
    return formDialog({
        title: a.correct.title,
        body: [
            h('p', {}, h('strong', {}, person(nameOf(item))), ` · ${classId} · ${dateTextLong(date)}`),
            h('p', { class: 'muted' }, a.correct.now, ' ', status(item.status), item.captured && ` · ${a.correct.seen(momentText(item.captured))}`),
            item.corrected_by && h('p', { class: 'muted' }, a.correct.before, ' ', person(item.corrected_by), ': ', person(item.reason)),
            statusChoice('status', preset ?? (item.status === 'present' ? 'late' : 'present')),
            field(a.correct.reason, reason, { hint: a.correct.reasonHint }),
            h('div', { class: 'row' }, suggest),
        ],
        submitText: a.correct.go,
        submit: async (form, close) => {
            const said = { student_id: item.student_id, status: form.elements.status.value, reason: reason.value.trim() };
            const answer = await post(path('/api/rolls', classId, date, 'corrections'), said, { key: keyOf(said) });
            toast(a.correct.done);
            close(answer);
        },
    });
}

/** What is shown once and never again: a code, a one-time password. lines: nodes below it. */
export function showOnce({ title, text, secret, lines = [] }) {
    const copy = button(a.copy, async () => {
        try {
            await navigator.clipboard.writeText(secret);
            copy.textContent = a.copied;
        } catch {
            copy.textContent = a.copyByHand; // no clipboard without HTTPS
        }
    }, { kind: 'compact' });
    return formDialog({
        title,
        body: [h('p', {}, text), h('div', { class: 'secret' }, h('output', { class: 'mono', tabindex: '0' }, secret), copy), lines],
        submit: null,
        submitText: null,
        cancelText: a.seenIt,
    });
}

/** A choice of things to do with one thing. items: [{ text, hint, danger, run }], falsy ones left out; runs the chosen one. */
export async function chooseDialog(title, items) {
    let chosen = null;
    await formDialog({
        title,
        body: h('div', { class: 'choice-list' }, items.filter(Boolean).map((item) => h('button', {
            type: 'button',
            class: item.danger ? 'danger' : '',
            onclick: (event) => {
                chosen = item;
                event.currentTarget.closest('dialog').close();
            },
        }, item.text, item.hint && h('span', { class: 'muted small' }, item.hint)))),
        submit: null,
        submitText: null,
        cancelText: t.close,
    });
    await chosen?.run();
}

/** Calls fn now, then not more often than every ms; the last call is never lost. */
export function throttle(fn, ms) {
    let timer = null;
    let again = false;
    const run = () => {
        again = false;
        fn();
        timer = setTimeout(() => {
            timer = null;
            if (again) run();
        }, ms);
    };
    return () => {
        if (timer) again = true;
        else run();
    };
}
