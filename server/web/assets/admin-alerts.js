/* Alerts: who was absent too long, whom it was told and how that went; classes that wait; letters; "why was nobody told?" */
import { alertPanel } from './admin-alert.js';
import { alertTag, inOrder, loadAlerts, messageStatus, providerBanners, recipient, stoppedTag, studentName } from './admin-alert-parts.js';
import { whyView } from './admin-alert-why.js';
import { lettersView } from './admin-letters.js';
import { classSelect, sectionHead, silentText, throttle } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get } from './api.js';
import { t } from './strings.js';
import { dateText, momentText } from './time.js';
import { busyWith, button, empty, field, h, loadInto, person, replace, select, table } from './ui.js';

const PAGE = 50;
const VIEWS = ['list', 'letters', 'why'];

// ---- classes that wait -----------------------------------------------------------------------------------------------

function heldText(one) {
    return a.alerts.heldOf[one.why](one.class_id, dateText(one.date), silentText(one));
}

function heldCard(items, context) {
    if (items.length === 0) return null;
    return h('section', { class: 'card stack tight', 'aria-labelledby': 'held-title' },
        h('h2', { id: 'held-title' }, `${a.alerts.held} (${items.length})`), h('p', { class: 'muted small' }, a.alerts.heldText),
        h('ul', { class: 'plain lines held' }, items.map((one) => h('li', {},
            h('span', { class: 'row' }, h('span', { class: 'status unjudged' }, h('span', { class: 'shape', 'aria-hidden': 'true' }, t.shape.unjudged)), h('span', { class: 'grow' }, heldText(one))),
            h('a', { class: 'nowrap', href: context.href({ section: 'rolls', query: { class: one.class_id, date: one.date } }), 'aria-label': a.alerts.openRollOf(one.class_id, dateText(one.date)) }, a.alerts.openRoll)))));
}

// ---- the list --------------------------------------------------------------------------------------------------------

function toldCell(alert) {
    return h('ul', { class: 'plain stack tight' }, inOrder(alert.messages).map((message) => h('li', { class: 'row told' },
        messageStatus(message.state), h('span', { class: 'small' }, recipient(message)), h('span', { class: 'muted small' }, momentText(message.since)), stoppedTag(alert, message))));
}

function listView(place, context, state) {
    const list = h('div', { class: 'stack' });
    const classPlace = h('div', { class: 'field' });
    let shown = PAGE;
    const query = () => ({ state: state.state || 'open', message: state.message, class: state.class });
    const load = () => loadInto(list, async () => {
        const [page, settings] = await Promise.all([loadAlerts(query(), shown), get('/api/settings')]);
        return { ...page, settings };
    }, ({ items, next, settings }) => {
        if (items.length === 0)
            return h('div', { class: 'card' }, query().state === 'open' && !state.message && !state.class
                ? empty(a.alerts.noneOpen, a.alerts.noneOpenText(settings.alert_days, settings.alert_repeat_days))
                : empty(a.alerts.none, a.alerts.noneText));
        return [table({
            caption: a.nav.alerts,
            rows: items,
            row: (alert, tr) => {
                tr.dataset.row = alert.id;
                tr.classList.toggle('selected', alert.id === state.id);
            },
            columns: [
                { title: a.alerts.student, head: true, cell: (alert) => [h('a', { href: context.href({ section: 'alerts', id: alert.id, query: state.query() }), data: { alert: alert.id, keep: alert.id } }, person(studentName(alert))), h('div', { class: 'muted small' }, alert.class_id), h('div', { class: 'narrow-only small' }, dateText(alert.trigger_date)), h('div', { class: 'narrow-only' }, alertTag(alert))] },
                { title: a.alerts.lastDay, class: 'wide-only', cell: (alert) => [dateText(alert.trigger_date), h('div', { class: 'muted small' }, a.alerts.days(alert.absent))] },
                { title: a.alerts.told, cell: toldCell },
                { title: a.state, class: 'wide-only', cell: alertTag },
            ],
        }), next && h('div', { class: 'row' }, moreButton(items.length))];
    });
    const moreButton = (had) => {
        const more = button(t.more, () => busyWith(more, async () => {
            shown = had + PAGE;
            await load();
            list.querySelectorAll('[data-alert]')[had]?.focus();
        }), { data: { keep: 'more-alerts' } });
        return more;
    };
    const changed = () => {
        context.note({ id: state.id, query: state.query() });
        shown = PAGE;
        load();
    };
    const stateSelect = select('state', Object.entries(a.alerts.filter), { value: state.state || 'open' });
    const messageSelect = select('message', [['', a.alerts.anyMessage], ...Object.entries(a.alerts.message_states)], { value: state.message });
    stateSelect.addEventListener('change', () => {
        state.state = stateSelect.value === 'open' ? '' : stateSelect.value;
        changed();
    });
    messageSelect.addEventListener('change', () => {
        state.message = messageSelect.value;
        changed();
    });
    context.classes().then((all) => replace(classPlace, ...field(a.class, classSelect(all, state.class, (id) => {
        state.class = id;
        changed();
    })).childNodes), () => {});
    replace(place, h('div', { class: 'toolbar' }, field(a.showOnly, stateSelect), field(a.alerts.message, messageSelect), classPlace), list);
    load();
    return { load, focus: (id) => (list.querySelector(`[data-alert="${CSS.escape(id ?? '')}"]`) ?? stateSelect).focus(), mark: () => {
        for (const tr of list.querySelectorAll('tr[data-row]')) tr.classList.toggle('selected', tr.dataset.row === state.id);
    } };
}

// ---- the section -----------------------------------------------------------------------------------------------------

function show(place, context) {
    const { query, id } = context.route;
    const state = {
        view: VIEWS.includes(query.view) ? query.view : 'list', state: query.state || '', message: query.message || '', class: query.class || '', id,
        query: () => ({ view: state.view === 'list' ? '' : state.view, state: state.state, message: state.message, class: state.class }),
    };
    const notes = h('div', { class: 'stack no-print' });
    const views = h('div', { class: 'no-print' });
    const main = h('div', { class: 'stack' });
    const side = h('aside', { class: 'panel', 'aria-label': a.alerts.panel, hidden: true });
    let panel = null;
    let view = null; // { load } of what is shown
    replace(place, h('div', { class: 'no-print' }, sectionHead(a.nav.alerts)), notes, views,
        h('div', { class: 'students-columns' }, h('div', { class: 'stack students-list' }, main), side));

    const loadNotes = () => loadInto(notes, () => Promise.all([get('/api/settings'), get('/api/alerts/held')]),
        ([settings, held]) => [providerBanners(settings, context), heldCard(held.items, context)].flat().filter(Boolean));
    const open = (to, moved) => {
        const from = state.id;
        state.id = to;
        view?.mark?.();
        panel?.leave();
        panel = null;
        side.hidden = !to;
        place.classList.toggle('with-panel', Boolean(to));
        replace(side);
        if (!to) return moved && view?.focus?.(from);
        panel = alertPanel(side, context, to, { close: () => context.go({ query: state.query() }), changed: () => view?.load() });
        if (moved) side.scrollIntoView({ block: 'nearest' });
    };
    const showView = (name, given) => {
        state.view = name;
        replace(views, h('nav', { class: 'views', 'aria-label': a.alerts.views }, VIEWS.map((one) =>
            h('a', { href: context.href({ section: 'alerts', query: { view: one === 'list' ? '' : one } }), 'aria-current': one === name ? 'page' : null }, a.alerts.view[one]))));
        replace(main);
        if (name === 'list') {
            view = listView(main, context, state);
        } else if (name === 'letters') {
            view = { load: lettersView(main, context) };
        } else {
            whyView(main, context, given);
            view = { load: () => {} };
        }
    };
    showView(state.view, query);
    open(state.id, false);
    loadNotes();
    const soon = throttle(() => {
        loadNotes();
        view.load();
    }, 1500);
    context.onChanged(['alerts', 'settings', 'students'], soon);
    context.onChanged(['roll', 'stations'], throttle(loadNotes, 5000));
    return {
        update: (next) => {
            const to = VIEWS.includes(next.query.view) ? next.query.view : 'list';
            if (to !== state.view || (to === 'why' && next.query.student)) showView(to, next.query);
            if (next.id !== state.id) open(next.id, true);
        },
        leave: () => panel?.leave(),
    };
}

/** How many alerts and classes wait to be looked at, "" none, "9+" beyond nine. */
export async function alertCount() {
    const [open, held] = await Promise.all([get('/api/alerts', { state: 'open', limit: 10 }), get('/api/alerts/held')]);
    const count = open.items.length + held.items.length;
    return count === 0 ? '' : count > 9 ? '9+' : String(count);
}

export const alerts = { id: 'alerts', show };
