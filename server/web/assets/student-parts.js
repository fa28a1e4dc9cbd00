/* What several cards of the student's page use. */
import { dateAt } from './time.js';
import { h, loadInto } from './ui.js';

export function card(id, title, ...children) {
    return h('section', { class: 'card', 'aria-labelledby': id }, h('h2', { id }, title), children);
}

export function percent(rate) {
    return rate === null || rate === undefined ? '–' : `${Math.round(rate * 100)} %`;
}

const drawn = new WeakMap(); // place → what is drawn there, as text

/** As loadInto, but what is there stays when the same is loaded again. extra: what else the drawing depends on. */
export function loadChanged(place, load, show, extra = '') {
    const ask = async () => {
        try {
            return await load();
        } catch (error) {
            drawn.delete(place);
            throw error;
        }
    };
    return loadInto(place, ask, async (data) => {
        const key = JSON.stringify([dateAt(), extra, data]);
        if (drawn.get(place) === key) return [...place.childNodes];
        const nodes = await show(data);
        drawn.set(place, key);
        return nodes;
    });
}
