/*
 * Charts by Chart.js, loaded when the first one is wanted. Each has a table of the same numbers for those who cannot see
 * it. Colours are those of the style sheet and follow a change of the system's choice.
 */
import { h, loadScript } from './ui.js';

const LIBRARY = '/assets/chart.min.js';
const dark = matchMedia('(prefers-color-scheme: dark)');
const still = matchMedia('(prefers-reduced-motion: reduce)');

export function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/**
 * make(colour) → the configuration for Chart.js; called anew when the colours change. rows: the same as a table,
 * [[head…], [cell…], …]. Resolves with a node.
 */
export async function chart({ label, make, rows, height = 200 }) {
    await loadScript(LIBRARY);
    const { Chart } = window;
    const canvas = h('canvas', { role: 'img', 'aria-label': label });
    const box = h('div', { class: 'chart' }, canvas);
    box.style.height = `${height}px`;
    const [head, ...body] = rows;
    const table = h('table', {}, h('caption', {}, label),
        h('thead', {}, h('tr', {}, head.map((text, i) => (i === 0 ? h('td', {}) : h('th', { scope: 'col' }, text))))),
        h('tbody', {}, body.map(([first, ...cells]) => h('tr', {}, h('th', { scope: 'row' }, first), cells.map((cell) => h('td', {}, String(cell)))))));
    let made = null;
    const draw = () => {
        made?.destroy();
        Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
        Chart.defaults.color = colour('--muted');
        Chart.defaults.borderColor = colour('--line');
        Chart.defaults.animation = false;
        made = new Chart(canvas, make(colour));
    };
    const redraw = () => {
        if (canvas.isConnected) return draw();
        made?.destroy();
        dark.removeEventListener('change', redraw);
    };
    dark.addEventListener('change', redraw);
    requestAnimationFrame(() => canvas.isConnected && draw()); // it measures the place that it is put into
    return h('div', { class: 'chart-box' }, box, h('div', { class: 'visually-hidden' }, table)); // in a box of its own: a table does not shrink
}

/** Bars on top of each other. series: [{ name, colour: '--present', values }] */
export function barChart({ label, labels, series, height }) {
    return chart({
        label,
        height,
        rows: [['', ...series.map((one) => one.name)], ...labels.map((text, i) => [text, ...series.map((one) => one.values[i])])],
        make: (paint) => ({
            type: 'bar',
            data: { labels, datasets: series.map((one) => ({ label: one.name, data: one.values, backgroundColor: paint(one.colour), maxBarThickness: 36 })) },
            options: {
                responsive: true,
                maintainAspectRatio: false,
                animation: still.matches ? false : { duration: 200 },
                plugins: { legend: { position: 'bottom', labels: { boxWidth: 12 } } },
                scales: { x: { stacked: true, grid: { display: false } }, y: { stacked: true, beginAtZero: true, ticks: { precision: 0 } } },
            },
        }),
    });
}
