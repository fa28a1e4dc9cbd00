/* Who works here. Brings a session back in place when it ends, and leaves when asked. */
import { actAs, get, onSessionOver, post, toLogin } from './api.js';
import { t } from './strings.js';
import { setNow } from './time.js';
import { button, field, formDialog, h, person } from './ui.js';

/* Scripts do not see the cookie. That somebody signed in here is noted, so that the sign-in page asks the server only then. */
const SIGNED_IN = 'rollcall-signed-in';

let me = null;
let asking = null;

async function askAgain() {
    const password = h('input', { type: 'password', name: 'password', required: true, autocomplete: 'current-password', autofocus: true });
    const user = h('input', { type: 'text', name: 'username', value: me.username, readonly: true, autocomplete: 'username' });
    return formDialog({
        title: t.session.title,
        body: [h('p', {}, t.session.text), field(t.login.user, user), field(t.login.password, password)],
        submitText: t.login.go,
        cancelText: t.session.leave,
        submit: async (form, close) => {
            const answer = await post('/api/auth/login', { username: me.username, password: password.value }, { noLogin: true });
            if (answer.must_change_password) toLogin('#change');
            close(true);
        },
    });
}

/** One dialog, however many requests found the session over. */
function bringBack() {
    asking ??= askAgain().then((done) => {
        asking = null;
        if (!done) toLogin();
        return done;
    });
    return asking;
}

/** roles: who may be on this page. Resolves with /api/me; others are led to where they belong. */
export async function begin(roles) {
    me = await get('/api/me');
    setNow(me.school.now);
    if (me.must_change_password) {
        toLogin('#change');
        return new Promise(() => {});
    }
    if (!roles.includes(me.role)) {
        location.replace(homeOf(me.role));
        return new Promise(() => {});
    }
    remember(true);
    actAs(me.username);
    onSessionOver(bringBack);
    return me;
}

function remember(signedIn) {
    try {
        if (signedIn) localStorage.setItem(SIGNED_IN, '1');
        else localStorage.removeItem(SIGNED_IN);
    } catch {
        // the browser keeps nothing: one signs in once more
    }
}

/** /api/me of who is signed in in this browser, or null. */
export async function signedInAs() {
    try {
        if (!localStorage.getItem(SIGNED_IN)) return null;
        return await get('/api/me', {}, { noLogin: true });
    } catch (error) {
        if (error.status === 401) remember(false);
        return null; // also without an answer: the form says what is wrong
    }
}

export function homeOf(role) {
    return role === 'student' ? '/student-dashboard' : '/admin';
}

export async function signOut() {
    try {
        await post('/api/auth/logout', {}, { noLogin: true });
    } finally {
        remember(false);
        location.assign('/');
    }
}

/** The dialog to change one's own password. */
export function changePassword() {
    const input = (name, autocomplete) => h('input', { type: 'password', name, required: true, autocomplete, maxlength: '256' });
    const [current, fresh, again] = [input('current', 'current-password'), input('new', 'new-password'), input('again', 'new-password')];
    return formDialog({
        title: t.change.title,
        body: [
            h('p', { class: 'muted' }, person(me.full_name || me.username)),
            field(t.change.current, current),
            field(t.change.fresh, fresh, { hint: t.change.hint }),
            field(t.change.again, again),
        ],
        submitText: t.change.go,
        submit: async (form, close) => {
            await sendNewPassword(current.value, fresh.value, again.value);
            close(true);
        },
    });
}

class FieldError extends Error {
    constructor(field, message) {
        super(message);
        this.status = 0;
        this.field = field;
    }
}

/** Checks what can be checked here, then asks the server; throws with the field that is wrong. */
export async function sendNewPassword(current, fresh, again) {
    checkNewPassword(fresh, again);
    if (current === fresh) throw new FieldError('new', t.change.same);
    try {
        await post('/api/auth/change-password', { current, new: fresh }, { noLogin: true });
    } catch (error) {
        if (error.status === 401 && error.code === 'bad_credentials') throw new FieldError('current', t.change.wrong);
        if (error.code === 'weak_password') throw new FieldError('new', error.message);
        throw error;
    }
}

export function checkNewPassword(fresh, again) {
    if ([...fresh].length < 10) throw new FieldError('new', t.change.tooShort);
    if (fresh !== again) throw new FieldError('again', t.change.differ);
}

/** A button that shows what is typed into a password field. */
export function showPassword(input) {
    const toggle = button(t.login.show, () => {
        const shown = input.type === 'text';
        input.type = shown ? 'password' : 'text';
        toggle.setAttribute('aria-pressed', String(!shown));
    }, { kind: 'quiet compact', 'aria-pressed': 'false' });
    return toggle;
}
