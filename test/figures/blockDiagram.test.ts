import assert from 'node:assert/strict';
import test from 'node:test';
import {type Block, blockDiagram} from '../../lib/figures/blockDiagram';

const words = {title: 'A layer', description: 'Boxes and arrows.', notebook: '06-gated-pixelcnn'};
const blocks: Block[] = [
  {at: [0, 0], text: 'in', kind: 'data'},
  {at: [0, 1], text: 'n x n', kind: 'layer'},
  {at: [1, 1], text: '+', kind: 'sign'},
];

test('every block has its word and, but for data, its outline; arrows stop at the edges', () => {
  const {layout} = blockDiagram({
    ...words,
    blocks,
    arrows: [
      [
        [0, 0],
        [0, 1],
      ],
      [
        [0, 1],
        [1, 1],
      ],
    ],
  });
  const annotations = layout.annotations as {
    text: string;
    showarrow: boolean;
    x: number;
    y: number;
    ay: number;
  }[];
  for (const word of ['in', 'n x n', '+'])
    assert.ok(
      annotations.some(({text}) => text === word),
      word,
    );
  const arrows = annotations.filter(({showarrow}) => showarrow);
  assert.equal(arrows.length, 2);
  assert.ok(arrows[0].ay > 0 && arrows[0].y < 1 && arrows[0].x === 0, 'upwards, between the two');
  assert.ok(arrows[1].x < 1 && arrows[1].x > 0.5, 'sideways, to the edge of the circle');
  assert.deepEqual(
    (layout.shapes as {type: string}[]).map(({type}) => type),
    ['rect', 'circle'],
  );
});

test('an arrow round a corner is lines and, last, a head', () => {
  const {layout} = blockDiagram({
    ...words,
    blocks,
    arrows: [
      [
        [0, 0],
        [1, 0],
        [1, 1],
      ],
    ],
  });
  const lines = (layout.shapes as {type: string; x0: number; x1: number}[]).filter(
    ({type}) => type === 'line',
  );
  assert.equal(lines.length, 1);
  assert.ok(lines[0].x0 > 0 && lines[0].x1 === 1);
});

test('nothing to draw, and an arrow of one place, are refused', () => {
  assert.throws(() => blockDiagram({...words, blocks: [], arrows: []}), /blocks is empty/);
  assert.throws(() => blockDiagram({...words, blocks, arrows: [[[0, 0]]]}), /two places at least, got 1/);
});
