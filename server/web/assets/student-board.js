/* The board of the class: the first places and those round one's own; all of it when somebody wants. */
import { get, patch, path } from './api.js';
import { loadChanged, percent } from './student-parts.js';
import { s } from './student-strings.js';
import { button, field, formDialog, h, person, table, toast } from './ui.js';

const TOP = 5; // places that everybody sees
const NEAR = 1; // places before and after one's own

function nameDialog(student) {
    const nickname = h('input', { type: 'text', name: 'nickname', maxlength: '30', value: student.nickname ?? '', autocomplete: 'off' });
    const hidden = h('input', { type: 'checkbox', name: 'hidden', checked: student.board_hidden });
    return formDialog({
        title: s.board.edit,
        body: [field(s.board.nickname, nickname, { hint: s.board.nicknameHint }), h('label', { class: 'check' }, hidden, h('span', {}, s.board.hidden))],
        submit: async (form, close) => {
            await patch('/api/me/profile', { nickname: nickname.value.trim(), board_hidden: hidden.checked });
            toast(s.board.saved);
            close(true);
        },
    });
}

/** The rows to show at first, with { gap: n } where n are left out; all of them where that saves nothing. */
function shortened(items) {
    const mine = items.findIndex((row) => row.me);
    const shown = items.map((row, i) => i < TOP || (mine >= 0 && Math.abs(i - mine) <= NEAR));
    const rows = [];
    items.forEach((row, i) => {
        if (shown[i]) rows.push(row);
        else if (rows.at(-1)?.gap) rows.at(-1).gap++;
        else rows.push({ gap: 1 });
    });
    return rows.length < items.length ? rows : items;
}

/** { node, load }; changed() after one changed one's own name on it. */
export function boardCard(me, changed) {
    let whole = false;
    const body = h('div', { class: 'stack tight' });
    const head = h('h2', { id: 'board-title' }, s.board.title(me.classes[0]));
    const ownPath = path('/api/students', me.student_id);
    const edit = button(s.board.edit, async () => (await nameDialog(await get(ownPath))) && changed(), { kind: 'compact' });
    const node = h('section', { class: 'card', 'aria-labelledby': 'board-title' }, h('div', { class: 'card-head' }, head, edit), body);

    const columns = [
        { title: s.board.rank, cell: (row) => (row.gap ? '⋮' : String(row.rank)), class: 'number' },
        { title: s.board.name, head: true, cell: (row) => (row.gap ? h('span', { class: 'muted' }, s.board.gap(row.gap)) : [person(row.name), row.me && [' ', h('span', { class: 'tag info' }, s.board.me)]]) },
        { title: s.board.points, cell: (row) => (row.gap ? '' : String(row.points)), class: 'number' },
        { title: s.board.rate, cell: (row) => (row.gap ? '' : percent(row.rate)), class: 'number' },
        { title: s.board.streak, cell: (row) => (row.gap ? '' : String(row.streak)), class: 'number wide-only' },
    ];
    const view = (board, student) => {
        head.textContent = s.board.title(board.class);
        edit.hidden = board.enabled === false;
        if (board.enabled === false) return h('p', { class: 'muted' }, s.board.off);
        const short = shortened(board.items);
        const more = button(whole ? s.board.fewer : s.board.all(board.items.length), () => {
            whole = !whole;
            load();
        }, { kind: 'quiet compact', data: { keep: 'board-all' } });
        return [
            student.board_hidden && h('p', { class: 'muted' }, s.board.hiddenNow),
            table({ caption: s.board.title(board.class), columns, rows: whole ? board.items : short, row: (row, tr) => tr.classList.toggle('selected', Boolean(row.me)) }),
            short.length < board.items.length && h('div', {}, more),
        ];
    };
    const load = () => loadChanged(body, () => Promise.all([get('/api/leaderboard'), get(ownPath)]), ([board, student]) => view(board, student), whole);
    return { node, load };
}
