/*
 * The activity log as a queue to review. j and k move, Enter opens; each line is a button, so that Tab and a screen reader
 * walk the same way.
 */
import { reasonText, sectionHead } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get, path, post } from './api.js';
import { momentText, timeOf } from './time.js';
import { t } from './strings.js';
import { attempt, button, empty, field, formDialog, h, loadInto, person, replace, select, toast } from './ui.js';

const PAGE = 50;
const STATES = ['open', 'confirmed', 'dismissed', 'all'];

function stateTag(item) {
    const kind = { open: 'warn', confirmed: 'bad', dismissed: '' }[item.state];
    return h('span', { class: `tag ${kind}` }, a.activity.states[item.state]);
}

function span(item) {
    const from = momentText(item.at);
    return !item.ended || from.endsWith(timeOf(item.ended)) ? from : `${from} – ${timeOf(item.ended)}`;
}

function details(item, context) {
    const fact = (word, value) => value && [h('dt', {}, word), h('dd', {}, value)];
    const student = (id, name) => id && h('a', { href: context.href({ section: 'students', id }) }, person(name || id));
    return h('dl', { class: 'facts' },
        fact(a.activity.when, span(item)),
        fact(a.station.word, item.station && person(item.station)),
        fact(a.activity.student, student(item.student_id, item.student)),
        fact(a.activity.other, student(item.other_id, item.other_id)),
        fact(a.scores.match, item.distance !== null && item.distance !== undefined && item.distance.toFixed(2)),
        fact(a.activity.reason, item.reason && person(reasonText(item))),
        fact(a.activity.reviewed, item.reviewed_by && h('span', {}, person(item.reviewed_by), ` · ${momentText(item.reviewed_at)}`)));
}

/** Resolves with the reviewed item, null when cancelled. */
function reviewDialog(item, context) {
    const note = h('textarea', { name: 'note', maxlength: '250', value: item.note ?? '' });
    const choice = h('fieldset', { class: 'status-choice' }, h('legend', {}, a.activity.decide), h('div', { class: 'choices' }, ['confirmed', 'dismissed', 'open'].map((word, i) =>
        h('label', { class: 'choice' }, h('input', { type: 'radio', name: 'state', value: word, checked: item.state === 'open' ? i === 0 : item.state === word, autofocus: i === 0 }), h('span', {}, a.activity.verbs[word])))));
    return formDialog({
        title: a.kinds[item.kind] ?? item.kind,
        body: [h('p', { class: 'muted' }, a.kindHints[item.kind]), details(item, context), choice, field(a.activity.note, note)],
        submit: async (form, close) => {
            const answer = await post(path('/api/activity', item.feed, 'review'), { state: form.elements.state.value, note: note.value.trim() });
            toast(a.saved);
            close(answer);
        },
    });
}

function line(item, open) {
    return h('li', {}, h('button', { type: 'button', class: 'queue-item', data: { feed: item.feed }, onclick: open },
        h('time', { class: 'muted', datetime: item.at }, momentText(item.at)),
        h('span', { class: 'grow' }, h('strong', {}, a.kinds[item.kind] ?? item.kind), item.student && [' · ', person(item.student)],
            item.reason && h('span', { class: 'muted queue-reason' }, person(reasonText(item))), item.note && h('span', { class: 'muted queue-reason' }, `${a.activity.note}: `, person(item.note))),
        item.station && h('span', { class: 'muted wide-only' }, person(item.station)),
        stateTag(item)));
}

function show(place, context) {
    const { query } = context.route;
    const state = { state: STATES.includes(query.state) ? query.state : 'open', kind: query.kind || '', station: query.station || '' };
    const body = h('div', { class: 'stack' });
    const list = h('ul', { class: 'plain queue' });
    const fresh = h('div', { role: 'status' });
    const filters = h('div', { class: 'toolbar' });

    const items = () => [...list.querySelectorAll('.queue-item')];
    const step = (by) => {
        const all = items();
        if (all.length === 0) return;
        const at = all.indexOf(document.activeElement);
        (all[at + by] ?? (at < 0 ? all[0] : all[at])).focus();
    };
    const review = async (item, li) => {
        const answer = await reviewDialog(item, context);
        if (!answer) return;
        const following = li.nextElementSibling ?? li.previousElementSibling;
        if (state.state !== 'all' && answer.state !== state.state) {
            li.remove();
            (following?.querySelector('.queue-item') ?? place.querySelector('h1')).focus();
            if (items().length === 0) load();
        } else {
            const changed = make({ ...item, ...answer });
            li.replaceWith(changed);
            changed.querySelector('.queue-item').focus();
        }
    };
    const make = (item) => {
        const li = line(item, () => review(item, li));
        return li;
    };

    const load = () => {
        replace(fresh);
        return loadInto(body, () => get('/api/activity', { ...state, limit: PAGE }), (first) => {
            replace(list, first.items.map(make));
            if (first.items.length === 0) return empty(a.activity.none[state.state === 'open' ? 'open' : 'other'], state.kind || state.station ? a.activity.noneFilter : '');
            let before = first.next;
            const more = button(t.more, () => attempt(async () => {
                const page = await get('/api/activity', { ...state, limit: PAGE, before });
                const made = page.items.map(make);
                list.append(...made);
                made[0]?.querySelector('button').focus();
                before = page.next;
                if (!before) more.remove();
            }, more));
            return [list, before && h('div', { class: 'row' }, more)];
        });
    };
    const pick = (change) => {
        Object.assign(state, change);
        context.note({ query: state });
        load();
    };
    const filter = (name, options) => {
        const node = select(name, options, { value: state[name] });
        node.addEventListener('change', () => pick({ [name]: node.value }));
        return node;
    };
    const keys = (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
        if (event.key === 'j') step(1);
        else if (event.key === 'k') step(-1);
    };
    document.addEventListener('keydown', keys);

    const stationPlace = h('div', { class: 'field' });
    replace(filters,
        field(a.activity.state, filter('state', STATES.map((word) => [word, a.activity.states[word]]))),
        field(a.activity.kind, filter('kind', [['', a.activity.allKinds], ...Object.entries(a.kinds)])),
        stationPlace);
    get('/api/stations').then((answer) => replace(stationPlace, ...field(a.station.word, filter('station', [['', a.activity.allStations], ...answer.items.map((one) => [one.id, one.name])])).childNodes), () => {});

    replace(place, sectionHead(a.nav.activity),
        h('p', { class: 'muted wide-only' }, h('kbd', {}, 'j'), ' ', h('kbd', {}, 'k'), ` ${a.activity.keysMove} `, h('kbd', {}, 'Enter'), ` ${a.activity.keysOpen}`),
        filters, fresh, body);
    load();
    let waiting = 0;
    const announce = () => {
        waiting += 1;
        replace(fresh, h('div', { class: 'banner info' }, h('span', { class: 'grow' }, a.activity.fresh(waiting)), button(a.activity.showFresh, () => {
            waiting = 0;
            load();
        }, { kind: 'compact' })));
    };
    context.on('activity', (event) => {
        if (state.state !== 'confirmed' && state.state !== 'dismissed' && (!state.kind || event.detail.kind === state.kind) && (!state.station || event.detail.station_id === state.station)) announce();
    });
    context.on('reset', load);
    return { leave: () => document.removeEventListener('keydown', keys) };
}

export const activity = { id: 'activity', show };
