import assert from 'node:assert/strict';
import test from 'node:test';
import {MessageChannel} from 'node:worker_threads';
import {Queue} from '../../playground/worker/queue';

test('what is stopped while another action keeps the worker busy never begins', async () => {
  const queue = new Queue();
  const begun: number[] = [];
  const {port1: page, port2: worker} = new MessageChannel();
  const over = new Promise<void>((resolve) => {
    worker.on('message', ({id, stop}: {id: number; stop: boolean}) => {
      if (stop) {
        queue.stop(id);
        return;
      }
      queue.add(id, async (signal) => {
        if (!signal.aborted) begun.push(id);
        // Busy, as a map is: the page speaks meanwhile.
        if (id === 0) for (const message of POINTER) page.postMessage(message);
        for (const end = performance.now() + 20; performance.now() < end; );
        if (id === 3) resolve();
      });
    });
  });
  // A pointer that goes over two pixels and rests on a third.
  const POINTER = [
    {id: 1, stop: false},
    {id: 1, stop: true},
    {id: 2, stop: false},
    {id: 2, stop: true},
    {id: 3, stop: false},
  ];
  page.postMessage({id: 0, stop: false});
  await over;
  page.close();
  assert.deepEqual(begun, [0, 3]);
});
