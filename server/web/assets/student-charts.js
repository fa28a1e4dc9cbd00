/* The two charts: attendance by month, and when one arrives. */
import { get, path } from './api.js';
import { barChart, chart } from './charts.js';
import { t } from './strings.js';
import { card, loadChanged } from './student-parts.js';
import { s } from './student-strings.js';
import { dateText } from './time.js';
import { h, replace } from './ui.js';

const MONTHS = 12;

function monthsChart(months) {
    const words = ['present', 'late', 'excused', 'absent'].filter((word) => word !== 'excused' || months.some((one) => one.excused > 0));
    return barChart({
        label: s.charts.months,
        labels: months.map((one) => t.months[Number(one.month.slice(5)) - 1]),
        series: words.map((word) => ({ name: t.status[word], colour: `--${word}`, values: months.map((one) => one[word]) })),
    });
}

/* Minutes between two lines, so that one of them is the start of school. */
function minutesStep(range) {
    return [5, 10, 30, 60].find((step) => range <= 6 * step) ?? 120;
}

/* Points without a line: from one morning to the next nothing leads. The start of school is the line to look at. */
function arrivalsChart(arrivals) {
    const minutes = arrivals.map((one) => Math.round(one.minutes_from_start));
    const shortDate = (date) => dateText(date).split(' ').slice(1).join(' ');
    const step = minutesStep(Math.max(...minutes) - Math.min(...minutes));
    const tick = (value) => (value === 0 ? s.charts.start : s.points.signed(value));
    return chart({
        label: `${s.charts.arrivals}: ${s.charts.arrivalsHint(arrivals.length)}`,
        rows: [[s.charts.date, s.charts.minutes], ...arrivals.map((one, i) => [dateText(one.date), minutes[i]])],
        make: (paint) => ({
            type: 'line',
            data: { labels: arrivals.map((one) => shortDate(one.date)), datasets: [{ data: minutes, showLine: false, backgroundColor: paint('--accent'), borderColor: paint('--surface'), pointRadius: 4, pointHoverRadius: 6 }] },
            options: {
                responsive: true,
                maintainAspectRatio: false,
                plugins: { legend: { display: false } },
                scales: {
                    x: { ticks: { maxTicksLimit: 5, maxRotation: 0 }, grid: { display: false } },
                    y: {
                        min: Math.min(0, Math.floor((Math.min(...minutes) - 1) / step) * step),
                        max: Math.max(0, Math.ceil((Math.max(...minutes) + 1) / step) * step),
                        ticks: { stepSize: step, callback: tick },
                        grid: { color: ({ tick: at }) => paint(at?.value === 0 ? '--line-strong' : '--line'), lineWidth: ({ tick: at }) => (at?.value === 0 ? 2 : 1) },
                    },
                },
            },
        }),
    });
}

/** Two cards from one answer; { months, arrivals, load }. */
export function chartCards(me) {
    const months = h('div', { class: 'chart-place' }), arrivals = h('div', { class: 'chart-place' });
    const arrivalsHint = h('p', { class: 'muted small' });
    const later = () => h('p', { class: 'muted' }, s.charts.later);
    const load = () => loadChanged(months, () => get(path('/api/students', me.student_id, 'trend'), { months: MONTHS }), async (trend) => {
        const known = trend.months.filter((one) => one.rate !== null);
        const days = trend.arrivals.length;
        arrivalsHint.textContent = days > 1 ? s.charts.arrivalsHint(days) : '';
        replace(arrivals, days > 1 ? await arrivalsChart(trend.arrivals) : later());
        return known.length > 0 ? monthsChart(known) : later();
    });
    return { months: card('months-title', s.charts.months, months), arrivals: card('arrivals-title', s.charts.arrivals, arrivalsHint, arrivals), load };
}
