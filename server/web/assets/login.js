/* The sign-in page: sign in, change a one-time password, reset with a code. */
import { get, post } from './api.js';
import { checkNewPassword, homeOf, sendNewPassword, showPassword, signedInAs, signOut } from './session.js';
import { t } from './strings.js';
import { busyWith, button, clearErrors, field, h, missing, replace, showErrors, showFailure } from './ui.js';

const place = document.getElementById('content');
let typedPassword = ''; // the one-time password, so that it need not be typed twice

/** Where to go after signing in: a path of this server that the role may see. */
function destination(role) {
    const next = new URLSearchParams(location.search).get('next') || '';
    const home = homeOf(role);
    return next === home || next.startsWith(`${home}#`) ? next : home;
}

function screen({ title, text, controls, submitText, submit, below = [] }) {
    const go = h('button', { type: 'submit', class: 'primary' }, submitText);
    const form = h('form', { novalidate: true }, controls, go);
    form.addEventListener('submit', async (event) => {
        event.preventDefault();
        clearErrors(form);
        const errors = missing(form);
        if (Object.keys(errors).length > 0) return showErrors(form, errors);
        await busyWith(go, async () => {
            try {
                await submit();
            } catch (error) {
                if (error.status === undefined) throw error;
                showFailure(form, error);
            }
        });
    });
    document.title = `${title} · ${t.product}`;
    replace(place, h('h1', { tabindex: '-1' }, title), text && h('p', { class: 'muted' }, text), form, below);
    form.querySelector('input')?.focus();
}

function input(name, type, autocomplete, more = {}) {
    return h('input', { name, type, autocomplete, required: true, maxlength: '256', autocapitalize: 'none', spellcheck: 'false', ...more });
}

function showLogin(note = null) {
    const user = input('username', 'text', 'username');
    const password = input('password', 'password', 'current-password');
    screen({
        title: t.login.title,
        controls: [
            note && h('div', { class: 'banner good', role: 'status' }, note),
            field(t.login.user, user, { hint: t.login.userHint }),
            h('div', {}, field(t.login.password, password), showPassword(password)),
        ],
        submitText: t.login.go,
        submit: async () => {
            let answer;
            try {
                answer = await post('/api/auth/login', { username: user.value.trim(), password: password.value }, { noLogin: true });
            } catch (error) {
                if (error.status === 401) error.message = t.login.bad;
                throw error;
            }
            if (answer.must_change_password) {
                typedPassword = password.value;
                location.hash = '#change';
            } else {
                location.assign(destination(answer.role));
            }
        },
        below: [h('p', {}, h('a', { href: '#reset' }, t.login.forgot))],
    });
}

function showChange() {
    const current = input('current', 'password', 'current-password', { value: typedPassword });
    const fresh = input('new', 'password', 'new-password');
    const again = input('again', 'password', 'new-password');
    screen({
        title: t.change.title,
        text: t.change.forced,
        controls: [
            field(t.change.current, current),
            h('div', {}, field(t.change.fresh, fresh, { hint: t.change.hint }), showPassword(fresh)),
            field(t.change.again, again),
        ],
        submitText: t.change.go,
        submit: async () => {
            await sendNewPassword(current.value, fresh.value, again.value);
            typedPassword = '';
            location.assign(destination((await get('/api/me', {}, { noLogin: true })).role));
        },
        below: [button(t.change.leave, signOut, { kind: 'quiet' })],
    });
    if (typedPassword) fresh.focus();
}

function showResetRequest() {
    const user = input('username', 'text', 'username');
    screen({
        title: t.reset.title,
        text: t.reset.ask,
        controls: [field(t.login.user, user)],
        submitText: t.reset.send,
        submit: async () => {
            await post('/api/auth/reset/request', { username: user.value.trim() }, { noLogin: true });
            showResetConfirm(user.value.trim(), t.reset.sent);
        },
        below: [
            h('p', {}, button(t.reset.have, () => showResetConfirm(user.value.trim()), { kind: 'link' })),
            h('p', {}, h('a', { href: '#' }, t.reset.back)),
        ],
    });
}

function showResetConfirm(name, note = null) {
    const user = input('username', 'text', 'username', { value: name });
    const code = input('code', 'text', 'one-time-code', { inputmode: 'numeric', pattern: '[0-9 ]*', maxlength: '12', size: '8', class: 'code' });
    const fresh = input('new', 'password', 'new-password');
    const again = input('again', 'password', 'new-password');
    screen({
        title: t.reset.title,
        controls: [
            note && h('div', { class: 'banner info', role: 'status' }, note),
            field(t.login.user, user),
            field(t.reset.code, code, { hint: t.reset.codeHint }),
            h('div', {}, field(t.change.fresh, fresh, { hint: t.change.hint }), showPassword(fresh)),
            field(t.change.again, again),
        ],
        submitText: t.reset.go,
        submit: async () => {
            checkNewPassword(fresh.value, again.value);
            try {
                await post('/api/auth/reset/confirm', { username: user.value.trim(), code: code.value.replace(/\D/g, ''), new: fresh.value }, { noLogin: true });
            } catch (error) {
                if (error.status === 401) error.message = t.reset.bad;
                throw error;
            }
            history.replaceState(null, '', location.pathname + location.search);
            showLogin(t.reset.done);
        },
        below: [h('p', {}, h('a', { href: '#' }, t.reset.back))],
    });
    if (name) code.focus();
}

function show() {
    if (location.hash === '#change') showChange();
    else if (location.hash === '#reset') showResetRequest();
    else showLogin();
}

/** Whoever is signed in already is led to his page; somebody else signs him out there first. */
async function begin() {
    const me = location.hash === '' ? await signedInAs() : null;
    if (me && !me.must_change_password) return location.replace(destination(me.role));
    if (me) history.replaceState(null, '', '#change');
    show();
}

window.addEventListener('hashchange', show);
begin();
