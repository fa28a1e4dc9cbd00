/* Alerts to parents and coordinators come with their own set-up; until then this says so. */
import { sectionHead } from './admin-parts.js';
import { a } from './admin-strings.js';
import { empty, h, replace } from './ui.js';

function show(place) {
    replace(place, sectionHead(a.nav.alerts), h('div', { class: 'card' }, empty(a.alerts.none, a.alerts.text)));
}

export const alerts = { id: 'alerts', show };
