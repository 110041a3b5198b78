import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type {AddressInfo} from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import test from 'node:test';
import {decodePng, type Picture} from '../../lib/figures/png';
import {type CutOuts, cutOutFigures} from '../../scripts/paperFigures/cutOut';
import {recognizePaper} from '../../scripts/paperFigures/recognize';
import {NODE_OPTIONS} from '../node';
import {PageWriter, smallPdf} from './smallPdf';

const words = 'The quick brown fox jumps over the lazy dog';
const [red, green, blue] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
] as const;
const scale = 3;

function titled(title = 'MADE: Masked Autoencoder for Distribution Estimation'): PageWriter {
  const bold = {font: 'F3', size: 14};
  return new PageWriter()
    .text(130, 90, title, bold)
    .text(400, 150, 'SOMEBODY@EXAMPLE.COM')
    .text(130, 190, 'Abstract', bold);
}

/**
 * Two columns, as ICML sets them: figure 1 in the right one of the first page, 2 and 3 on a page
 * with a running title and its rule.
 */
function paper(): PageWriter[] {
  const first = titled()
    .prose(56, 210, 40, words)
    .box(320, 225, 100, 50, red)
    .text(440, 250, 'a label', {font: 'F2', size: 8})
    .text(340, 300, 'Figure 1. A red box. It has a label.')
    .prose(308, 340, 30, words);
  const second = new PageWriter()
    .text(220, 50, 'Masked Autoencoder', {font: 'F3', size: 9})
    .box(56, 54, 450, 1, [0, 0, 0])
    .box(60, 70, 420, 80, green)
    .text(56, 170, `Figure 2: Both columns wide: ${words} ${words} cap-`)
    .text(56, 182, 'tion of two lines. More words.')
    .prose(56, 220, 8, words)
    .text(56, 316, 'Figure 3. is where this sentence goes on')
    .prose(56, 328, 3, words)
    .prose(308, 220, 4, words)
    .box(330, 290, 60, 40, blue)
    .box(330, 345, 60, 10, blue)
    .text(330, 340, 'between')
    .text(308, 380, 'Fig. 3. Blue')
    .prose(308, 420, 10, words);
  return [first, second];
}

function colorAt({pixels, width}: Omit<Picture, 'text'>, x: number, y: number): number[] {
  return Array.from(pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3));
}

function figure({found}: CutOuts, number: number) {
  const cutOut = found.find((each) => each.figure === number);
  assert.ok(cutOut, `figure ${number} was not found`);
  return cutOut;
}

function about(actual: number, points: number, slack = 3): void {
  assert.ok(Math.abs(actual - points * scale) <= slack * scale, `${actual} pixels for ${points} points`);
}

test('drawings are cut out close to their ink, with their labels, without caption, text, title and rule', async () => {
  const cutOuts = await cutOutFigures(smallPdf(paper()), 'a.pdf');
  assert.equal(cutOuts.paper, 'made');
  assert.deepEqual(cutOuts.missing, []);

  const one = figure(cutOuts, 1);
  assert.deepEqual([one.caption, one.page], ['A red box.', 1]);
  about(one.picture.width, 4 + 440 + 24 - 320, 5);
  about(one.picture.height, 4 + 50);
  assert.deepEqual(colorAt(one.picture, 50, 50), [255, 0, 0]);
  assert.deepEqual(colorAt(one.picture, 0, 0), [255, 255, 255]);

  const two = figure(cutOuts, 2);
  assert.equal(two.page, 2);
  assert.match(two.caption, /^Both columns wide: .* cap-?tion of two lines\.$/);
  about(two.picture.width, 4 + 420);
  about(two.picture.height, 4 + 80);
  assert.deepEqual(colorAt(two.picture, 300, 30), [0, 255, 0]);
});

test('a sentence that begins as the caption does is no caption; a label in the font of the text stays in the drawing', async () => {
  const {picture, caption} = figure(await cutOutFigures(smallPdf(paper()), 'a.pdf'), 3);
  assert.equal(caption, 'Blue');
  about(picture.width, 4 + 60);
  about(picture.height, 4 + 65);
  assert.deepEqual(colorAt(picture, 20, 20), [0, 0, 255]);
});

test('a short caption below a drawing of both columns', async () => {
  const page = titled()
    .box(60, 220, 420, 80, green)
    .text(56, 320, 'Figure 1. Short.')
    .prose(56, 350, 20, words)
    .prose(308, 350, 20, words);
  about(figure(await cutOutFigures(smallPdf([page]), 'a.pdf'), 1).picture.width, 4 + 420);
});

test('one column', async () => {
  const wide = `${words} ${words}`;
  const page = titled('Conditional Image Generation with PixelCNN Decoders')
    .prose(108, 220, 5, wide)
    .box(200, 300, 150, 100, blue)
    .text(190, 430, 'Figure 1: In the middle.', {font: 'F2'})
    .prose(108, 460, 10, wide);
  const cutOuts = await cutOutFigures(smallPdf([page]), 'a.pdf');
  assert.equal(cutOuts.paper, 'gated');
  assert.deepEqual(cutOuts.missing, [2, 3]);
  about(figure(cutOuts, 1).picture.width, 4 + 150);
  about(figure(cutOuts, 1).picture.height, 4 + 100);
});

test('titles are recognized whatever their spaces, hyphens, ligatures and capitals are', () => {
  for (const [text, expected] of [
    ['arXiv:1601.06759v3 [cs.CV]\nPixel Recurrent Neural Net-\nworks\nAaron', 'pixelrnn'],
    ['P I X E L  R E C U R R E N T  N E U R A L  N E T W O R K S', 'pixelrnn'],
    ['Condi\u00adtional Image Genera\u200btion with\r\nPixelCNN Decoders', 'gated'],
    ['ＭＡＤＥ: Masked Autoencoder for Distribution Estimation', 'made'],
    [
      'Proceedings of the ﬁrst conference, eﬀorts\nMADE : Masked Auto-encoder\nfor Distribution Estimation',
      'made',
    ],
    ['PixelVAE\nAbstract\nWe build on Pixel Recurrent Neural Networks', null],
    [`PixelVAE\n${'Somebody '.repeat(60)}\nPixel Recurrent Neural Networks`, null],
    ['', null],
  ] as const) {
    assert.equal(recognizePaper(text), expected, text);
  }
});

test('what is no whole, readable PDF of a paper is told from what is', async () => {
  const whole = smallPdf(paper());
  const key = `<${'00'.repeat(32)}>`;
  const encrypted = (filter: string): string =>
    `/ID [${key} ${key}] /Encrypt << /Filter /${filter} /V 1 /R 2 /O ${key} /U ${key} /P -4 >>`;
  const broken = `%PDF-1.4\n${'x'.repeat(3000)}\n%%EOF`;
  for (const [bytes, message] of [
    [
      Buffer.from('<html>Not found</html>'),
      /a\.pdf: no PDF; a PDF starts with %PDF-, this file of 22 bytes with "<html>Not fo"; fetch/,
    ],
    [Buffer.alloc(0), /no PDF.*0 bytes/],
    [
      whole.subarray(0, whole.length / 2),
      /cut short; a PDF ends with %%EOF, this file of \d+ bytes does not; fetch it again/,
    ],
    [Buffer.from(broken), /it is no PDF, or a damaged one; fetch it again/],
    [
      smallPdf(paper(), encrypted('Standard')),
      /encrypted and wants a password; take the file as arXiv has it/,
    ],
    [smallPdf(paper(), encrypted('Nosuch')), /encrypted in a way that cannot be read/],
    [
      smallPdf([titled('A Neural Algorithm')]),
      /none of the three papers: its first page begins with "A Neural Algorithm.*arxiv\.org\/abs\/1502\.03509/,
    ],
    [smallPdf([new PageWriter().box(10, 10, 50, 50, red)]), /its first page has no text/],
  ] as const) {
    await assert.rejects(cutOutFigures(bytes, 'a.pdf'), message);
  }
});

test('the command keeps what it finds, names what it does not, and ends with 1', (t) => {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'paper-figures-'));
  t.after(() => fs.rmSync(data, {recursive: true}));
  const file = (name: string, bytes: Uint8Array): string => {
    fs.writeFileSync(path.join(data, name), bytes);
    return path.join(data, name);
  };
  const command = (...args: string[]) =>
    spawnSync(process.execPath, [...NODE_OPTIONS, 'scripts/paperFigures.ts', ...args], {
      cwd: path.join(__dirname, '..', '..'),
      // npm has a --yes of its own, and says in the environment that it is not set.
      env: {
        ...process.env,
        npm_lifecycle_event: 'paper-figures',
        npm_config_yes: '',
        AUTOREGRESSIVE_DATA: data,
      },
      encoding: 'utf8',
    });
  const whole = file('some name.pdf', smallPdf(paper()));
  const partly = file(
    'gated.pdf',
    smallPdf([
      titled('Conditional Image Generation with PixelCNN Decoders')
        .box(200, 300, 150, 100, blue)
        .text(190, 430, 'Figure 1: One.'),
    ]),
  );
  const {status, stdout, stderr} = command('--pdf', '/nowhere.pdf', data, partly, whole);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /\/nowhere\.pdf: there is no such file; correct the path/);
  assert.match(stderr, /it is a folder; name the PDF in it/);
  assert.match(
    stderr,
    /gated\.pdf: no drawing was found above a caption "Figure 2", "Figure 3"; the others are kept.*1606\.05328/,
  );
  assert.match(stdout, /made, figure 2, from page 2: \d+ x \d+ pixels\n.*\n3 figures of MADE lie in/);
  const folder = path.join(data, 'paper-figures');
  const names = ['gated-figure-1.png', 'made-figure-1.png', 'made-figure-2.png', 'made-figure-3.png'];
  assert.deepEqual(fs.readdirSync(folder).sort(), ['list.json', ...names].sort());
  assert.equal(decodePng(fs.readFileSync(path.join(folder, names[2]))).height > 200, true);
  const list = JSON.parse(fs.readFileSync(path.join(folder, 'list.json'), 'utf8'));
  assert.deepEqual(
    list.map((kept: {file: string}) => kept.file),
    names,
  );
  assert.deepEqual(
    [list[1].paper, list[1].figure, list[1].caption, list[1].page],
    ['made', 1, 'A red box.', 1],
  );
  assert.match(list[1].sha256, /^[0-9a-f]{64}$/);

  // A list that cannot be read is written anew.
  fs.writeFileSync(path.join(folder, 'list.json'), '{');
  assert.equal(command('--pdf', whole).status, 0);
  assert.equal(JSON.parse(fs.readFileSync(path.join(folder, 'list.json'), 'utf8')).length, 3);
  const help = command('--help');
  assert.match(help.stdout, /^npm run paper-figures .*--pdf FILE.*1601\.06759/s);
  assert.equal(help.status, 0);
  const none = command('--pdf');
  assert.match(none.stderr, /^which PDF\?/);
  assert.equal(none.status, 2);
});

/** A server that has the papers by number, as arXiv has them. */
async function papersServer(t: test.TestContext, pdfs: Readonly<Record<string, Buffer>>): Promise<string> {
  const server = http.createServer((request, response) => {
    const pdf = pdfs[(request.url ?? '').slice('/pdf/'.length)];
    response.writeHead(pdf === undefined ? 404 : 200, {'content-type': 'application/pdf'});
    response.end(pdf);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/pdf/`;
}

/** The command with an answer to its question; not synchronous, because the server is in this process. */
async function download(from: string, data: string, args: readonly string[], answer: string) {
  const child = spawn(process.execPath, [...NODE_OPTIONS, 'scripts/paperFigures.ts', ...args], {
    cwd: path.join(__dirname, '..', '..'),
    env: {...process.env, AUTOREGRESSIVE_DATA: data, PAPERS_FROM: from},
  });
  child.stdin.end(answer);
  const said = {stdout: '', stderr: ''};
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (text) => {
      said[stream] += text;
    });
  }
  const [status] = (await once(child, 'close')) as [number];
  return {status, ...said};
}

test('without arguments it asks, downloads the three papers, cuts them, and keeps no PDF', async (t) => {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'paper-figures-'));
  t.after(() => fs.rmSync(data, {recursive: true}));
  const figures = (page: PageWriter, count: number): PageWriter =>
    Array.from({length: count}, (_, k) => k).reduce(
      (writer, k) =>
        writer.box(100, 220 + 55 * k, 150, 25, blue).text(110, 260 + 55 * k, `Figure ${k + 1}: Some.`),
      page,
    );
  const from = await papersServer(t, {
    '1502.03509': smallPdf(paper()),
    '1601.06759': smallPdf([figures(titled('Pixel Recurrent Neural Networks'), 9)]),
    '1606.05328': smallPdf([figures(titled('Conditional Image Generation with PixelCNN Decoders'), 3)]),
  });
  for (const answer of ['', 'n\n', 'maybe\n']) {
    const {status, stdout} = await download(from, data, [], answer);
    assert.equal(status, 0);
    assert.match(stdout, /^Download the three papers.*\[y\/N\] .*Nothing was downloaded/s);
    assert.deepEqual(fs.readdirSync(data), []);
  }
  const {status, stdout, stderr} = await download(from, data, [], 'y\n');
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /3 figures of MADE.*9 figures of PixelRNN.*3 figures of Gated PixelCNN/s);
  const kept = fs.readdirSync(data, {recursive: true}).map(String);
  assert.equal(kept.filter((name) => name.endsWith('.png')).length, 15);
  assert.ok(!kept.some((name) => name.endsWith('.pdf')));
  assert.equal((await download(from, data, ['--yes'], '')).status, 0);
});

test('a paper that the server lacks is named, the others are cut; without a network there is one sentence', async (t) => {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'paper-figures-'));
  t.after(() => fs.rmSync(data, {recursive: true}));
  const some = await download(
    await papersServer(t, {'1502.03509': smallPdf(paper()), '1606.05328': Buffer.from('<html>busy</html>')}),
    data,
    ['--yes'],
    '',
  );
  assert.equal(some.status, 1);
  assert.match(some.stdout, /3 figures of MADE/);
  assert.match(
    some.stderr,
    /1601\.06759: the server answered 404; take the PDF elsewhere.*\n.*1606\.05328: no PDF/,
  );
  const none = await download('http://127.0.0.1:9', data, ['--yes'], '');
  assert.equal(none.status, 1);
  assert.match(
    none.stderr,
    /^127\.0\.0\.1:9 cannot be reached \(.+\): try again with a network, .*--pdf FILE…\n$/,
  );
  assert.equal((await download('http://127.0.0.1:9', data, ['--yes', '--pdf', 'a.pdf'], '')).status, 2);
});
