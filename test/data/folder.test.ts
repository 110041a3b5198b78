import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {loadFolder} from '../../lib/data/folder';
import {grayPng, JPEG, png} from './fixtures';

const place = fs.mkdtempSync(path.join(os.tmpdir(), 'folder-test-'));
test.after(() => fs.rmSync(place, {recursive: true}));

function folder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const root = fs.mkdtempSync(path.join(place, 'images-'));
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), {recursive: true});
    fs.writeFileSync(path.join(root, name), bytes);
  }
  return root;
}

test('all images in the order of their paths, of one size; what was done is said', async () => {
  const root = folder({
    'b.png': grayPng(2, 9),
    'a/x.png': grayPng(4, (x) => (x < 2 ? 0 : 200)),
    'Z.PNG': png({
      width: 3,
      depth: 8,
      type: 0,
      rows: [
        [1, 2, 99],
        [3, 4, 99],
      ],
    }),
    // A name that lies: the bytes decide.
    'c.jpeg': grayPng(2, 7),
    'photo.jpg': JPEG.gray,
    'notes.txt': 'two lines',
    '.DS_Store': 'x',
    '.hidden/d.png': 'x',
  });
  const {images, classes, sources, notes} = await loadFolder(root, {size: 2});
  const {pixels, ...shape} = images;
  assert.deepEqual(shape, {count: 5, height: 2, width: 2, channels: 1});
  assert.deepEqual(
    sources.map(({file}) => file),
    ['Z.PNG', 'a/x.png', 'b.png', 'c.jpeg', 'photo.jpg'],
  );
  assert.deepEqual([...pixels.subarray(0, 16)], [1, 2, 3, 4, 0, 200, 0, 200, 9, 9, 9, 9, 7, 7, 7, 7]);
  assert.equal(sources[2].sha256, createHash('sha256').update(grayPng(2, 9)).digest('hex'));
  assert.deepEqual(classes, []);
  assert.deepEqual(notes, [
    '2 of 5 images: cropped to the middle square and scaled to 2 x 2 (mean of the area)',
    '1 of 5 images: scaled down to 2 x 2 (mean of the area)',
    'left out, no PNG or JPEG by name: notes.txt',
  ]);
});

test('folders as classes, color kept or made gray', async () => {
  const red = png({width: 1, depth: 8, type: 2, rows: [[255, 0, 0]]});
  const root = folder({'cats/1.png': red, 'apes/1.png': grayPng(1, 9), 'apes/deep/2.png': grayPng(1, 8)});
  const gray = await loadFolder(root, {size: 1, labels: 'from-folders'});
  assert.deepEqual(gray.classes, ['apes', 'cats']);
  assert.deepEqual([...(gray.images.labels ?? [])], [0, 0, 1]);
  assert.deepEqual([...gray.images.pixels], [9, 8, 76]);
  assert.deepEqual(gray.notes, ['1 of 3 images: color made gray (0.299 R + 0.587 G + 0.114 B)']);
  const color = await loadFolder(root, {size: 1, channels: 3});
  assert.deepEqual([...color.images.pixels], [9, 9, 9, 8, 8, 8, 255, 0, 0]);
  assert.equal(color.images.labels, undefined);
});

test('every image that cannot be used is named, and none is taken', async () => {
  const whole = grayPng(4, 1);
  const root = folder({
    ...Object.fromEntries(Array.from({length: 20}, (_, i) => [`good-${i}.png`, whole])),
    'bad.png': whole.subarray(0, whole.length - 20),
    'icon.png': grayPng(3, 0),
    'animated.png': 'GIF89a',
  });
  await assert.rejects(
    () => loadFolder(root, {size: 4}),
    (error: Error) => {
      assert.match(error.message, /^3 of 23 images in .* cannot be used, so none is taken:/);
      assert.match(error.message, /\n {2}animated\.png: it must be a PNG or JPEG, got a GIF\n/);
      assert.match(error.message, /\n {2}bad\.png: it is damaged or cut short/);
      assert.match(
        error.message,
        /\n {2}icon\.png: it must have at least 4 x 4 pixels, got 3 x 3; choose a --size/,
      );
      return true;
    },
  );
});

test('a folder that is none, is empty, or has no classes', async () => {
  const nowhere = path.join(place, 'nowhere');
  await assert.rejects(() => loadFolder(nowhere), {name: 'RangeError', message: /there is no such folder/});
  await assert.rejects(
    () => loadFolder(folder({'a.txt': ''})),
    /has no file that ends in \.png, \.jpg or \.jpeg; convert the images first; there are only a\.txt$/,
  );
  const file = path.join(folder({'a.png': grayPng(1, 0)}), 'a.png');
  await assert.rejects(
    () => loadFolder(file),
    /a\.png cannot be read: it is a file, no folder; give the folder that the images are in/,
  );
  const labels = 'from-folders';
  const flat = folder({'a.png': grayPng(1, 0), 'b/c.png': grayPng(1, 0)});
  await assert.rejects(
    () => loadFolder(flat, {size: 1, labels}),
    /1 images lie in .* of no class: a\.png; move/,
  );
  for (const names of [['one'], ['train', 'test']]) {
    const root = folder(Object.fromEntries(names.map((name) => [`${name}/a.png`, grayPng(1, 0)])));
    await assert.rejects(() => loadFolder(root, {size: 1, labels}), /a class is a folder .* there is only/);
  }
  await assert.rejects(() => loadFolder(flat, {size: 0}), /size must be an integer from 1 to 1024, got 0/);
  await assert.rejects(() => loadFolder(flat, {channels: 2 as 1}), /channels must be 1 \(gray\) or 3/);
});

test('numbers of classes are no gray; Ctrl-C ends between two files', async () => {
  const masks = folder({'a.png': grayPng(2, 0), 'b.png': grayPng(2, (x) => x)});
  await assert.rejects(
    () => loadFolder(masks, {size: 2}),
    /white must be 255, got no value larger than 1 in the 2 images in /,
  );
  const controller = new AbortController();
  const onProgress = () => controller.abort();
  await assert.rejects(() => loadFolder(masks, {size: 2, signal: controller.signal, onProgress}), {
    name: 'AbortError',
  });
});

test('links: to an image it is read; to a folder or to nothing it is left out, and named', {
  skip: process.platform === 'win32' && 'links want a right of their own there',
}, async () => {
  const other = folder({'b.png': grayPng(1, 7)});
  const root = folder({'a.png': grayPng(1, 99)});
  fs.symlinkSync(path.join(other, 'b.png'), path.join(root, 'b.png'));
  fs.symlinkSync(other, path.join(root, 'more'));
  fs.symlinkSync(root, path.join(root, 'itself'));
  fs.symlinkSync(path.join(other, 'none'), path.join(root, 'c.png'));
  fs.symlinkSync(path.join(root, 'e.png'), path.join(root, 'd.png'));
  fs.symlinkSync(path.join(root, 'd.png'), path.join(root, 'e.png'));
  const {images, notes} = await loadFolder(root, {size: 1, channels: 3});
  assert.equal(images.count, 2);
  assert.deepEqual(notes, [
    'left out, no PNG or JPEG by name: c.png (a link to nothing), d.png (a link to nothing), e.png (a link to nothing), ' +
      'itself (a link to a folder), more (a link to a folder)',
  ]);
});
