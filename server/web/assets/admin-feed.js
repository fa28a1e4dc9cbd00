/*
 * What happens now: marks, corrections and activities as lines, newest on top. It starts with what the day's rolls and the
 * activity log know. New lines are read out in one sentence now and then, not one by one.
 */
import { nameOf, reasonText } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get } from './api.js';
import { t } from './strings.js';
import { dateAt, dayOf, timeOf } from './time.js';
import { debounce, h, person, replace, status } from './ui.js';

const LINES_MAX = 60;
const CLASSES_AT_START = 8;
const READ_OUT_MS = 1500;

function line({ key, at, what, who, text, link }) {
    return h('li', { data: { key, at } }, h('time', { datetime: at, class: 'muted' }, timeOf(at)), what,
        h('span', { class: 'grow' }, link ? h('a', { href: link }, person(who)) : who && person(who), text && h('span', { class: 'muted' }, who ? ` ${text}` : text)));
}

const warning = () => h('span', { class: 'status late' }, h('span', { class: 'shape', 'aria-hidden': 'true' }, '!'));

export function feedCard(context, view) {
    const title = h('h2', { id: 'feed-title' }, a.feed.title);
    const list = h('ol', { class: 'plain feed-lines' });
    const hint = h('p', { class: 'muted' }, a.feed.empty);
    const spoken = h('div', { class: 'visually-hidden', role: 'log', 'aria-live': 'polite' });
    const node = h('section', { class: 'card feed', 'aria-labelledby': 'feed-title' },
        h('div', { class: 'card-head' }, title), hint, h('div', { class: 'feed-scroll', tabindex: '0', role: 'group', 'aria-label': a.feed.title }, list), spoken);

    let unsaid = [];
    const readOut = debounce(() => {
        spoken.textContent = unsaid.length > 3 ? a.feed.many(unsaid.length, unsaid.at(-1)) : unsaid.join('. ');
        unsaid = [];
    }, READ_OUT_MS);

    const studentLink = (id) => context.href({ section: 'students', id });
    const lineOf = {
        mark: (data) => ({ key: `mark ${data.student_id} ${data.captured}`, at: data.captured, what: status(data.status, { text: false }), who: nameOf(data), link: studentLink(data.student_id), text: a.feed.mark(t.status[data.status], data.points, data.class_id) }),
        correction: (data) => ({ key: `correction ${data.student_id} ${data.at}`, at: data.at, what: status(data.status, { text: false }), who: nameOf(data), link: studentLink(data.student_id), text: a.feed.correction(t.status[data.status], data.by, data.class_id) }),
        activity: (data) => ({ key: `activity ${data.feed}`, at: data.at, what: warning(), who: data.student || data.student_id || '', link: data.student_id && studentLink(data.student_id), text: a.feed.activity(a.kinds[data.kind] ?? data.kind, data.station, reasonText(data)) }),
    };
    /* What is loaded may come live as well: each thing is one line. */
    const put = (item) => {
        const lines = [...list.children];
        if (lines.some((other) => other.dataset.key === item.key)) return false;
        list.insertBefore(line(item), lines.find((other) => other.dataset.at <= item.at) ?? null);
        while (list.children.length > LINES_MAX) list.lastChild.remove();
        hint.hidden = true;
        return true;
    };
    const fits = (data, at) => dayOf(at) === view().date && (!view().class || !data.class_id || data.class_id === view().class);
    const take = (kind) => (event) => {
        const item = lineOf[kind](event.detail);
        if (!fits(event.detail, item.at)) return;
        if (!put(item)) return;
        unsaid.push(`${item.who ? `${item.who} ` : ''}${item.text}`);
        readOut();
    };
    for (const kind of Object.keys(lineOf)) context.on(kind, take(kind));

    let turn = 0;
    const restart = () => {
        const { date } = view();
        replace(list);
        hint.hidden = false;
        title.textContent = date === dateAt() ? a.feed.title : a.feed.titleDay;
        hint.textContent = date === dateAt() ? a.feed.empty : a.feed.emptyDay;
        return fill();
    };
    /* Adds what the server knows to what is there: a correction that was seen live is in no list. */
    const fill = async () => {
        const mine = ++turn;
        const { date } = view();
        const one = view().class;
        const found = await begin(date, one);
        if (mine !== turn) return;
        for (const item of found.sort((x, y) => (x.at < y.at ? 1 : -1)).slice(0, LINES_MAX)) put(item);
    };
    const begin = async (date, one) => {
        try {
            const ids = one ? [one] : (await get('/api/stats', { date })).classes.filter((row) => row.present + row.late > 0).slice(0, CLASSES_AT_START).map((row) => row.id);
            const rolls = await Promise.all(ids.map((id) => get('/api/rolls', { date, class: id })));
            const activity = await get('/api/activity', { state: 'all', limit: 30 });
            return [
                ...rolls.flatMap((roll) => roll.items.filter((item) => item.captured && dayOf(item.captured) === date)
                    .map((item) => lineOf.mark({ ...item, class_id: roll.class_id }))),
                ...activity.items.filter((item) => dayOf(item.at) === date).map((item) => lineOf.activity(item)),
            ];
        } catch {
            return []; // the numbers above say what is wrong; new lines still come
        }
    };
    context.on('reset', fill);
    restart();
    return { node, restart };
}
