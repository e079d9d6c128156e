#!/usr/bin/env node
// SPDX-License-Identifier: MIT
//
// The adapter for node's child_process. A process is what `fork` starts: this
// file again, whose first message tells it its target. A pipe is the channel
// between the two, which exists once one of its ends was given to a child. What
// has not been started is nothing to node, so that nothing can be asked of it.
'use strict';
const {fork} = require('child_process');
const {once} = require('events');
const fs = require('fs');
const net = require('net');
const {constants: {signals}} = require('os');
const {Worker} = require('worker_threads');

class Unsupported extends Error {}

// The errors of the wire by node's codes; of others, the kind of error decides.
const BROKEN = ['BrokenPipeError', 'ConnectionError', 'OSError'];
const TYPES = {
  EOF: ['EOFError'], ENOENT: ['FileNotFoundError', 'OSError'], EPIPE: BROKEN,
  ERR_IPC_CHANNEL_CLOSED: BROKEN, ERR_INVALID_ARG_VALUE: ['ValueError'],
};

function typesOf(error) {
  const kind = error.syscall ? 'OSError' :
    error instanceof TypeError ? 'TypeError' : 'RuntimeError';
  return [...(TYPES[error.code] || [kind]), 'Exception'];
}

function failure(code, text) {
  return Object.assign(new Error(text), {code});
}

// Whether one of the events came before the time was over. A timer may go off
// up to a millisecond early.
function comes(emitter, events, timeout) {
  return new Promise((resolve) => {
    const answer = (came) => {
      clearTimeout(timer);
      for (const event of events) emitter.off(event, yes);
      resolve(came);
    };
    const yes = () => answer(true);
    for (const event of events) emitter.on(event, yes);
    const timer = timeout === null ? undefined :
      setTimeout(() => answer(false), Math.ceil(timeout * 1000) + 1);
  });
}

class Fd {
  constructor(number) { this.number = number; }
}

class Fds extends Array {}  // as an argument, that many arguments

class Connection {
  static pair() {
    const [x, y] = [new Connection(), new Connection()];
    [x.other, y.other] = [y, x];
    return [x, y];
  }

  // `channel` is a child or, in a child, `process`.
  attach(channel) {
    this.channel = channel;
    this.inbox = [];
    channel.on('message', (message) => this.inbox.push(message));
    channel.channel.unref();  // only who waits for a message is kept alive
    return this;
  }

  open() {
    if (this.channel) return this.channel;
    throw new Unsupported('channel without a child');
  }

  async poll(timeout = 0) {
    const channel = this.open();
    if (this.inbox.length || !channel.connected) return true;
    channel.channel.ref();
    const came = await comes(channel, ['message', 'disconnect'], timeout);
    if (channel.connected) channel.channel.unref();
    return came;
  }

  async recv() {
    await this.poll(null);
    if (this.inbox.length) return this.inbox.shift();
    throw failure('EOF', 'the channel is closed');
  }

  send(message) {
    const channel = this.open();
    if (message instanceof Fd || message instanceof Connection) {
      throw new Unsupported('message that is no data');
    }
    return new Promise((resolve, reject) => channel.send(
      message, (error) => error ? reject(error) : resolve(null)));
  }

  close() {
    if (this.channel && this.channel.connected) this.channel.disconnect();
  }
}

class Process {
  // Other options are ignored, as by node, but those that only node lacks.
  constructor({target = 'echo', args = [], ...others}) {
    for (const name of ['group', 'name', 'kwargs', 'daemon']) {
      if (name in others) throw new Unsupported(name);
    }
    Object.assign(this, {target, args});
  }

  started() {
    if (this.child) return this.child;
    throw new Unsupported('process that was not started');
  }

  async start() {
    if (this.child) throw new Unsupported('second start');
    const numbers = this.args.filter((arg) => arg instanceof Fd)
      .map((fd) => fd.number);
    const child = fork(__filename, {
      serialization: 'advanced', stdio: [0, 1, 2, 'ipc', ...numbers],
    });
    await once(child, 'spawn');
    this.child = child;
    const ends = this.args.filter((arg) => arg instanceof Connection);
    if (ends.length > 1) throw new Unsupported('second channel of a child');
    let number = 3;
    const args = this.args.map((arg) => arg instanceof Fd ? {fd: ++number} :
      arg instanceof Connection ? {channel: true} : {value: arg});
    const channel = new Connection().attach(child);
    await channel.send({target: this.target, args});
    for (const end of ends) Object.assign(end.other, channel);
    return null;
  }

  get pid() { return this.started().pid; }
  // A promise: node learns of an end by an event, which may come some turns of
  // the loop after the end.
  get exitcode() { return this.heard().then(() => this.status()); }
  async heard() {
    if (this.status() !== null) return;
    const ended = !fs.existsSync(`/proc/${this.pid}/exe`);
    if (ended) await comes(this.child, ['exit'], 1);
  }
  status() {
    const {exitCode, signalCode} = this.started();
    return signalCode ? -signals[signalCode] : exitCode;
  }
  async is_alive() { return await this.exitcode === null; }
  async join(timeout = null) {
    if (this.status() === null) await comes(this.child, ['exit'], timeout);
    return null;
  }
  terminate() { this.started().kill('SIGTERM'); }
  kill() { this.started().kill('SIGKILL'); }
}

// What processes run.

async function agent(path, ...objects) {
  const socket = net.connect(path).setEncoding('utf8');
  await once(socket, 'connect');
  const send = (message) => socket.write(JSON.stringify(message) + '\n');
  const actor = new Actor(objects);
  send({hello: {pid: process.pid}});
  let text = '';
  for await (const chunk of socket) {
    const lines = (text + chunk).split('\n');
    text = lines.pop();
    for (const line of lines) {
      const request = JSON.parse(line);
      send({id: request.id, ...await actor.reply(request)});
      if (request.do === 'bye') return socket.end();
    }
  }
}

function note(path, text) { fs.appendFileSync(path, `${text}\n`); }
function gate(path) { fs.readFileSync(path); }

const FUNCTIONS = {
  agent, note, gate,
  echo: () => {},
  square: () => {},
  fail: (text) => { throw new Error(text); },
  leave: (code) => {
    if (typeof code === 'string') throw new Error(code);
    process.exit(code === null ? undefined : code);
  },
  die: (name) => process.kill(process.pid, `SIG${name}`),
  gate_note: (path, ...rest) => { gate(path); note(...rest); },
  note_size: (path, blob) => note(path, blob.length),
  tell: (text) => process.stdout.write(text),
};

async function child({target, args}) {
  await FUNCTIONS[target](...args.map((arg) => 'fd' in arg ? new Fd(arg.fd) :
    arg.channel ? new Connection().attach(process) : arg.value));
}

// The handles that are always there.

const context = {
  Process: (options) => new Process(options),
  Pipe: ({duplex = true}) => {
    if (!duplex) throw new Unsupported('channel of one way');
    return Connection.pair();
  },
};

const mp = {
  ...context,
  get_all_start_methods: () => ['spawn'],
  get_context: (method = 'spawn') => {
    if (method === 'spawn') return context;
    throw failure('ERR_INVALID_ARG_VALUE', `no start method ${method}`);
  },
};

let cell = 0;

const os = {
  getpid: () => process.pid,
  getppid: () => process.ppid,
  getcwd: () => process.cwd(),
  chdir: (path) => process.chdir(path),
  getenv: (name) => process.env[name],
  putenv: (name, value) => { process.env[name] = value; },
  umask: (mask) => process.umask(mask),
  argv: () => process.argv.slice(2),
  cell: () => cell,
  set_cell: (n) => { cell = n; },
  signal: (name, how) => {
    if (how === 'ignore') throw new Unsupported('ignored signal');
    if (how === 'handle') process.on(`SIG${name}`, () => {});
    else process.removeAllListeners(`SIG${name}`);
  },
  open_fd: (path, inheritable) => {
    if (inheritable) throw new Unsupported('inheritable descriptor');
    return new Fd(fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT));
  },
  open_fds: (path, n) => Object.assign(
    new Fds(), Array.from({length: n}, () => os.open_fd(path))),
  fd_of: (number) => new Fd(number),
  fd_number: (fd) => fd.number,
  write_fd: (fd, text) => { fs.writeSync(fd.number, text); },
  close_fd: (fd) => fs.closeSync(fd.number),
  print: (text) => { process.stdout.write(text); },
  print_error: (text) => { process.stderr.write(text); },
  exit: (code) => FUNCTIONS.leave(code),
  at_exit: (path, text) => { process.on('exit', () => note(path, text)); },
  raise: (kind) => new Promise(() => {
    setImmediate(() => { throw new Error(kind); });
  }),
  kill: (pid, name) => { process.kill(pid, `SIG${name}`); },
  start_thread: () => {
    new Worker('setInterval(() => {}, 1e6)', {eval: true}).unref();
  },
  blob: (n) => Buffer.from({length: n}, (_, i) => i % 251),
};

// What PROTOCOL.md asks of an actor.

const NAMED = ['Process', 'Pipe'];  // functions that take their options by name
const MAX_BYTES = 65536;  // more are answered as a handle

const HELLO = {
  protocol: 1, name: 'node', version: process.versions.node,
  language: 'JavaScript', methods: ['spawn'], profiles: ['core', 'full'],
  features: ['process', 'isolation', 'descriptors', 'signals', 'output', 'pipe',
    'kill'],
};

class Actor {
  constructor(objects) {
    this.handles = new Map([['mp', mp], ['os', os]]);
    objects.forEach((object, i) => this.handles.set(`$${i}`, object));
    this.madeUp = 0;
  }

  decode(value) {
    if (Array.isArray(value)) {
      return value.map((v) => this.decode(v))
        .flatMap((v) => v instanceof Fds ? [...v] : [v]);
    }
    if (value === null || typeof value !== 'object') return value;
    const [[key, inner]] = Object.entries(value);
    if (key === 'ref' || key === 'fd') return this.handles.get(inner);
    if (key === 'b64') return Buffer.from(inner, 'base64');
    if (key === 'fn' && inner in FUNCTIONS) return inner;
    throw new Unsupported(key === 'fn' ? inner : key);
  }

  encode(value, name) {
    if (value === undefined || value === null) return null;
    if (typeof value !== 'object') return value;
    if (Buffer.isBuffer(value) && value.length <= MAX_BYTES) {
      return {b64: value.toString('base64')};
    }
    if (Array.isArray(value) && !(value instanceof Fds)) {
      return value.map((v) => this.encode(v));
    }
    const type = value === context ? 'Context' : Buffer.isBuffer(value) ?
      'blob' : value.constructor.name.replace(/^Fd/, 'fd');
    return {ref: this.keep(value, name), type};
  }

  // An object keeps the first name that it got.
  keep(object, name) {
    const known = [...this.handles].find(([, kept]) => kept === object);
    if (!name && known) return known[0];
    name = name || `#${++this.madeUp}`;
    this.handles.set(name, object);
    return known ? known[0] : name;
  }

  async answer({do: verb, on, name, args, named, bind, ref}) {
    // What has happened is known once the loop has turned.
    await new Promise(setImmediate);
    if (verb === 'hello') return HELLO;
    if (verb === 'bye') return null;
    if (verb === 'drop') return this.handles.delete(ref) && null;
    const object = this.handles.get(on);
    if (!(name in object) || verb === 'write') throw new Unsupported(name);
    if (verb === 'read') return this.encode(await object[name], bind);
    return this.encode(await object[name](...this.given(name, args, named)),
      bind);
  }

  given(name, args = [], named = {}) {
    const words = Object.entries(named).map(([k, v]) => [k, this.decode(v)]);
    if (NAMED.includes(name)) {
      const order = name === 'Pipe' ? ['duplex'] :
        ['group', 'target', 'name', 'args', 'kwargs'];
      return [Object.fromEntries([
        ...this.decode(args).map((v, i) => [order[i], v]), ...words])];
    }
    return [...this.decode(args), ...words.map(([, v]) => v)];
  }

  async reply(request) {
    try {
      return {ok: await this.answer(request)};
    } catch (error) {
      if (error instanceof Unsupported) return {unsupported: error.message};
      return {error: typesOf(error), text: error.message};
    }
  }
}

if (process.send) process.once('message', child);
else agent(process.argv[process.argv.length - 1]);
