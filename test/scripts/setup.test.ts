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

interface FilesModule {
  sharedCache(env: object, home: string): string;
  usableHome(findHome: () => string, otherwise: string): string;
  privateEnvironment(env: object, home: string): Record<string, string>;
}

test('the shared cache is in XDG_CACHE_HOME, else in the home folder, else in the project', async (t) => {
  const {sharedCache} = await load<FilesModule>('files');
  const folder = temporaryFolder(t);
  const [c, h] = [path.join(folder, 'c'), path.join(folder, 'h')];
  assert.equal(sharedCache({XDG_CACHE_HOME: c}, h), `${c}/autoregressive-image-models`);
  for (const env of [{}, {XDG_CACHE_HOME: ''}, {XDG_CACHE_HOME: 'relative'}]) {
    assert.equal(sharedCache(env, h), `${h}/.cache/autoregressive-image-models`);
  }
  const own = path.join(root, '.cache', 'autoregressive-image-models');
  assert.equal(sharedCache({XDG_CACHE_HOME: '/dev/null'}, h), own);
  assert.equal(sharedCache({}, '/dev/null/home'), own);
});

test('a home that is not there, or may not be written, is replaced by a folder of the project', async (t) => {
  const {usableHome} = await load<FilesModule>('files');
  const folder = temporaryFolder(t);
  assert.equal(
    usableHome(() => folder, '/own'),
    folder,
  );
  const nobody = () => {
    throw new Error('ENOENT: no such file or directory, uv_os_homedir');
  };
  assert.equal(usableHome(nobody, '/own'), '/own');
  assert.equal(
    usableHome(() => '/dev/null/home', '/own'),
    '/own',
  );
});

test("settings for the user's other Pythons do not reach .venv; the index and the proxy do", async () => {
  const {privateEnvironment} = await load<FilesModule>('files');
  const env = {PIP_USER: '1', PIP_TARGET: '/x', PYTHONPATH: '/y', PIP_INDEX_URL: 'z', HTTPS_PROXY: 'p'};
  const made = privateEnvironment(env, '/h');
  assert.equal(made.PIP_USER, '0');
  assert.ok(!('PIP_TARGET' in made) && !('PYTHONPATH' in made));
  assert.deepEqual([made.PIP_INDEX_URL, made.HTTPS_PROXY, made.HOME], ['z', 'p', '/h']);
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

/** A checkout with set-up in it and nothing else. */
function bareCheckout(t: {after(fn: () => void): void}): string {
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
  fs.mkdirSync(path.join(checkout, 'bin'));
  return checkout;
}

/** As `bareCheckout`, with packages that are none, and the digits in place. */
function checkoutWithPackages(t: {after(fn: () => void): void}): string {
  const checkout = bareCheckout(t);
  const write = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(checkout, name)), {recursive: true});
    fs.writeFileSync(path.join(checkout, name), text);
  };
  write('package-lock.json', '{"packages": {"": {}}}');
  write('node_modules/.package-lock.json', '{"packages": {}}');
  write('data/mnist/.set-up', '');
  return checkout;
}

test('without Python, what needs no JupyterLab goes on; no home and pip settings stop nothing', (t) => {
  const checkout = checkoutWithPackages(t);
  const start = (name: string) =>
    spawnSync(process.execPath, ['scripts/run.mjs', name], {
      cwd: checkout,
      env: {PATH: path.join(checkout, 'bin'), HOME: '/dev/null/home', PIP_USER: '1'},
      encoding: 'utf8',
    });
  const train = start('train');
  assert.match(train.stderr, /Python 3\.10 or newer is needed.*goes on without JupyterLab/);
  if (process.platform === 'linux') assert.match(train.stderr, /The WASM engine serves, slower: .*pip/);
  assert.doesNotMatch(train.stderr, /^Set-up: /m);
  assert.doesNotMatch(start('train').stderr, /Python 3\.10/, 'it is tried again only where it is needed');
  const lab = start('lab');
  assert.equal(lab.status, 1);
  assert.match(lab.stderr, /^Set-up: Python 3\.10 or newer is needed/m);
});

test('a kernel from the cache that ends the process is rebuilt, without a flag that the compiler refuses', async (t) => {
  const {findCompiler} = await load<PrerequisitesModule>('prerequisites');
  const compiler = findCompiler(['g++', 'c++', 'clang++']);
  const installed = path.join(root, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8');
  if (!compiler || !fs.existsSync(path.join(installed, 'raster_kernels.node'))) {
    t.skip('there is no native engine here');
    return;
  }
  const checkout = checkoutWithPackages(t);
  const cache = path.join(checkout, 'cache');
  const trap = path.join(checkout, 'trap.cc');
  fs.writeFileSync(trap, '__attribute__((constructor)) static void start() { __builtin_trap(); }');
  spawnSync(compiler, ['-shared', '-fPIC', trap, '-o', path.join(checkout, 'trap.node')]);
  // A compiler that does not know -march=native; what it makes is what this project's set-up made.
  const fake = `#!/bin/sh
[ "$1" = --version ] && exit 0
case "$*" in *-march=native*) echo "error: unknown value 'native' for -march" >&2; exit 1;; esac
for last; do :; done
case "$last" in *raster_kernels*) name=raster_kernels;; *) name=tfjs_binding;; esac
cp "${installed}/$name.node" "$last"
`;
  fs.writeFileSync(path.join(checkout, 'bin', 'g++'), fake, {mode: 0o755});
  const program = `
import * as fs from 'node:fs';
import * as path from 'node:path';
import {addons, cachedFile, installBinding} from '${pathToFileURL(path.join(checkout, 'scripts/setup/tensorflow.mjs'))}';
fs.mkdirSync(path.dirname(cachedFile(addons[0])), {recursive: true});
for (const addon of addons) fs.copyFileSync('${checkout}/trap.node', cachedFile(addon));
await installBinding('no-python', {say: (text) => console.log(text), at() {}});
`;
  const {status, stdout, stderr} = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    env: {...process.env, PATH: `${checkout}/bin:${process.env.PATH}`, XDG_CACHE_HOME: cache},
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  const lines = stdout.trim().split('\n');
  assert.match(lines[0], /^loading the TensorFlow binding failed: SIG(ILL|TRAP).*; building it anew$/);
  assert.match(lines[1], /^loading the project's own kernels failed: SIG(ILL|TRAP).*; building it anew$/);
  assert.match(lines[2], /-march.*; trying for processors of every kind, slower$/);
  assert.equal(lines.length, 3);
  const made = path.join(checkout, 'node_modules/@tensorflow/tfjs-node/lib/napi-v8/raster_kernels.node');
  assert.ok(fs.readFileSync(made).equals(fs.readFileSync(path.join(installed, 'raster_kernels.node'))));
});

test('without network the first set-up names the step, the cause and the log', (t) => {
  const checkout = bareCheckout(t);
  const bin = path.join(checkout, 'bin');
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
