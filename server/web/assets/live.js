/*
 * The server's events as they happen. The browser reconnects by itself and says with Last-Event-ID where it stopped, so
 * nothing is missed; where that is not possible, "reset" tells listeners to load anew. Also the state of the connection:
 * a stream that is silent cannot be told from a dead one, so the server is asked whether it is there.
 */
import { setNow } from './time.js';

const PROBE_MS = 15000;
const PROBE_LIMIT_MS = 6000;
const AGAIN_MS = 3000;
const FIRST_MS = 1000;
const EVENTS = ['mark', 'correction', 'activity', 'changed'];

/** Events: "state" (live.state, live.lostAt), "reset", and mark, correction, activity, changed with their data in detail. */
export class Live extends EventTarget {
    state = 'connecting'; // "connecting", "open", "lost"
    lostAt = null; // Date.now() when the connection was lost
    #source = null;
    #missed = false; // something may have happened that this stream does not tell: it was made anew, or opened late
    #timer = null;

    /** Resolves when the stream is open: what is loaded from then on and what the stream tells leave no gap. Does not wait long. */
    async start() {
        const settled = new Promise((resolve) => {
            this.addEventListener('state', resolve, { once: true });
            setTimeout(resolve, FIRST_MS);
        });
        this.#open();
        window.addEventListener('offline', () => this.#lose());
        window.addEventListener('online', () => this.#probe());
        document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#probe());
        setInterval(() => this.#probe(), PROBE_MS);
        await settled;
        this.#missed = this.state !== 'open';
    }

    #open() {
        this.#source?.close();
        const source = new EventSource('/api/events');
        this.#source = source;
        source.addEventListener('open', () => source === this.#source && this.#found());
        source.addEventListener('error', () => {
            if (source !== this.#source) return;
            this.#lose();
            if (source.readyState === EventSource.CLOSED) this.#again(); // refused: the browser has given up
        });
        source.addEventListener('hello', (event) => setNow(this.#data(event)?.now ?? ''));
        source.addEventListener('reset', () => this.dispatchEvent(new Event('reset')));
        for (const name of EVENTS)
            source.addEventListener(name, (event) => {
                const detail = this.#data(event);
                if (detail) this.dispatchEvent(new CustomEvent(name, { detail }));
            });
    }

    #data(event) {
        try {
            return JSON.parse(event.data);
        } catch {
            return null; // a broken event is worth nothing, the ones after it are
        }
    }

    #again() {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(async () => {
            this.#missed = true;
            if (await this.#answers()) this.#open();
            else this.#again();
        }, AGAIN_MS);
    }

    async #answers() {
        try {
            const response = await fetch('/api/me', { cache: 'no-store', signal: AbortSignal.timeout(PROBE_LIMIT_MS) });
            if (response.status === 401) this.dispatchEvent(new Event('signed-out'));
            return response.ok;
        } catch {
            return false;
        }
    }

    async #probe() {
        if (document.visibilityState !== 'visible') return;
        const there = await this.#alive();
        if (!there) {
            this.#lose();
        } else if (this.state === 'lost' && this.#source.readyState === EventSource.OPEN) {
            this.#missed = true; // the stream went dead without a word
            this.#open();
        }
    }

    async #alive() {
        try {
            return (await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(PROBE_LIMIT_MS) })).ok;
        } catch {
            return false;
        }
    }

    #lose() {
        if (this.state === 'lost') return;
        this.state = 'lost';
        this.lostAt = Date.now();
        this.dispatchEvent(new Event('state'));
    }

    #found() {
        this.state = 'open';
        this.lostAt = null;
        this.dispatchEvent(new Event('state'));
        if (this.#missed) this.dispatchEvent(new Event('reset'));
        this.#missed = false;
    }
}
