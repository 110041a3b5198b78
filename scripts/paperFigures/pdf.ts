import * as fs from 'node:fs';
import {init, type WrappedPdfiumModule} from '@embedpdf/pdfium';

/** A place on a page in points (1/72 inch) from the top left corner of the page as it is seen. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A letter, or the few letters of a ligature. */
export interface Letter extends Box {
  readonly text: string;
  /** Name and size of its font: the same string for letters that look the same. */
  readonly font: string;
  /** A space or the end of a line stands before it. */
  readonly startsWord: boolean;
}

/** Pixels of a page: [height, width, 4] bytes, in each blue, green, red, and one that means nothing. */
export interface Bitmap {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface PdfPage {
  /** In points. */
  readonly width: number;
  readonly height: number;
  /** In the order of the text, without spaces. */
  readonly letters: readonly Letter[];
  /** The page as it is seen, on white. @param scale pixels a point */
  draw(scale: number): Bitmap;
}

/** PDFium's reasons to open no document (FPDF_GetLastError), each with what to do. */
const reasons: Readonly<Record<number, string>> = {
  3: 'it is no PDF, or a damaged one; fetch it again',
  4: 'it is encrypted and wants a password; take the file as arXiv has it, which wants none',
  5: 'it is encrypted in a way that cannot be read; take the file as arXiv has it, which is not encrypted',
};
/** FPDFBitmap_BGRx */
const bgrx = 3;
/** FPDF_ANNOT */
const annotations = 1;
/** What PDFium puts for a hyphen at the end of a line, whose word goes on in the next one. */
const brokenWord = '\u0002';
/** Letters are measured in so many parts of a point, because PDFium rounds to whole ones. */
const parts = 64;

let engine: Promise<WrappedPdfiumModule> | undefined;

/**
 * PDFium, the engine of Chrome, as WebAssembly: it reads what a browser reads, and a
 * hostile file stays in its own memory.
 */
function pdfium(): Promise<WrappedPdfiumModule> {
  engine ??= (async () => {
    const wasmBinary = new Uint8Array(fs.readFileSync(require.resolve('@embedpdf/pdfium/pdfium.wasm')))
      .buffer;
    const module = await init({wasmBinary});
    module.PDFiumExt_Init();
    return module;
  })();
  return engine;
}

/**
 * The pages of a PDF.
 *
 * @param name stands for the file in error messages
 * @param work gets a function a page; what they return is of use until `work` returns
 * @throws Error when the bytes are no PDF, are cut short, damaged or encrypted
 */
export async function withPdf<T>(
  bytes: Uint8Array,
  name: string,
  work: (pages: readonly PdfPage[]) => T,
): Promise<T> {
  checkEnds(bytes, name);
  const module = await pdfium();
  const {malloc, free} = module.pdfium.wasmExports;
  const memory = malloc(bytes.length);
  module.pdfium.HEAPU8.set(bytes, memory);
  const document = module.FPDF_LoadMemDocument(memory, bytes.length, '');
  const open: number[] = [];
  try {
    if (document === 0) {
      const code = module.FPDF_GetLastError();
      throw new Error(`${name}: ${reasons[code] ?? `PDFium cannot open it (error ${code})`}`);
    }
    const count = module.FPDF_GetPageCount(document);
    if (count === 0) throw new Error(`${name}: ${reasons[3]} (it has no pages)`);
    const pages = Array.from({length: count}, (_, i) => {
      const page = module.FPDF_LoadPage(document, i);
      if (page === 0) throw new Error(`${name}: page ${i + 1} of ${count} is damaged; fetch the file again`);
      open.push(page);
      return readPage(module, page);
    });
    return work(pages);
  } finally {
    for (const page of open) module.FPDF_ClosePage(page);
    if (document !== 0) module.FPDF_CloseDocument(document);
    free(memory);
  }
}

/** PDFium mends what it can, and would show the half of a file as if it were the whole. */
function checkEnds(bytes: Uint8Array, name: string): void {
  const latin = new TextDecoder('latin1');
  if (!latin.decode(bytes.subarray(0, 1024)).includes('%PDF-')) {
    const start = JSON.stringify(latin.decode(bytes.subarray(0, 12)));
    throw new Error(
      `${name}: no PDF; a PDF starts with %PDF-, this file of ${bytes.length} bytes with ${start}; fetch the PDF from arXiv`,
    );
  }
  if (!latin.decode(bytes.subarray(-2048)).includes('%%EOF')) {
    throw new Error(
      `${name}: cut short; a PDF ends with %%EOF, this file of ${bytes.length} bytes does not; fetch it again`,
    );
  }
}

function readPage(module: WrappedPdfiumModule, page: number): PdfPage {
  const width = module.FPDF_GetPageWidthF(page);
  const height = module.FPDF_GetPageHeightF(page);
  let letters: Letter[] | undefined;
  return {
    width,
    height,
    get letters() {
      letters ??= readLetters(module, page, width, height);
      return letters;
    },
    draw: (scale) => draw(module, page, Math.round(width * scale), Math.round(height * scale)),
  };
}

function readLetters(module: WrappedPdfiumModule, page: number, width: number, height: number): Letter[] {
  const {wasmExports, getValue, UTF8ToString} = module.pdfium;
  const text = module.FPDFText_LoadPage(page);
  const [box, device, name] = [wasmExports.malloc(32), wasmExports.malloc(8), wasmExports.malloc(128)];
  const seen = (x: number, y: number): [number, number] => {
    const size = [Math.round(width * parts), Math.round(height * parts)] as const;
    module.FPDF_PageToDevice(page, 0, 0, ...size, 0, x, y, device, device + 4);
    return [getValue(device, 'i32') / parts, getValue(device + 4, 'i32') / parts];
  };
  const letters: Letter[] = [];
  let startsWord = true;
  for (let i = 0; i < module.FPDFText_CountChars(text); i++) {
    const letter = String.fromCodePoint(module.FPDFText_GetUnicode(text, i));
    if (letter === brokenWord) continue;
    const measured = module.FPDFText_GetCharBox(text, i, box, box + 8, box + 16, box + 24);
    if (!measured || /^[\s\p{Cc}]$/u.test(letter)) {
      startsWord = true;
      continue;
    }
    const [left, right, bottom, top] = [0, 8, 16, 24].map((at) => getValue(box + at, 'double'));
    const [x, y] = [seen(left, top), seen(right, bottom)];
    const length = module.FPDFText_GetFontInfo(text, i, name, 128, 0);
    const font = length > 0 && length <= 128 ? UTF8ToString(name) : '';
    letters.push({
      text: letter,
      startsWord,
      font: `${font} ${module.FPDFText_GetFontSize(text, i).toFixed(1)}`,
      left: Math.min(x[0], y[0]),
      right: Math.max(x[0], y[0]),
      top: Math.min(x[1], y[1]),
      bottom: Math.max(x[1], y[1]),
    });
    startsWord = false;
  }
  for (const memory of [box, device, name]) wasmExports.free(memory);
  module.FPDFText_ClosePage(text);
  return letters;
}

function draw(module: WrappedPdfiumModule, page: number, width: number, height: number): Bitmap {
  const {malloc, free} = module.pdfium.wasmExports;
  const size = width * height * 4;
  const memory = malloc(size);
  const bitmap = module.FPDFBitmap_CreateEx(width, height, bgrx, memory, width * 4);
  module.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xffffffff);
  module.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, annotations);
  const bytes = module.pdfium.HEAPU8.slice(memory, memory + size);
  module.FPDFBitmap_Destroy(bitmap);
  free(memory);
  return {bytes, width, height};
}
