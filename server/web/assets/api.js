/*
 * Requests to the server. A promise of JSON, or an ApiError whose message says what to do. When the session is over while
 * somebody works, `onSessionOver` may bring it back (session.js) and the request is sent again; nothing typed is lost.
 */
import { t } from './strings.js';

const TIMEOUT_MS = 30000;

export class ApiError extends Error {
    constructor(status, code, message, field = null) {
        super(message);
        this.status = status; // 0: no answer
        this.code = code;
        this.field = field; // the name of the field that is wrong, where the server says so
    }
}

let sessionOver = null;
let actingAs = null;

/** The user whose page this is. When somebody else signs in in another tab, nothing is done in his name: the page begins anew. */
export function actAs(username) {
    actingAs = username;
}

/** fn() → promise of true when somebody signed in again. Without one, a 401 leads to the sign-in page. */
export function onSessionOver(fn) {
    sessionOver = fn;
}

export function toLogin(hash = '') {
    const here = location.pathname + location.hash;
    const next = location.pathname === '/' ? '' : `?next=${encodeURIComponent(here)}`;
    location.assign(`/${next}${hash}`);
}

/** The server's words as a sentence of their own. */
function asSentence(words) {
    const text = words.charAt(0).toUpperCase() + words.slice(1);
    return /[.!?]$/.test(text) ? text : `${text}.`;
}

function sentence(status, error, headers) {
    if (status === 429) return t.error.tooMany(headers.get('Retry-After') || '60');
    if (status === 413) return t.error.tooLarge;
    if (error?.message && (status < 500 || status === 503)) return asSentence(error.message); // 503 says what is missing: a station, a free queue
    if (status === 403) return t.error.forbidden;
    if (status === 404) return t.error.notFound;
    if (status >= 500) return t.error.server;
    return t.error.odd(status);
}

async function failure(response) {
    let error = null;
    try {
        ({ error } = await response.json());
    } catch {
        // not ours: a proxy's page; the status says enough
    }
    return new ApiError(response.status, error?.code || 'unknown', sentence(response.status, error, response.headers), error?.field || null);
}

async function send(method, path, { body, type, key, signal, timeoutMs = TIMEOUT_MS }) {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), timeoutMs);
    const stop = () => limit.abort();
    signal?.addEventListener('abort', stop, { once: true });
    try {
        return await fetch(path, {
            method,
            body,
            headers: { Accept: 'application/json', ...(type && { 'Content-Type': type }), ...(key && { 'Idempotency-Key': key }), ...(actingAs && { 'Rollcall-User': actingAs }) },
            credentials: 'same-origin',
            cache: 'no-store',
            signal: limit.signal,
        });
    } catch (error) {
        if (signal?.aborted) throw error;
        throw limit.signal.aborted ? new ApiError(0, 'timeout', t.error.timeout) : new ApiError(0, 'offline', t.error.offline);
    } finally {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
    }
}

async function request(method, path, options) {
    let response = await send(method, path, options);
    if (response.status === 401 && !options.noLogin) {
        if (!sessionOver) {
            toLogin();
            throw new ApiError(401, 'unauthorized', t.error.session);
        }
        if (await sessionOver()) response = await send(method, path, options);
    }
    if (!response.ok) {
        const error = await failure(response);
        if (error.status === 403 && error.code === 'password_must_change') toLogin('#change');
        if (error.code === 'other_user') location.reload();
        throw error;
    }
    if (response.status === 204) return null;
    try {
        return await response.json();
    } catch {
        throw new ApiError(response.status, 'odd', t.error.odd(response.status));
    }
}

/** query: values that are null, undefined or "" are left out. */
export function url(path, query = {}) {
    const params = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
        if (value !== null && value !== undefined && value !== '') params.set(name, value);
    const text = params.toString();
    return text ? `${path}?${text}` : path;
}
/** A path from parts, each encoded: path('/api/students', id, 'photo'). */
export function path(base, ...parts) {
    return [base, ...parts.map(encodeURIComponent)].join('/');
}

export function get(address, query, options = {}) {
    return request('GET', url(address, query), options);
}
function withJson(method) {
    return (address, body = {}, options = {}) =>
        request(method, address, { ...options, body: JSON.stringify(body), type: 'application/json' });
}
export const post = withJson('POST');
export const put = withJson('PUT');
export const patch = withJson('PATCH');
export function remove(address, body, options = {}) {
    return request('DELETE', address, body === undefined ? options : { ...options, body: JSON.stringify(body), type: 'application/json' });
}
/** body → the option `key`: the same body again (a second click, another try after no answer) has the same, so that it counts once. */
export function keyMaker() {
    let said = null;
    let key = null;
    return (body) => {
        const text = JSON.stringify(body);
        if (text !== said) key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
        said = text;
        return key;
    };
}

/** A file as the body. */
export function upload(address, blob, options = {}) {
    return request('POST', address, { timeoutMs: 120000, ...options, body: blob, type: blob.type });
}

/** All pages of a list, up to a bound that keeps the browser alive; {items, more}. */
export async function getAll(address, query = {}, max = 5000, options = {}) {
    const items = [];
    let after = null;
    do {
        const page = await get(address, { ...query, after, limit: Math.min(500, max - items.length) }, options);
        items.push(...page.items);
        after = page.next;
    } while (after && items.length < max);
    return { items, more: Boolean(after) };
}
