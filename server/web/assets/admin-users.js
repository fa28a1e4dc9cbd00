/* Accounts of administrators, coordinators and students. One-time passwords are shown once. */
import { chooseDialog, sectionHead, showOnce } from './admin-parts.js';
import { checkedClasses, classChecks } from './admin-stations.js';
import { a } from './admin-strings.js';
import { getAll, patch, path, post, remove } from './api.js';
import { attempt, button, confirmDialog, empty, field, formDialog, h, loadInto, person, replace, select, showErrors, table, toast } from './ui.js';

const ROLES = ['coordinator', 'admin', 'student'];

function userDialog(user, classes) {
    const text = (name, value, more = {}) => h('input', { type: 'text', name, value: value ?? '', autocomplete: 'off', maxlength: '63', ...more });
    const role = select('role', ROLES.map((word) => [word, a.roles[word]]), { value: user?.role, disabled: Boolean(user) });
    const ofCoordinator = classChecks(classes, user?.classes ?? []);
    const ofStudent = field(a.users.studentId, text('student_id', user?.student_id), { hint: a.users.studentIdHint });
    const ofStaff = h('div', { class: 'form-grid' },
        field(a.users.phone, text('phone', user?.phone, { type: 'tel', maxlength: '31' }), { hint: a.users.phoneHint }),
        field(a.users.email, text('email', user?.email, { type: 'email', maxlength: '254' }), { hint: a.users.emailHint }));
    const fit = () => {
        ofStaff.hidden = role.value === 'student';
        ofCoordinator.hidden = role.value !== 'coordinator';
        ofStudent.hidden = role.value !== 'student' || Boolean(user);
    };
    role.addEventListener('change', fit);
    fit();
    return formDialog({
        title: user ? a.users.editTitle : a.users.add,
        body: [
            field(a.users.name, text('name', user?.name, { required: true, readonly: Boolean(user), autocapitalize: 'none', spellcheck: 'false' }), { hint: user ? null : a.users.nameHint }),
            field(a.users.fullName, text('full_name', user?.full_name, { required: true, maxlength: '120', autofocus: Boolean(user) })),
            field(a.users.role, role), ofCoordinator, ofStaff, ofStudent,
        ],
        submit: async (form, close) => {
            const value = (name) => form.elements[name].value.trim();
            const coordinator = role.value === 'coordinator';
            if (role.value === 'student' && !user && !value('student_id')) return showErrors(form, { student_id: a.users.studentIdMissing });
            const body = { full_name: value('full_name') };
            if (coordinator) body.classes = checkedClasses(form);
            if (role.value !== 'student') Object.assign(body, { phone: value('phone'), email: value('email') });
            if (user) return close(await patch(path('/api/users', user.name), body));
            if (role.value === 'student') body.student_id = value('student_id');
            return close(await post('/api/users', { name: value('name').toLowerCase(), role: role.value, ...body }));
        },
    });
}

function roleText(user) {
    return [a.roles[user.role], user.student_id && user.student_id !== user.name && ` · ${user.student_id}`];
}

function showPassword(name, password) {
    return showOnce({ title: a.users.passwordTitle, text: a.users.passwordText(name), secret: password });
}

function actions(user, context, changed) {
    const does = {
        edit: async () => (await userDialog(user, await context.classes())) && changed(),
        reset: async () => {
            if (!(await confirmDialog({ title: a.users.resetTitle(user.name), text: a.users.resetText, yes: a.users.reset }))) return;
            const answer = await attempt(() => post(path('/api/users', user.name, 'reset')));
            if (answer) await showPassword(user.name, answer.one_time_password);
            changed();
        },
        disable: async () => {
            if (await attempt(() => patch(path('/api/users', user.name), { disabled: !user.disabled }))) toast(a.saved);
            changed();
        },
        remove: async () => {
            if (!(await confirmDialog({ title: a.users.deleteTitle(user.name), text: a.users.deleteText, yes: a.users.delete, danger: true }))) return;
            if ((await attempt(() => remove(path('/api/users', user.name)))) === null) toast(a.users.deleted);
            changed();
        },
    };
    const self = user.name === context.me.username;
    return button(a.change, () => chooseDialog(user.full_name || user.name, [
        { text: a.users.edit, hint: a.users.editHint, run: does.edit },
        { text: a.users.reset, hint: a.users.resetHint, run: does.reset },
        !self && (user.disabled ? { text: a.users.enable, run: does.disable } : { text: a.users.disable, hint: a.users.disableHint, run: does.disable }),
        !self && { text: a.users.delete, hint: a.users.deleteHint, danger: true, run: does.remove },
    ]), { kind: 'compact', 'aria-label': a.changeOf(user.name), data: { keep: user.name } });
}

function show(place, context) {
    const body = h('div', { class: 'stack' });
    const search = h('input', { type: 'search', name: 'q', autocomplete: 'off' });
    let all = [];
    const draw = () => {
        const words = search.value.trim().toLowerCase().split(/\s+/);
        const rows = all.filter((user) => words.every((word) => user.name.includes(word) || user.full_name.toLowerCase().includes(word)));
        if (rows.length === 0) return empty(a.users.none, '');
        return [
            table({
                caption: a.nav.users,
                rows: rows.slice(0, 300),
                columns: [
                    { title: a.users.name, head: true, cell: (user) => [person(user.name), user.full_name && h('div', { class: 'muted small' }, person(user.full_name)), h('div', { class: 'muted small narrow-only' }, roleText(user))] },
                    { title: a.users.role, class: 'wide-only', cell: roleText },
                    { title: a.classes, class: 'wide-only', cell: (user) => (user.classes ?? []).join(', ') },
                    { title: a.state, cell: (user) => (user.disabled ? h('span', { class: 'tag bad' }, a.users.disabled) : user.must_change_password ? h('span', { class: 'tag warn' }, a.users.oneTime) : h('span', { class: 'tag good' }, a.users.active)) },
                    { title: a.actions, hidden: true, class: 'actions', cell: (user) => actions(user, context, load) },
                ],
            }),
            rows.length > 300 && h('p', { class: 'muted' }, a.users.tooMany(300, rows.length)),
        ];
    };
    const load = () => loadInto(body, () => getAll('/api/users'), (answer) => {
        all = answer.items;
        return draw();
    });
    search.addEventListener('input', () => replace(body, draw()));
    replace(place, sectionHead(a.nav.users, button(a.users.add, async () => {
        const answer = await userDialog(null, await context.classes());
        if (!answer) return;
        await showPassword(answer.user.name, answer.one_time_password);
        load();
    }, { kind: 'primary' })), h('div', { class: 'toolbar' }, field(a.users.search, search, { class: 'search' })), body);
    load();
    context.onChanged(['users'], () => !document.querySelector('dialog[open]') && !body.contains(document.activeElement) && load());
}

export const users = { id: 'users', admin: true, show };
