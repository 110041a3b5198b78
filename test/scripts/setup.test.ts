import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {pathToFileURL} from 'node:url';

const root = path.resolve(__dirname, '../..');

/** A module of set-up; these are plain JavaScript, since they run before TypeScript is installed. */
async function load<T>(name: string): Promise<T> {
  return (await import(pathToFileURL(path.join(root, 'scripts', 'setup', `${name}.mjs`)).href)) as T;
}

interface Lock {
  watch(pid: number): void;
  release(): void;
}
interface LockModule {
  acquireLock(file: string, options?: {onWait?: (text: string) => void; pause?: number}): Promise<Lock>;
}
interface PrerequisitesModule {
  checkNode(version: string, platform?: string): void;
  isAtLeast(version: string, least: readonly [number, number]): boolean;
  installCommand(thing: string, platform: string, hasCommand: (name: string) => boolean): string;
  findPython(
    names: readonly string[],
    probe: (name: string) => {version: string; venv: boolean} | undefined,
  ): {command: string; version: string};
  findCompiler(names: readonly string[]): string | undefined;
}

function temporaryFolder(t: {after(fn: () => void): void}): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'setup-'));
  t.after(() => fs.rmSync(folder, {recursive: true, force: true}));
  return folder;
}

/** The number of a process that ran and is gone. */
function deadProcess(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

test('Node: 20.10 and newer; the message names both versions', async () => {
  const {checkNode, isAtLeast} = await load<PrerequisitesModule>('prerequisites');
  for (const version of ['20.10.0', '20.20.2', '22.1.0', '26.10.0']) checkNode(version, 'linux');
  assert.throws(() => checkNode('18.20.4', 'linux'), /Node 20\.10 or newer is needed, this is 18\.20\.4/);
  assert.throws(() => checkNode('20.9.0', 'linux'), /20\.9\.0/);
  assert.throws(() => checkNode('22.1.0', 'win32'), /wsl --install/);
  assert.equal(isAtLeast('3.9.18', [3, 10]), false);
  assert.equal(isAtLeast('3.10.0', [3, 10]), true);
});

test('Python: the first that is new enough and has venv; otherwise the command that installs one', async () => {
  const {findPython, installCommand} = await load<PrerequisitesModule>('prerequisites');
  const there: Record<string, {version: string; venv: boolean}> = {
    python: {version: '2.7.18', venv: false},
    old: {version: '3.9.1', venv: true},
    bare: {version: '3.12.1', venv: false},
    good: {version: '3.11.7', venv: true},
  };
  const probe = (name: string) => there[name];
  assert.deepEqual(findPython(['missing', 'old', 'bare', 'good'], probe), {
    command: 'good',
    version: '3.11.7',
  });
  assert.throws(
    () => findPython(['old', 'bare'], probe),
    /bare \(3\.12\.1\) comes without its venv module; run: /,
  );
  assert.throws(
    () => findPython(['python', 'old'], probe),
    /Python 3\.10 or newer .*python is 2\.7\.18, old is 3\.9\.1.*run: /,
  );
  assert.throws(() => findPython(['missing'], probe), /was not found; run: /);
  assert.match(
    installCommand('venv', 'linux', () => false),
    /^sudo apt-get install .*python3-venv/,
  );
  assert.match(
    installCommand('python', 'linux', (name) => name === 'dnf'),
    /^sudo dnf install /,
  );
  assert.match(
    installCommand('python', 'darwin', () => false),
    /^brew install /,
  );
});

test('a compiler that is not there is not found', async () => {
  const {findCompiler} = await load<PrerequisitesModule>('prerequisites');
  assert.equal(findCompiler(['no-such-compiler', process.execPath]), process.execPath);
  assert.equal(findCompiler(['no-such-compiler']), undefined);
});

test('lock: the second waits, says so once, and goes on after the release', async (t) => {
  const {acquireLock} = await load<LockModule>('lock');
  const file = path.join(temporaryFolder(t), 'cache', 'lock');
  const first = await acquireLock(file);
  const said: string[] = [];
  let taken = false;
  const waiting = acquireLock(file, {onWait: (text) => said.push(text), pause: 10}).then((lock) => {
    taken = true;
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(taken, false);
  assert.equal(said.length, 1);
  assert.match(said[0], new RegExp(`process ${process.pid}`));
  first.release();
  const second = await waiting;
  assert.ok(fs.existsSync(file));
  second.release();
  assert.ok(!fs.existsSync(file));
});

test('lock: taken over from a dead set-up, but not while a child of it still works', async (t) => {
  const {acquireLock} = await load<LockModule>('lock');
  const file = path.join(temporaryFolder(t), 'lock');
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
  t.after(() => child.kill('SIGKILL'));
  fs.writeFileSync(file, JSON.stringify({id: 'x', host: os.hostname(), pids: [deadProcess(), child.pid]}));
  let taken = false;
  const waiting = acquireLock(file, {pause: 10}).then((lock) => {
    taken = true;
    return lock;
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(taken, false);
  child.kill('SIGKILL');
  (await waiting).release();
});

test('lock: of many who find a stale one, each gets it alone', async (t) => {
  const {acquireLock} = await load<LockModule>('lock');
  const file = path.join(temporaryFolder(t), 'lock');
  fs.writeFileSync(file, JSON.stringify({id: 'x', host: os.hostname(), pids: [deadProcess()]}));
  let inside = 0;
  const enter = async () => {
    const lock = await acquireLock(file, {pause: 2});
    inside += 1;
    assert.equal(inside, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inside -= 1;
    lock.release();
  };
  await Promise.all(Array.from({length: 8}, enter));
});

test('lock: of another machine, or half written: stale only when it is old', async (t) => {
  const {acquireLock} = await load<LockModule>('lock');
  const folder = temporaryFolder(t);
  for (const content of [JSON.stringify({id: 'x', host: 'elsewhere', pids: [1]}), '']) {
    const file = path.join(folder, 'lock');
    fs.writeFileSync(file, content);
    const old = new Date(Date.now() - 120_000);
    fs.utimesSync(file, old, old);
    (await acquireLock(file, {pause: 10})).release();
  }
});

test('the same inputs give the same stamp, others another', async () => {
  const {digest} = await load<{digest(...inputs: unknown[]): string}>('files');
  assert.equal(digest('a', 'b'), digest('a', 'b'));
  assert.notEqual(digest('a', 'b'), digest('ab'));
  assert.notEqual(digest('a', undefined), digest('a', 'b'));
});

test('the shared cache is in XDG_CACHE_HOME, else in the home folder', async () => {
  const {sharedCache} = await load<{sharedCache(env: object, home: string): string}>('files');
  assert.equal(sharedCache({XDG_CACHE_HOME: '/c'}, '/h'), '/c/autoregressive-image-models');
  for (const env of [{}, {XDG_CACHE_HOME: ''}, {XDG_CACHE_HOME: 'relative'}]) {
    assert.equal(sharedCache(env, '/h'), '/h/.cache/autoregressive-image-models');
  }
});

test('the cause of a failure in one sentence', async () => {
  const {explainFailure} = await load<{explainFailure(output: string): string}>('commands');
  const causes: [string, RegExp][] = [
    ['npm error code ENOTFOUND\nnpm error syscall getaddrinfo', /no network/],
    [
      'Retrying: NewConnectionError(...)\nERROR: No matching distribution found for anyio==4.16.0',
      /no network/,
    ],
    ['npm error code ENOSPC', /disk is full/],
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.', /hash differs/],
    ['npm error code EINTEGRITY', /hash differs/],
    ['npm error code EUSAGE', /do not agree/],
    ['a.cc:3:1: error: expected ;\nmake stopped', /^a\.cc:3:1: error: expected ;$/],
  ];
  for (const [output, expected] of causes) assert.match(explainFailure(output), expected);
});

test('progress: a bar, and the time to go once it can be told', async () => {
  const {formatProgress, formatSeconds} = await load<{
    formatProgress(fraction: number, seconds: number): string;
    formatSeconds(seconds: number): string;
  }>('progress');
  assert.match(formatProgress(0.5, 30), /^█{12}░{12} {2}50 %, 30 s to go$/);
  assert.match(formatProgress(0.001, 30), /^░{24} {3}0 %$/);
  assert.match(formatProgress(2, 30), /^█{24} 100 %$/);
  assert.equal(formatSeconds(95), '1 min 35 s');
});

test('without network the first set-up names the step, the cause and the log', (t) => {
  const checkout = path.join(temporaryFolder(t), 'checkout');
  for (const name of [
    'scripts',
    'lib/engine/environment.json',
    'lib/engine/native',
    'lib/engine/compat.cjs',
    'package.json',
    'package-lock.json',
  ]) {
    fs.cpSync(path.join(root, name), path.join(checkout, name), {recursive: true});
  }
  const bin = path.join(checkout, 'bin');
  fs.mkdirSync(bin);
  fs.writeFileSync(
    path.join(bin, 'npm'),
    '#!/bin/sh\n[ "$1" = --version ] || { echo npm error code EAI_AGAIN; exit 1; }\n',
    {
      mode: 0o755,
    },
  );
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    XDG_CACHE_HOME: path.join(checkout, 'cache'),
    npm_execpath: '',
  };
  const {status, stdout, stderr} = spawnSync(process.execPath, ['scripts/run.mjs', 'train', 'made'], {
    cwd: checkout,
    env,
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /Set-up: npm ci failed: no network.*\(log: \.cache\/setup\/npm\.log\)/);
  assert.ok(!fs.existsSync(path.join(checkout, '.cache', 'setup', 'lock')));
});

test('no command, or an unknown one: the list, and exit code 2', () => {
  for (const args of [[], ['tarin']]) {
    const {status, stdout, stderr} = spawnSync(
      process.execPath,
      [path.join(root, 'scripts', 'run.mjs'), ...args],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /Usage: .*\n {2}start +reproduces/);
  }
});

test('what Node 23 removed from util is there again', () => {
  const program =
    'const u = require("util"); console.log(u.isNullOrUndefined(null), u.isNullOrUndefined(0), u.isArray([]))';
  const compat = path.join(root, 'lib', 'engine', 'compat.cjs');
  const {stdout} = spawnSync(process.execPath, ['--require', compat, '-e', program], {encoding: 'utf8'});
  assert.equal(stdout, 'true false true\n');
});
