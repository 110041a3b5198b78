/** What has to be there before anything is installed: Node, Python with venv, and (better) a C++ compiler. */
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import {SetupError} from './commands.mjs';

/** 20.10 is the first with `--import` and with every option of the test runner that is used here. */
export const leastNode = [20, 10];
export const leastPython = [3, 10];

const pythonNames = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3', 'python'];
const compilerNames = ['g++', 'c++', 'clang++'];

/** Whether '20.9.1' is at least [20, 10]. */
export function isAtLeast(version, [major, minor]) {
  const [a, b] = version.replace(/^v/, '').split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

/** The command that installs a thing here, as far as the system tells. */
export function installCommand(thing, platform = process.platform, hasCommand = isThere) {
  const commands = {
    node: {apt: 'apt-get install nodejs npm', dnf: 'dnf install nodejs', brew: 'brew install node'},
    python: {
      apt: 'apt-get install python3 python3-venv',
      dnf: 'dnf install python3.12',
      brew: 'brew install python@3.13',
    },
    venv: {apt: 'apt-get install python3-venv', dnf: 'dnf install python3', brew: 'brew install python@3.13'},
  }[thing];
  if (platform === 'darwin') return commands.brew;
  return hasCommand('dnf') ? `sudo ${commands.dnf}` : `sudo ${commands.apt}`;
}

/** @throws SetupError when this Node is too old or the system is none of those that set-up knows */
export function checkNode(version = process.versions.node, platform = process.platform) {
  if (platform === 'win32') {
    throw new SetupError(
      'Windows itself is not supported; install WSL (wsl --install) and run the command there',
    );
  }
  if (!isAtLeast(version, leastNode)) {
    throw new SetupError(
      `Node ${leastNode.join('.')} or newer is needed, this is ${version}; nodejs.org has current versions, ` +
        `a version manager too (nvm install 24)`,
    );
  }
}

/**
 * The first Python that is new enough and can make a virtual environment.
 *
 * @returns {{command: string, version: string}}
 * @throws SetupError with the command that installs what is missing
 */
export function findPython(names = pythonNames, probe = probePython) {
  const seen = [];
  let withoutVenv;
  for (const command of names) {
    const found = probe(command);
    if (!found) continue;
    if (!isAtLeast(found.version, leastPython)) seen.push(`${command} is ${found.version}`);
    else if (!found.venv) withoutVenv ??= {command, ...found};
    else return {command, version: found.version};
  }
  if (withoutVenv) {
    const {command, version} = withoutVenv;
    throw new SetupError(
      `${command} (${version}) comes without its venv module; run: ${installCommand('venv')}`,
    );
  }
  const but = seen.length > 0 ? ` (${seen.join(', ')})` : '';
  throw new SetupError(
    `Python ${leastPython.join('.')} or newer is needed and was not found${but}; run: ${installCommand('python')}`,
  );
}

/** The C++ compiler on the PATH that works, or undefined. */
export function findCompiler(names = compilerNames) {
  return names.find((name) => isThere(name));
}

/** How npm is started: the one that runs this command, else the one on the PATH. */
export function findNpm(env = process.env) {
  const script = env.npm_execpath;
  if (script?.endsWith('npm-cli.js') && fs.existsSync(script)) return [process.execPath, script];
  if (!isThere('npm'))
    throw new SetupError(`npm is needed and was not found; run: ${installCommand('node')}`);
  return ['npm'];
}

function isThere(command) {
  return spawnSync(command, ['--version'], {stdio: 'ignore'}).status === 0;
}

function probePython(command) {
  const program =
    'import sys, importlib.util as u; print("%d.%d.%d" % sys.version_info[:3], all(map(u.find_spec, ("venv", "ensurepip"))))';
  const {status, stdout} = spawnSync(command, ['-c', program], {encoding: 'utf8'});
  const [version, venv] = (stdout ?? '').trim().split(' ');
  return status === 0 && /^\d+\.\d+\.\d+$/.test(version) ? {version, venv: venv === 'True'} : undefined;
}
