/* The camera of a chosen station: picture, start and stop, and how the station is. */
import { a } from './admin-strings.js';
import { get, path, post } from './api.js';
import { agoText } from './time.js';
import { attempt, button, empty, field, h, loadInto, replace, select } from './ui.js';

/** Tags that say how a station is; also for the list of stations. */
export function stationTags(station) {
    const tags = [];
    const tag = (kind, text) => tags.push(h('span', { class: `tag ${kind}` }, text));
    if (station.revoked) return h('span', { class: 'row' }, h('span', { class: 'tag bad' }, a.station.revoked));
    if (!station.paired) return h('span', { class: 'row' }, h('span', { class: 'tag warn' }, a.station.unpaired));
    if (station.forked) tag('bad', a.station.forked);
    tag(station.online ? 'good' : 'warn', station.online ? a.station.online : a.station.offline(agoText(station.last_seen)));
    if (station.online && station.camera) tag(station.camera === 'clear' ? 'good' : 'warn', a.cameraStates[station.camera] ?? station.camera);
    if (station.backlog > 0) tag('warn', a.station.backlog(station.backlog));
    if (Math.abs(station.clock_offset_ms) > 120000) tag('bad', a.station.clockOff(clockText(station.clock_offset_ms)));
    return h('span', { class: 'row' }, tags);
}

export function clockText(offsetMs) {
    const seconds = offsetMs / 1000;
    const size = Math.abs(seconds);
    const sign = seconds < 0 && size >= 0.05 ? '−' : '+'; // not "−0.0"
    return size < 120 ? `${sign}${size.toFixed(1)} s` : `${sign}${Math.round(size / 60)} min`;
}

/* Numbers behind the tags; nothing of a station that was never there. */
function health(station) {
    if (!station.last_seen) return null;
    const fact = (word, value) => [h('dt', {}, word), h('dd', {}, value)];
    return h('dl', { class: 'facts small' },
        fact(a.station.lastSeen, agoText(station.last_seen)),
        fact(a.station.backlogWord, String(station.backlog ?? 0)),
        fact(a.station.clock, clockText(station.clock_offset_ms ?? 0)),
        station.version && fact(a.station.version, station.version));
}

export function cameraCard(context, classOf) {
    const body = h('div', { class: 'stack' });
    const node = h('section', { class: 'card camera', 'aria-labelledby': 'camera-title' }, h('div', { class: 'card-head' }, h('h2', { id: 'camera-title' }, a.camera.title)), body);
    let chosen = context.route.query.station || '';
    let picture = null; // while it runs

    const stop = () => {
        if (!picture) return;
        picture.removeAttribute('src'); // ends the transfer
        picture.remove();
        picture = null;
        post(path('/api/stations', chosen, 'camera'), { on: false }).catch(() => {}); // the station stops by itself too
    };
    const start = async (station, frame, control) => {
        const answer = await attempt(() => post(path('/api/stations', station.id, 'camera'), { on: true }), control);
        if (!answer) return;
        if (!answer.online) {
            replace(frame, h('p', { class: 'camera-note' }, a.camera.offline));
            return;
        }
        picture = h('img', { alt: a.camera.alt(station.name), src: path('/api/stations', station.id, 'live') });
        picture.addEventListener('error', () => {
            if (!picture) return;
            picture = null;
            replace(frame, h('p', { class: 'camera-note' }, a.camera.broken));
            control.textContent = a.camera.start;
        });
        replace(frame, picture);
        control.textContent = a.camera.stop;
    };

    const draw = (all) => {
        const wanted = classOf();
        const serving = all.filter((one) => !one.revoked && one.paired && (!wanted || one.classes.length === 0 || one.classes.includes(wanted)));
        if (serving.length === 0) return empty(a.camera.none, context.isAdmin ? a.camera.noneAdmin : a.camera.noneText, context.isAdmin && h('a', { class: 'button', href: '#stations' }, a.nav.stations));
        const station = serving.find((one) => one.id === chosen) ?? serving[0];
        if (station.id !== chosen) stop();
        chosen = station.id;
        const pick = select('station', serving.map((one) => [one.id, one.name]), { value: chosen });
        pick.addEventListener('change', () => {
            stop();
            chosen = pick.value;
            reload();
        });
        const frame = h('div', { class: 'camera-frame' }, picture ?? h('p', { class: 'camera-note' }, a.camera.off));
        const control = button(picture ? a.camera.stop : a.camera.start, async () => {
            if (picture) {
                stop();
                replace(frame, h('p', { class: 'camera-note' }, a.camera.off));
                control.textContent = a.camera.start;
            } else {
                await start(station, frame, control);
            }
        }, { data: { keep: 'camera' } });
        return [h('div', { class: 'toolbar' }, field(a.station.word, pick, { hideLabel: true, class: 'grow' }), control), frame, stationTags(station), health(station)];
    };
    const reload = () => loadInto(body, () => get('/api/stations'), (answer) => draw(answer.items));
    const refresh = () => {
        if (body.contains(document.activeElement) && document.activeElement.tagName === 'SELECT') return; // do not pull it away
        reload();
    };
    context.onChanged(['stations'], refresh);
    const hidden = () => document.hidden && picture && stopAndSay();
    const stopAndSay = () => {
        stop();
        refresh();
    };
    document.addEventListener('visibilitychange', hidden);
    reload();
    return {
        node,
        reload,
        leave: () => {
            document.removeEventListener('visibilitychange', hidden);
            stop();
        },
    };
}
