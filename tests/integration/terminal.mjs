/* A terminal of a given kind and size with a shell in it: tmux, driven from outside. */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { folder, skip } from './lib.mjs';

if (spawnSync('tmux', ['-V']).status !== 0) skip('there is no tmux');

const socket = path.join(folder('tmux'), 'socket');
function tmux(...args) {
    return execFileSync('tmux', ['-u', '-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: '/', LANG: 'C.UTF-8', TERM: 'xterm-256color' } });
}
process.on('exit', () => spawnSync('tmux', ['-S', socket, 'kill-server']));

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
let sessions = 0;

export class Terminal {
    constructor({ rows = 24, cols = 80, term = 'xterm-256color', lang = 'C.UTF-8', env = {} } = {}) {
        this.name = `t${++sessions}`;
        const variables = Object.entries({ HOME: '/', PATH: process.env.PATH, TERM: term, LANG: lang, PS1: 'shell> ', ...env }).map(([name, value]) => `${name}=${value}`);
        tmux('new-session', '-d', '-s', this.name, '-x', String(cols), '-y', String(rows), 'env', '-i', ...variables, '/bin/sh');
        tmux('set', '-t', this.name, 'status', 'off');
        this.resize(rows, cols);
    }

    resize(rows, cols) {
        tmux('resize-window', '-t', this.name, '-x', String(cols), '-y', String(rows));
    }

    /** Keys by tmux's names: "q", "Escape", "C-c". */
    press(...keys) {
        tmux('send-keys', '-t', this.name, ...keys);
    }

    type(line) {
        tmux('send-keys', '-t', this.name, '-l', line);
        this.press('Enter');
    }

    text() {
        return tmux('capture-pane', '-p', '-t', this.name);
    }

    /** Colours and attributes too, as escape sequences. */
    styled() {
        return tmux('capture-pane', '-p', '-e', '-t', this.name);
    }

    /** What tmux knows of the pane: "alternate_on", "cursor_flag", "pane_pid" … */
    know(variable) {
        return tmux('display-message', '-p', '-t', this.name, `#{${variable}}`).trim();
    }

    /** Waits until the screen's text fits, and returns it; fails with what it shows instead. */
    async shows(word, seconds = 20) {
        const deadline = Date.now() + seconds * 1000;
        for (;;) {
            const text = this.text();
            if (word instanceof RegExp ? word.test(text) : text.includes(word)) return text;
            if (Date.now() > deadline) throw new Error(`the screen does not show ${word} within ${seconds} s:\n${text}`);
            await sleep(30);
        }
    }

    /** Waits until the shell is back, and returns the exit code of `COMMAND; echo exit=$?`. */
    async exit(seconds = 20) {
        return Number((await this.shows(/exit=\d+/, seconds)).match(/exit=(\d+)/)[1]);
    }

    close() {
        tmux('kill-session', '-t', this.name);
    }
}
