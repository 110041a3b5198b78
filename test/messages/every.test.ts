import assert from 'node:assert/strict';
import test from 'node:test';
import {includesWords, kindOf, read} from './kinds';
import {PROVOKED, UNPROVOKED} from './provoked';
import {messagesOf, shown, thrownMessages} from './thrown';

/**
 * Each error message of lib and scripts is of one of five kinds; one that is of none fails here. What is
 * thrown anew, and classes that word themselves, are met where they are made.
 */

const all = thrownMessages().flatMap((thrown) => thrown.wordings.map((wording) => ({thrown, wording})));

test('each message is a check of an argument, or of a table whose rows a test follows', (t) => {
  const counts = new Map<string, number>();
  const open: string[] = [];
  for (const {thrown, wording} of all) {
    const kind = kindOf(thrown, wording);
    if (kind === null) open.push(`${thrown.file}:${thrown.line} ${shown(wording)}`);
    else counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  assert.deepEqual(open, [], 'give rule and value (must be …, got …), or a row in a table');
  t.diagnostic(`${all.length} messages: ${[...counts].map(([kind, n]) => `${n} ${kind}`).join(', ')}`);
});

test('each row of what tests provoke is of a message that is there, in a test that quotes it', () => {
  for (const {from, says, by} of PROVOKED) {
    const there = all.some(
      ({thrown, wording}) => thrown.file === from && includesWords(shown(wording), says),
    );
    assert.ok(there, `${from} does not say "${says}"`);
    assert.ok(includesWords(read(by), says), `${by} does not quote "${says}"`);
  }
});

test('each row of what no test provokes is of a message that is there, and in no other table', () => {
  for (const {from, says} of UNPROVOKED) {
    const there = all.filter(
      ({thrown, wording}) => thrown.file === from && includesWords(shown(wording), says),
    );
    assert.ok(there.length > 0, `${from} does not say "${says}"`);
    for (const {thrown, wording} of there) assert.equal(kindOf(thrown, wording), 'provoked by no test', says);
  }
});

test('a message without rule or value is found', () => {
  const [bad] = messagesOf('new.ts', "throw new RangeError('that is no good');");
  assert.equal(kindOf(bad, bad.wordings[0]), null);
  const [good] = messagesOf('new.ts', `throw new RangeError(\`x must be at least \${least}, got \${x}\`);`);
  assert.equal(kindOf(good, good.wordings[0]), 'a check of an argument');
  const [either] = messagesOf(
    'new.ts',
    `throw new Error(\`it is \${a ? 'one' : 'two'} of \${b}\` + ' all');`,
  );
  assert.deepEqual(either.wordings.map(shown), ['it is one of … all', 'it is two of … all']);
});
