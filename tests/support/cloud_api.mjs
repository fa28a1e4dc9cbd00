/*
 * A server on this machine that behaves like the WhatsApp Business Cloud API: it takes template messages, checks them as the
 * real one does, answers with its error codes, and tells a webhook what became of them, signed. For tests, which import it and
 * steer it by its methods, and for packaging/alerts-demo.
 *
 *     const cloud = await CloudApi.start({ webhook: 'http://127.0.0.1:8080/webhooks/whatsapp' });
 *     cloud.next({ error: 131026 });                   // the next request is answered so
 *     const message = await cloud.until((one) => one.to === '919876543210');
 *     await cloud.tell(message, 'delivered');          // signed; the status of the server's answer
 *
 * Behaviours of one request, for next() (in order) or for a number, for toward(to, …):
 *     error: code [, status, retryAfter, details]      refused
 *     status: 503 [, retryAfter, text]                 an answer without an error in it
 *     drop: 'before'                                   hangs up; the message was not taken
 *     drop: 'after'                                    takes the message, hangs up without an answer
 *     hold: promise                                    takes the message, answers when the promise is done
 *     silent: true                                     takes the message, never tells anything of it by itself
 */
import crypto from 'node:crypto';
import http from 'node:http';

const usualStatus = {
    4: 400, 190: 401, 10: 403, 100: 400, 130429: 429, 131000: 500, 131016: 500, 131026: 400, 131047: 400, 131048: 429,
    131056: 429, 132000: 400, 132001: 404, 133004: 503,
};
const titles = {
    4: 'Application request limit reached', 10: 'Application does not have permission for this action', 100: 'Invalid parameter',
    190: 'Access token has expired', 130429: 'Rate limit hit', 131000: 'Something went wrong', 131016: 'Service unavailable',
    131026: 'Message undeliverable', 131047: 'Re-engagement message', 131048: 'Spam rate limit hit',
    131056: '(Business Account, Consumer Account) pair rate limit hit', 132000: 'Number of parameters does not match the expected number of params',
    132001: 'Template name does not exist in the translation', 133004: 'Server is temporarily unavailable',
};

/** The templates that were approved: how many parameters their bodies have. */
export const usualTemplates = {
    absence_alert: { language: 'en', parameters: 6 },
    absence_staff: { language: 'en', parameters: 5 },
    reset_code: { language: 'en', parameters: 1, button: true },
    hello_world: { language: 'en_US', parameters: 0 },
};

export class CloudApi {
    constructor(options) {
        Object.assign(this, {
            token: 'test-token', phoneId: '100200300', appSecret: 'test-app-secret', webhook: '', version: 'v23.0', templates: usualTemplates,
            tells: ['sent', 'delivered'], // what it tells of a message by itself
            perSecond: 80, pairMs: 0, // limits
        }, options);
        this.requests = []; // all: {at, path, body, answer}
        this.messages = []; // those that were taken: {id, to, template, language, parameters, code, callback, at, told}
        this.plans = [];
        this.planned = new Map();
        this.waiting = [];
        this.open = new Set();
        this.telling = new Set();
    }

    static async start(options = {}) {
        const cloud = new CloudApi(options);
        cloud.server = http.createServer((request, response) => cloud.take(request, response));
        cloud.server.on('connection', (socket) => {
            cloud.open.add(socket);
            socket.on('close', () => cloud.open.delete(socket));
        });
        await new Promise((resolve, reject) => cloud.server.on('error', reject).listen(options.port ?? 0, '127.0.0.1', resolve));
        cloud.url = `http://127.0.0.1:${cloud.server.address().port}`;
        return cloud;
    }

    async stop() {
        this.webhook = '';
        this.open.forEach((socket) => socket.destroy());
        await Promise.allSettled([...this.telling]);
        await new Promise((resolve) => this.server.close(resolve));
    }

    // ---- steering ----

    /** How the next requests are answered, one after the other; afterwards as usual. */
    next(...behaviours) {
        this.plans.push(...behaviours);
    }

    /** How the requests to a number are answered, one after the other; afterwards as usual. */
    toward(to, ...behaviours) {
        const digits = to.replace('+', '');
        this.planned.set(digits, [...(this.planned.get(digits) ?? []), ...behaviours]);
    }

    /** The first message that fits, of those taken so far or later. */
    until(predicate, ms = 15000, what = 'a message') {
        const seen = this.messages.find(predicate);
        if (seen) return Promise.resolve(seen);
        return new Promise((resolve, reject) => {
            const wait = { predicate, resolve: (message) => { clearTimeout(timer); resolve(message); } };
            const timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms; taken: ${JSON.stringify(this.messages)}`)), ms);
            this.waiting.push(wait);
        });
    }

    to(number) {
        return this.messages.filter((message) => message.to === number.replace('+', ''));
    }

    // ---- webhooks ----

    /** A status of a message, signed; options: {withoutCallback, secret, at, errors}. The HTTP status of the server's answer. */
    tell(message, status, options = {}) {
        const at = Math.floor((options.at ?? Date.now()) / 1000);
        const item = { id: message.id, status, timestamp: String(at), recipient_id: message.to };
        if (!options.withoutCallback && message.callback) item.biz_opaque_callback_data = message.callback;
        if (status === 'failed') item.errors = options.errors ?? [{ code: 131026, title: titles[131026], error_data: { details: 'Message Undeliverable.' } }];
        message.told?.push(status);
        return this.post({ statuses: [item] }, options);
    }

    /** A person writes something. */
    reply(from, text, options = {}) {
        const digits = from.replace('+', '');
        const item = { from: digits, id: wamid(), timestamp: String(Math.floor((options.at ?? Date.now()) / 1000)), type: 'text', text: { body: text } };
        return this.post({ contacts: [{ wa_id: digits, profile: { name: 'Parent' } }], messages: [item] }, options);
    }

    /** options.secret: another than ours; null: no signature at all. */
    async post(value, { secret = this.appSecret, phoneId = this.phoneId } = {}) {
        const body = JSON.stringify({
            object: 'whatsapp_business_account',
            entry: [{ id: '1', changes: [{ field: 'messages', value: { messaging_product: 'whatsapp', metadata: { display_phone_number: '15550000000', phone_number_id: phoneId }, ...value } }] }],
        });
        const headers = { 'content-type': 'application/json' };
        if (secret !== null) headers['x-hub-signature-256'] = `sha256=${crypto.createHmac('sha256', secret).update(body).digest('hex')}`;
        const answer = await fetch(this.webhook, { method: 'POST', headers, body });
        await answer.arrayBuffer();
        return answer.status;
    }

    /** Asks the webhook's address as it is done when it is set up. {status, text} */
    async verify(verifyToken, challenge = '1158201444') {
        const query = new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': verifyToken, 'hub.challenge': challenge });
        const answer = await fetch(`${this.webhook}?${query}`);
        return { status: answer.status, text: await answer.text() };
    }

    // ---- requests ----

    take(request, response) {
        const parts = [];
        request.on('data', (part) => parts.push(part));
        request.on('end', () => {
            const entry = { at: Date.now(), path: request.url, headers: request.headers, text: Buffer.concat(parts).toString() };
            this.requests.push(entry);
            this.judge(request, entry, response).catch((error) => this.answer(response, entry, 500, { error: { code: 1, message: String(error) } }));
        });
    }

    plan(to) {
        const own = this.planned.get(to);
        return (own?.length ? own.shift() : undefined) ?? this.plans.shift() ?? {};
    }

    async judge(request, entry, response) {
        const fault = this.fault(request, entry);
        if (fault) return this.refuse(response, entry, fault);
        const behaviour = this.plan(entry.body.to);
        if (behaviour.drop === 'before') return request.socket.destroy();
        if (behaviour.error !== undefined) return this.refuse(response, entry, behaviour);
        if (behaviour.status) {
            if (behaviour.retryAfter) response.setHeader('retry-after', String(behaviour.retryAfter));
            return response.writeHead(behaviour.status).end(behaviour.text ?? '');
        }
        const limit = this.limit(entry);
        if (limit) return this.refuse(response, entry, limit);
        const message = this.accept(entry);
        if (behaviour.drop === 'after') request.socket.destroy();
        else {
            await behaviour.hold;
            this.answer(response, entry, 200, {
                messaging_product: 'whatsapp', contacts: [{ input: message.to, wa_id: message.to }], messages: [{ id: message.id, message_status: 'accepted' }],
            });
        }
        if (!behaviour.silent && this.webhook) this.tellUsual(message);
    }

    /** What is wrong with a request, as the real one says it. */
    fault(request, entry) {
        if (request.headers.authorization !== `Bearer ${this.token}`) return { error: 190 };
        if (request.method !== 'POST' || request.url !== `/${this.version}/${this.phoneId}/messages`) return { error: 100, details: `Unsupported request: ${request.method} ${request.url}` };
        if (!(request.headers['content-type'] ?? '').startsWith('application/json')) return { error: 100, details: 'not JSON' };
        try {
            entry.body = JSON.parse(entry.text);
        } catch {
            return { error: 100, details: 'not JSON' };
        }
        const { body } = entry;
        if (body.messaging_product !== 'whatsapp' || body.type !== 'template') return { error: body.type === 'text' ? 131047 : 100 };
        if (!/^[1-9][0-9]{7,14}$/.test(body.to ?? '')) return { error: 131009, details: 'Parameter value is not valid: to' };
        if ((body.biz_opaque_callback_data ?? '').length > 512) return { error: 100, details: 'biz_opaque_callback_data is too long' };
        return this.templateFault(body.template);
    }

    templateFault(template) {
        const known = this.templates[template?.name];
        if (!known || known.language !== template.language?.code) return { error: 132001, details: `template name (${template?.name}) does not exist in ${template?.language?.code}` };
        const part = (type) => (template.components ?? []).filter((one) => one.type === type);
        const parameters = part('body').flatMap((one) => one.parameters);
        if (parameters.length !== known.parameters) return { error: 132000, details: `body: number of localizable_params (${parameters.length}) does not match the expected number of params (${known.parameters})` };
        if (part('button').length !== (known.button ? 1 : 0)) return { error: 132000, details: 'buttons' };
        for (const one of [...parameters, ...part('button').flatMap((button) => button.parameters)]) {
            if (one.type !== 'text' || typeof one.text !== 'string' || one.text === '') return { error: 131008, details: 'Parameter of type text is missing text value' };
            if (/[\n\t]| {5}/.test(one.text)) return { error: 132012, details: 'Param text cannot have new-line/tab characters or more than 4 consecutive spaces' };
        }
        return null;
    }

    limit(entry) {
        const recent = this.messages.filter((message) => message.at > entry.at - 1000);
        if (recent.length >= this.perSecond) return { error: 130429, retryAfter: 1 };
        const pair = this.messages.some((message) => message.to === entry.body.to && message.at > entry.at - this.pairMs);
        return pair ? { error: 131056 } : null;
    }

    accept(entry) {
        const { template } = entry.body;
        const texts = (type) => (template.components ?? []).filter((one) => one.type === type).flatMap((one) => one.parameters.map((parameter) => parameter.text));
        const message = {
            id: wamid(), to: entry.body.to, template: template.name, language: template.language.code, parameters: texts('body'), button: texts('button'),
            callback: entry.body.biz_opaque_callback_data, at: entry.at, told: [],
        };
        this.messages.push(message);
        for (const wait of this.waiting.filter((one) => one.predicate(message))) {
            this.waiting.splice(this.waiting.indexOf(wait), 1);
            wait.resolve(message);
        }
        return message;
    }

    tellUsual(message) {
        const telling = (async () => {
            for (const status of this.tells) if (this.webhook) await this.tell(message, status);
        })().catch(() => {}).finally(() => this.telling.delete(telling)); // a server that is gone is not told
        this.telling.add(telling);
    }

    refuse(response, entry, { error, status, retryAfter, details }) {
        if (retryAfter) response.setHeader('retry-after', String(retryAfter));
        this.answer(response, entry, status ?? usualStatus[error] ?? 400, {
            error: {
                message: `(#${error}) ${titles[error] ?? 'Error'}`, type: 'OAuthException', code: error, fbtrace_id: 'Az8or2yhqkZfEZ-_4Qn_Bam',
                error_data: { messaging_product: 'whatsapp', details: details ?? titles[error] ?? 'Error' },
            },
        });
    }

    answer(response, entry, status, body) {
        entry.answer = { status, body };
        if (!response.destroyed) response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }
}

function wamid() {
    return `wamid.${crypto.randomBytes(24).toString('base64')}`;
}
