/*
 * The admin page: the frame around the sections, and which of them is shown. The address's hash says where one is
 * ("#students/S-0042?class=10-B"), so that back, forward and bookmarks work.
 *
 * A section is { id, admin, show(place, context) }; show fills the place and may return { update(route), leave() }.
 */
import { activity } from './admin-activity.js';
import { alertCount, alerts } from './admin-alerts.js';
import { exporting } from './admin-export.js';
import { throttle } from './admin-parts.js';
import { reports } from './admin-reports.js';
import { rolls } from './admin-rolls.js';
import { settings } from './admin-settings.js';
import { stations } from './admin-stations.js';
import { a } from './admin-strings.js';
import { students } from './admin-students.js';
import { today } from './admin-today.js';
import { users } from './admin-users.js';
import { get } from './api.js';
import { connection } from './connection.js';
import { Live } from './live.js';
import { begin, changePassword, signOut } from './session.js';
import { t } from './strings.js';
import { clockAt, dateAt, dateTextLong, isDate } from './time.js';
import { button, h, icon, menu, person, replace, toast } from './ui.js';

const SECTIONS = [today, rolls, students, activity, alerts, reports, stations, users, settings, exporting];

const live = new Live();
let me;
let sections;
let shown = null; // { section, handle, listeners }
let classList = null;
let stationList = null;

// ---- where we are ----------------------------------------------------------------------------------------------------

function decoded(text) {
    try {
        return decodeURIComponent(text);
    } catch {
        return null; // cut in the middle of a character, or no escape at all
    }
}

/** What the address says; what cannot be read of it is left out, and odd is true. */
export function readRoute() {
    const [path, query = ''] = location.hash.slice(1).split('?');
    const [section, ...rest] = path.split('/').map(decoded);
    const route = { section: section === '' ? 'today' : section, id: rest.includes(null) ? null : rest.join('/') || null, query: Object.fromEntries(new URLSearchParams(query)) };
    route.odd = rest.includes(null) || !SECTIONS.some((one) => one.id === route.section);
    if (route.query.date && !isDate(route.query.date)) {
        delete route.query.date;
        route.odd = true;
    }
    return route;
}

function hashOf({ section, id, query = {} }) {
    const params = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
    const tail = params.size > 0 ? `?${params}` : '';
    return `#${section}${id ? `/${encodeURIComponent(id)}` : ''}${tail}`;
}

function context(section, listeners) {
    return {
        me,
        live,
        isAdmin: me.role === 'admin',
        route: readRoute(),
        href: hashOf,
        go: (route) => { location.hash = hashOf({ section: section.id, ...route }); },
        /** Changes the address without a step for the back button. */
        note: (route) => history.replaceState(null, '', hashOf({ section: section.id, ...route })),
        classes,
        stationNames,
        /** Listens to the live stream until the section is left. */
        on: (name, fn) => {
            live.addEventListener(name, fn);
            listeners.push([name, fn]);
        },
        /** "changed" of one of these things, and everything that may have been missed. */
        onChanged: (whats, fn) => {
            const listen = (event) => whats.includes(event.detail.what) && fn(event.detail);
            const all = () => fn({});
            live.addEventListener('changed', listen);
            live.addEventListener('reset', all);
            listeners.push(['changed', listen], ['reset', all]);
        },
    };
}

/** All classes that this person may see; kept until they change. */
function classes() {
    classList ??= get('/api/classes').then((answer) => answer.items).catch((error) => {
        classList = null;
        throw error;
    });
    return classList;
}

/** Names of stations by id; without an answer, none: they are an addition only. */
function stationNames() {
    stationList ??= get('/api/stations').then((answer) => new Map(answer.items.map((one) => [one.id, one.name]))).catch(() => {
        stationList = null;
        return new Map();
    });
    return stationList;
}

// ---- the frame -------------------------------------------------------------------------------------------------------

function buildFrame() {
    const menuButton = h('button', { type: 'button', class: 'menu-button', 'aria-expanded': 'false', 'aria-controls': 'nav' }, icon('menu'), a.menu);
    const nav = h('nav', { id: 'nav', 'aria-label': a.sections }, h('ul', { class: 'plain' }, sections.map((section) =>
        h('li', {}, h('a', { href: `#${section.id}`, data: { section: section.id } }, icon(section.id), a.nav[section.id], section === alerts && h('span', { class: 'badge', id: 'alert-badge', hidden: true }))))));
    const openMenu = (open) => {
        nav.classList.toggle('open', open);
        menuButton.setAttribute('aria-expanded', String(open));
    };
    menuButton.addEventListener('click', () => openMenu(!nav.classList.contains('open')));
    nav.addEventListener('click', (event) => event.target.closest('a') && openMenu(false));
    document.addEventListener('keydown', (event) => {
        if (event.key !== 'Escape' || !nav.classList.contains('open')) return;
        openMenu(false);
        menuButton.focus();
    });

    const account = menu(
        h('summary', {}, h('span', { class: 'account-name' }, person(me.full_name || me.username))),
        h('div', { class: 'account-box card stack tight' },
            h('p', {}, h('strong', {}, person(me.full_name || me.username))),
            h('p', { class: 'muted small' }, `${me.username} · ${a.roles[me.role]}`),
            button(a.changePassword, async () => {
                if (await changePassword()) toast(t.change.done);
            }, { kind: 'quiet' }),
            button(a.signOut, signOut, { kind: 'quiet' })), { class: 'account' });

    const clock = h('time', { class: 'clock', title: me.school.timezone });
    const tick = () => {
        clock.textContent = clockAt();
        clock.dateTime = `${dateAt()}T${clockAt()}`;
        clock.setAttribute('aria-label', a.clock(clockAt(), dateTextLong(dateAt())));
    };
    tick();
    setInterval(tick, 5000);

    replace(document.getElementById('page'),
        h('header', { class: 'topbar no-print' },
            menuButton,
            h('a', { class: 'brand-link', href: '#today', 'aria-label': `${me.school.name || t.product}: ${a.nav.today}` }, h('img', { src: '/assets/icon.svg', alt: '', width: '28', height: '28' }), h('span', {}, person(me.school.name || t.product))),
            h('div', { class: 'grow' }), connection(live), clock, account),
        h('div', { class: 'layout' }, h('div', { class: 'side no-print' }, nav), h('main', { id: 'main', tabindex: '-1' })));

    document.querySelector('.skip-link').addEventListener('click', (event) => {
        event.preventDefault(); // the hash is the router's
        document.getElementById('main').focus();
    });
}

/** The number at Alerts in the menu. Without an answer it stays as it was. */
async function countAlerts() {
    const count = await alertCount().catch(() => null);
    if (count === null) return;
    const badge = document.getElementById('alert-badge');
    badge.hidden = count === '';
    replace(badge, count && [h('span', { 'aria-hidden': 'true' }, count), h('span', { class: 'visually-hidden' }, `, ${a.alerts.badge(count)}`)]);
}

// ---- sections --------------------------------------------------------------------------------------------------------

function leave() {
    if (!shown) return;
    for (const [name, fn] of shown.listeners) live.removeEventListener(name, fn);
    shown.handle?.leave?.();
    shown = null;
}

async function show(moved) {
    const route = readRoute();
    const section = sections.find((one) => one.id === route.section) ?? sections[0];
    if (route.odd) {
        history.replaceState(null, '', hashOf({ ...route, section: section.id }));
        toast(a.oddAddress, 'bad');
    }
    document.title = `${a.nav[section.id]} · ${t.product}`;
    for (const link of document.querySelectorAll('nav a[data-section]')) {
        if (link.dataset.section === section.id) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
    }
    if (shown?.section === section && shown.handle?.update) return shown.handle.update(route);
    leave();
    const main = document.getElementById('main');
    const place = h('div', { class: `section section-${section.id}` });
    replace(main, place);
    const listeners = [];
    shown = { section, listeners, handle: null };
    shown.handle = section.show(place, context(section, listeners)) ?? null;
    window.scrollTo(0, 0);
    if (moved) (place.querySelector('h1') ?? main).focus();
}

async function main() {
    me = await begin(['admin', 'coordinator']);
    sections = SECTIONS.filter((section) => !section.admin || me.role === 'admin');
    buildFrame();
    live.addEventListener('changed', (event) => {
        if (['classes', 'students'].includes(event.detail.what)) classList = null;
        if (event.detail.what === 'stations') stationList = null;
    });
    live.addEventListener('reset', () => {
        classList = null;
        stationList = null;
    });
    live.addEventListener('signed-out', () => get('/api/me').catch(() => {}));
    await live.start();
    const count = throttle(countAlerts, 3000);
    live.addEventListener('changed', (event) => ['alerts', 'roll'].includes(event.detail.what) && count());
    live.addEventListener('reset', count);
    count();
    window.addEventListener('hashchange', () => show(true));
    await show(false);
}

main().catch((error) => {
    replace(document.getElementById('page'), h('main', { class: 'centre', id: 'main' },
        h('div', { class: 'banner bad', role: 'alert' }, error.message, button(t.retry, () => location.reload()))));
});
