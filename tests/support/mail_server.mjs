/*
 * A mail server on this machine, for tests: takes mails by SMTP and keeps them. Behaviours of the next mails, for next():
 *     {rcpt: 550} {rcpt: 451} {end: 554}   refused at the address, or after the text
 *     {drop: 'before'}                     hangs up before the text
 *     {drop: 'after'}                      takes the mail, hangs up without an answer
 */
import net from 'node:net';

export class MailServer {
    static async start({ user = '', password = '' } = {}) {
        const mail = Object.assign(new MailServer(), { user, password, mails: [], plans: [], logins: [], sessions: 0 });
        mail.server = net.createServer((socket) => mail.session(socket));
        await new Promise((resolve) => mail.server.listen(0, '127.0.0.1', resolve));
        mail.url = `smtp://127.0.0.1:${mail.server.address().port}`;
        return mail;
    }

    stop() {
        return new Promise((resolve) => this.server.close(resolve));
    }

    next(...behaviours) {
        this.plans.push(...behaviours);
    }

    session(socket) {
        const plan = this.plans.shift() ?? {};
        const state = { plan, to: [], text: null, rest: '' };
        this.sessions++;
        socket.on('error', () => {});
        socket.setEncoding('latin1');
        socket.write('220 mail.test ESMTP\r\n');
        socket.on('data', (text) => {
            const lines = (state.rest + text).split('\r\n');
            state.rest = lines.pop();
            for (const line of lines) this.line(socket, state, line);
        });
    }

    line(socket, state, line) {
        const answer = (text) => socket.destroyed || socket.write(`${text}\r\n`);
        if (state.text !== null) return this.text(socket, state, line, answer);
        if (state.login) {
            state.login = false;
            return this.logIn(line, answer);
        }
        const [, verb, rest] = /^(\S+) ?(.*)$/.exec(line) ?? [null, '', ''];
        switch (verb.toUpperCase()) {
        case 'EHLO': return answer(`250-mail.test\r\n${this.user ? '250-AUTH PLAIN\r\n' : ''}250 8BITMIME`);
        case 'HELO': return answer('250 mail.test');
        case 'AUTH': {
            const given = rest.replace(/^PLAIN ?/i, '');
            state.login = given === '';
            return state.login ? answer('334 ') : this.logIn(given, answer);
        }
        case 'MAIL': state.from = rest; return answer('250 fine');
        case 'RCPT':
            if (state.plan.rcpt) return answer(`${state.plan.rcpt} not that one`);
            state.to.push(/<(.*)>/.exec(rest)[1]);
            return answer('250 fine');
        case 'DATA':
            if (state.plan.drop === 'before') return socket.destroy();
            state.text = [];
            return answer('354 go on');
        case 'QUIT': answer('221 bye'); return socket.end();
        default: return answer('502 what?');
        }
    }

    logIn(given, answer) {
        const [, user, password] = Buffer.from(given, 'base64').toString().split('\0');
        this.logins.push(user);
        answer(user === this.user && password === this.password ? '235 fine' : '535 who are you');
    }

    text(socket, state, line, answer) {
        if (line !== '.') return state.text.push(line.replace(/^\./, ''));
        const [head, ...body] = state.text.join('\n').split('\n\n');
        const text = Buffer.from(body.join(''), 'base64').toString();
        state.text = null;
        if (state.plan.end) return answer(`${state.plan.end} not that text`);
        this.mails.push({ from: state.from, to: state.to, head, text });
        return state.plan.drop === 'after' ? socket.destroy() : answer('250 taken');
    }
}
