/* Says whether what one sees is live, and since when it is not. */
import { t } from './strings.js';
import { clockAt } from './time.js';
import { h, replace } from './ui.js';

export function connection(live) {
    const node = h('div', { class: 'connection', role: 'status' });
    const show = () => {
        node.className = `connection ${live.state}`;
        const text = live.state === 'lost' ? t.live.lost(clockAt(live.lostAt)) : t.live[live.state];
        replace(node, h('span', { class: 'dot', 'aria-hidden': 'true' }), text, live.state === 'lost' && h('span', { class: 'visually-hidden' }, ` ${t.live.lostHint}`));
        node.title = live.state === 'lost' ? t.live.lostHint : '';
        document.body.classList.toggle('stale', live.state === 'lost');
    };
    live.addEventListener('state', show);
    show();
    return node;
}
