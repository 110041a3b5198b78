import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import test from 'node:test';
import {pathToFileURL} from 'node:url';
import {projectRoot} from '../../lib/storage/paths';

interface PrerequisitesModule {
  findCompiler(names?: readonly string[]): string | undefined;
}

/**
 * Set-up compiles the kernels for the processor at hand, and where that fails for any of its family: code
 * that is chosen by what a processor can do must compile for those that can less.
 */
const FLAGS: readonly (readonly string[])[] =
  process.arch === 'x64' ? [[], ['-mavx'], ['-mavx2', '-mfma', '-mf16c']] : [[]];

for (const flags of FLAGS) {
  test(`the samplers compile for a processor with ${flags.join(' ') || 'the least'}`, async (t) => {
    const file = path.join(projectRoot(), 'scripts', 'setup', 'prerequisites.mjs');
    const {findCompiler} = (await import(pathToFileURL(file).href)) as PrerequisitesModule;
    const compiler = findCompiler(['g++', 'c++', 'clang++']);
    if (compiler === undefined) return t.skip('no C++ compiler here');
    const headers = path.join(projectRoot(), 'node_modules', 'node-api-headers', 'include');
    const folder = path.join(projectRoot(), 'lib', 'engine', 'native');
    const sources = fs.readdirSync(folder).filter((name) => name.endsWith('Sampler.cc'));
    assert.ok(sources.length >= 2, `${sources}`);
    const options = ['-fsyntax-only', '-std=c++17', '-DNAPI_VERSION=8', `-I${headers}`, ...flags];
    const files = sources.map((name) => path.join(folder, name));
    const {status, stderr} = spawnSync(compiler, [...options, ...files], {encoding: 'utf8'});
    assert.equal(status, 0, stderr);
  });
}
