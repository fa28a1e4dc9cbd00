/* Stations: how each is, and for administrators adding, pairing, changing and revoking them. */
import { clockText, stationTags } from './admin-camera.js';
import { chooseDialog, sectionHead, showOnce, throttle } from './admin-parts.js';
import { a } from './admin-strings.js';
import { get, patch, path, post } from './api.js';
import { momentText, timeOf } from './time.js';
import { attempt, button, check, confirmDialog, empty, field, formDialog, h, loadInto, person, replace, table, toast } from './ui.js';

/** Checkboxes of classes; read with checkedClasses. */
export function classChecks(classes, chosen) {
    return h('fieldset', {}, h('legend', {}, a.classes), classes.length === 0 ? h('p', { class: 'muted' }, a.todayPage.noClasses) :
        h('div', { class: 'checks' }, classes.map((one) => check(one.id, { name: 'classes', value: one.id, checked: chosen.includes(one.id) }))));
}
export function checkedClasses(form) {
    return [...form.querySelectorAll('input[name=classes]:checked')].map((node) => node.value);
}

function stationDialog(station, classes) {
    const name = h('input', { type: 'text', name: 'name', value: station?.name ?? '', required: true, maxlength: '100', autocomplete: 'off' });
    return formDialog({
        title: station ? a.station.editTitle : a.station.add,
        body: [field(a.station.name, name, { hint: a.station.nameHint }), classChecks(classes, station?.classes ?? []), h('p', { class: 'muted small' }, a.station.classesHint)],
        submitText: station ? undefined : a.station.addGo,
        submit: async (form, close) => {
            const body = { name: name.value.trim(), classes: checkedClasses(form) };
            close(station ? await patch(path('/api/stations', station.id), body) : await post('/api/stations', body));
        },
    });
}

function showCode({ code, code_expires: expires }) {
    return showOnce({
        title: a.station.codeTitle,
        text: a.station.codeText(timeOf(expires)),
        secret: code,
        lines: [h('p', {}, a.station.codeHow), h('pre', { class: 'command', tabindex: '0' }, `rollcall-station pair ${location.origin} ${code}`)],
    });
}

function actions(station, context, changed) {
    if (!context.isAdmin) return null;
    const does = {
        edit: async () => (await stationDialog(station, await context.classes())) && changed(),
        code: async () => {
            if (station.paired && !(await confirmDialog({ title: a.station.newCodeTitle, text: a.station.newCodeText, yes: a.station.newCode }))) return;
            const answer = await attempt(() => post(path('/api/stations', station.id, 'code')));
            if (answer) await showCode(answer);
            changed();
        },
        revoke: async () => {
            if (!(await confirmDialog({ title: a.station.revokeTitle(station.name), text: a.station.revokeText, yes: a.station.revoke, danger: true }))) return;
            if (await attempt(() => post(path('/api/stations', station.id, 'revoke')))) toast(a.station.revokedDone);
            changed();
        },
    };
    return button(a.change, () => chooseDialog(station.name, [
        { text: a.station.edit, hint: a.station.editHint, run: does.edit },
        { text: a.station.newCode, hint: a.station.newCodeHint, run: does.code },
        !station.revoked && { text: a.station.revoke, hint: a.station.revokeHint, danger: true, run: does.revoke },
    ]), { kind: 'compact', 'aria-label': a.changeOf(station.name), data: { keep: station.id } });
}

/* A name breaks nowhere, not at the dash of "6-A" either. Of classes that are not the caller's he is told how many. */
function classNames({ classes: ids, other_classes: others }) {
    if (ids.length + others === 0) return a.allClasses;
    const words = others > 0 ? [...ids, a.station.others(others)] : ids;
    return words.map((word, i) => [i > 0 && ' ', h('span', { class: 'nowrap' }, i < words.length - 1 ? `${word},` : word)]);
}

function forkedNotes(stations, context, changed) {
    const settle = async (one, control) => {
        if (!(await confirmDialog({ title: a.station.settleTitle, text: a.station.settleText, yes: a.station.settle }))) return;
        if (await attempt(() => post(path('/api/stations', one.id, 'settle')), control)) changed();
    };
    return stations.filter((one) => one.forked && !one.revoked).map((one) =>
        h('div', { class: 'banner bad', role: 'alert' },
            h('div', {}, h('strong', {}, person(one.name)), `: ${a.station.forkedText(one.forked_seq, momentText(one.forked_at), one.forked_from)}`),
            context.isAdmin && button(a.station.settle, (event) => settle(one, event.currentTarget), { kind: 'compact', 'aria-label': a.station.settleOf(one.name) })));
}

/* The columns for which a phone has no room, as one line under the name. */
function narrowFacts(one) {
    if (!one.last_seen) return null; // the tag says it
    const facts = [[a.station.lastSeen, momentText(one.last_seen)], [a.station.backlogWord, String(one.backlog ?? 0)], [a.station.clock, clockText(one.clock_offset_ms ?? 0)], one.version && [a.station.version, one.version]];
    return h('div', { class: 'narrow-only muted small' }, facts.filter(Boolean).map(([word, value], i) => [i > 0 && ' · ', h('span', { class: 'nowrap' }, `${word}: ${value}`)]));
}

function draw(list, context, changed) {
    if (list.length === 0) return empty(a.station.none, context.isAdmin ? a.station.noneAdmin : a.station.noneText);
    return [
        forkedNotes(list, context, changed),
        table({
            caption: a.nav.stations,
            rows: list,
            columns: [
                { title: a.station.word, head: true, cell: (one) => [person(one.name), h('div', { class: 'muted small' }, classNames(one)), h('div', { class: 'narrow-only' }, stationTags(one)), narrowFacts(one)] },
                { title: a.state, class: 'wide-only', cell: stationTags },
                { title: a.station.lastSeen, class: 'wide-only', cell: (one) => (one.last_seen ? momentText(one.last_seen) : a.station.never) },
                { title: a.station.backlogWord, class: 'number wide-only', cell: (one) => String(one.backlog ?? 0) },
                { title: a.station.clock, class: 'number wide-only', cell: (one) => (one.last_seen ? clockText(one.clock_offset_ms ?? 0) : '') },
                { title: a.station.version, class: 'wide-only', cell: (one) => one.version || '' },
                { title: a.actions, hidden: true, class: 'actions', cell: (one) => h('div', { class: 'row end' },
                    one.paired && !one.revoked && h('a', { class: 'button compact', href: context.href({ section: 'today', query: { station: one.id, class: one.classes[0] } }) }, a.station.watch),
                    actions(one, context, changed)) },
            ],
        }),
    ];
}

function show(place, context) {
    const body = h('div', { class: 'stack' });
    const load = () => loadInto(body, () => get('/api/stations'), (answer) => draw(answer.items, context, load));
    replace(place, sectionHead(a.nav.stations, context.isAdmin && button(a.station.add, async () => {
        const answer = await stationDialog(null, await context.classes());
        if (!answer) return;
        await showCode(answer);
        load();
    }, { kind: 'primary' })), body);
    load();
    const soon = throttle(() => {
        if (!body.contains(document.activeElement)) load(); // nobody is about to press something
    }, 2000);
    context.onChanged(['stations'], soon);
    const timer = setInterval(soon, 30000);
    return { leave: () => clearInterval(timer) };
}

export const stations = { id: 'stations', show };
