/* Students: search first, the list, and the chosen one in a panel at the side. */
import { classCardsDialog } from './admin-cards.js';
import { classConsentDialog } from './admin-consent.js';
import { importDialog } from './admin-import.js';
import { classSelect, sectionHead, throttle } from './admin-parts.js';
import { studentPanel } from './admin-student.js';
import { studentDialog } from './admin-student-edit.js';
import { a } from './admin-strings.js';
import { getAll } from './api.js';
import { t } from './strings.js';
import { busyWith, button, check, debounce, empty, field, h, loadInto, person, replace, table, tag, toast } from './ui.js';

const PAGE = 100;
const SEARCH_MS = 200;

function show(place, context) {
    const state = { q: context.route.query.q || '', class: context.route.query.class || '', archived: context.route.query.archived || '', id: context.route.id };
    const list = h('div', { class: 'stack' });
    let shown = PAGE; // rows that one asked for
    const count = h('p', { class: 'muted small', role: 'status' });
    const side = h('aside', { class: 'panel', 'aria-label': a.student.panel, hidden: true });
    const search = h('input', { type: 'search', name: 'q', value: state.q, placeholder: a.students.placeholder, autocomplete: 'off', maxlength: '100' });
    const classPlace = h('div', { class: 'field' });
    const archived = check(a.students.archived, { checked: state.archived === '1' });

    const query = () => ({ q: state.q, class: state.class, archived: state.archived });
    const route = (id) => ({ section: 'students', id, query: query() });
    const columns = [
        { title: a.name, head: true, cell: (row) => h('a', { href: context.href(route(row.id)), data: { student: row.id, keep: row.id } }, person(row.name)) },
        { title: a.number, class: 'wide-only', cell: (row) => h('span', { class: 'mono' }, row.id) },
        { title: a.class, cell: (row) => row.class_id },
        { title: a.rollNumber, class: 'wide-only', cell: (row) => row.roll_number || '' },
        { title: a.enrolled, cell: (row) => row.archived ? h('span', { class: 'tag' }, a.students.left) : row.enrolled ? h('span', { class: 'tag good' }, a.students.yes) : row.consent === 'refused' || row.consent === 'withdrawn' ? tag(a.students.otherWay) : tag(a.students.no, 'warn') },
    ];
    const mark = (row, tr) => {
        tr.dataset.row = row.id;
        tr.classList.toggle('selected', row.id === state.id);
    };

    /* As many rows as one has on the screen already: what somebody else changes does not throw one back to the first. */
    const load = () => loadInto(list, () => getAll('/api/students', query(), shown), ({ items, more }) => {
        count.textContent = a.students.count(items.length, more);
        if (items.length === 0)
            return state.q || state.class
                ? empty(a.students.none, a.students.noneText)
                : empty(a.students.noneAtAll, context.isAdmin ? a.students.noneAtAllAdmin : a.students.noneAtAllText);
        return [table({ caption: a.nav.students, columns, rows: items, row: mark }), more && h('div', { class: 'row' }, moreButton(items.length))];
    });
    const moreButton = (had) => {
        const more = button(t.more, () => busyWith(more, async () => {
            shown = had + PAGE;
            await load();
            list.querySelectorAll('[data-student]')[had]?.focus();
        }), { data: { keep: 'more-rows' } });
        return more;
    };

    const changed = () => {
        context.note(route(state.id));
        shown = PAGE;
        load();
    };
    search.addEventListener('input', debounce(() => {
        state.q = search.value.trim();
        changed();
    }, SEARCH_MS));
    archived.querySelector('input').addEventListener('change', (event) => {
        state.archived = event.target.checked ? '1' : '';
        changed();
    });
    context.classes().then((all) => replace(classPlace, ...field(a.class, classSelect(all, state.class, (id) => {
        state.class = id;
        changed();
    })).childNodes), () => {});

    let panel = null;
    const open = (id, moved) => {
        const from = state.id;
        state.id = id;
        for (const tr of list.querySelectorAll('tr[data-row]')) tr.classList.toggle('selected', tr.dataset.row === id);
        panel?.leave();
        panel = null;
        side.hidden = !id;
        place.classList.toggle('with-panel', Boolean(id));
        replace(side);
        if (!id) {
            if (moved) (list.querySelector(`[data-student="${CSS.escape(from ?? '')}"]`) ?? search).focus();
            return;
        }
        panel = studentPanel(side, context, id, { close: () => context.go(route(null)), changed: load, gone: () => { context.go(route(null)); load(); } });
        if (moved) {
            side.querySelector('button, h2')?.focus();
            side.scrollIntoView({ block: 'nearest' });
        }
    };

    /* Work on a whole class; the one that the list shows is chosen already. */
    const forClass = (word, work) => button(word, async () => {
        const classes = await context.classes();
        if (classes.length === 0) return toast(a.todayPage.noClasses, 'bad');
        if (await work(classes, state.class)) load();
    });

    replace(place,
        sectionHead(a.nav.students, forClass(a.consent.many, classConsentDialog), forClass(a.cards.classShort, (classes) => classCardsDialog(classes, state.class, context.me.school.name)), context.isAdmin && [
            button(a.students.add, async () => {
                const student = await studentDialog({ classes: await context.classes() });
                if (!student) return;
                load();
                context.go(route(student.id));
            }, { kind: 'primary' }),
            button(a.students.import, async () => (await importDialog()) && load()),
        ]),
        h('div', { class: 'students-columns' },
            h('div', { class: 'stack students-list' },
                h('div', { class: 'toolbar', role: 'search' }, field(a.students.search, search, { class: 'search' }), classPlace, archived),
                count, list),
            side));
    load();
    open(state.id, false);
    if (!state.id && matchMedia('(min-width: 56rem)').matches) search.focus({ preventScroll: true });

    const soon = throttle(load, 1500);
    context.onChanged(['students'], soon);
    return {
        update: (next) => next.id !== state.id && open(next.id, true),
        leave: () => panel?.leave(),
    };
}

export const students = { id: 'students', show };
