import assert from 'node:assert/strict';
import test from 'node:test';
import {TimeLimitError, Worker} from '../../bench/process';
import {checkNats, compile} from '../../bench/sides';

/** A process that answers what `body` says, given a line's command; `answer` takes an object. */
function fake(name: string, body: string): Worker {
  const script = `
    const answer = (object) => console.log(JSON.stringify(object));
    require('node:readline').createInterface({input: process.stdin}).on('line', (line) => {
      const command = JSON.parse(line);
      ${body}
    });`;
  return new Worker(name, process.execPath, ['-e', script]);
}

test('a side that ends, or cannot be started, is named', async () => {
  const ends = new Worker('PyTorch', process.execPath, ['-e', 'console.log("a word"); process.exit(3)']);
  await assert.rejects(ends.ask({do: 'memory'}), /PyTorch gave no answer: .*(exit code 3|closed)/);
  const answers = new Worker('ours', process.execPath, [
    '-e',
    'process.stdin.once("data", () => console.log("noise\\n" + JSON.stringify({megabytes: 5})))',
  ]);
  assert.deepEqual(await answers.ask({do: 'memory'}), {megabytes: 5});
  answers.stop();
});

test('a side that answers too late is stopped, and asked no more', async () => {
  const slow = fake('torch.compile', 'setTimeout(() => answer({nats: 1}), 60_000);');
  const started = performance.now();
  await assert.rejects(slow.ask({do: 'load'}, 0.2), (error) => {
    assert.ok(error instanceof TimeLimitError);
    return /torch\.compile gave no answer within 0\.2 s/.test(error.message);
  });
  await assert.rejects(slow.ask({do: 'memory'}), /torch\.compile gave no answer: .*(SIGKILL|closed)/);
  assert.ok(performance.now() - started < 30_000);
  const quick = fake('quick', 'answer({nats: command.nats});');
  assert.deepEqual(await quick.ask({nats: 5}, 60), {nats: 5});
  quick.stop();
});

test('compiling: done, failed, or over its limit', async (t) => {
  const said = t.mock.method(console, 'error', () => {});
  const works = fake('works', 'answer({nats: 80});');
  const done = await compile(works, {do: 'load'}, 60);
  assert.equal(done.nats, 80);
  assert.equal(done.compiling.outcome, 'done');
  assert.ok(done.compiling.seconds > 0 && done.compiling.seconds < 60);
  works.stop();
  const fails = await compile(fake('fails', 'answer({failed: "no compiler"});'), {do: 'load'}, 60);
  assert.equal(fails.nats, null);
  assert.equal(fails.compiling.outcome, 'failed');
  assert.deepEqual(said.mock.calls[0].arguments, ['torch.compile failed: no compiler']);
  const slow = await compile(fake('slow', 'setTimeout(() => answer({nats: 1}), 60_000);'), {}, 0.2);
  assert.deepEqual(slow, {nats: null, compiling: {seconds: 0.2, outcome: 'stopped'}});
  // What ends by itself is no matter of time.
  await assert.rejects(compile(fake('ends', 'process.exit(3);'), {}, 60), /ends gave no answer/);
});

test('sides that give other nats are not timed; many nats have few digits', () => {
  checkNats('made', [
    ['ours', 80],
    ['pytorch', 80.0009],
  ]);
  const other = [
    ['ours', 80],
    ['pytorch', 80.002],
  ] as const;
  assert.throws(
    () => checkNats('made', other),
    /made: the sides must give the same nats within 0\.0010, got ours 80\.00000, pytorch 80\.00200/,
  );
  checkNats('color', [
    ['ours', 17000],
    ['pytorch', 17000.016],
  ]);
  assert.throws(
    () =>
      checkNats('color', [
        ['ours', 17000],
        ['pytorch', 17000.02],
      ]),
    /color: /,
  );
  assert.throws(
    () =>
      checkNats('made', [
        ['ours', 80],
        ['pytorch', Number.NaN],
      ]),
    /pytorch NaN/,
  );
});
