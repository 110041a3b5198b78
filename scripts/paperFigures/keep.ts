import {createHash} from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import {encodePng} from '../../lib/figures/png';
import {type PaperName, paperFigureFile} from '../../lib/reproduction/paperFigures';
import {makeFolder, writeFileAtomically} from '../../lib/storage/files';
import type {CutOuts} from './cutOut';

/** One line of the list that lies beside the pictures. */
export interface Kept {
  readonly file: string;
  readonly paper: PaperName;
  readonly figure: number;
  readonly caption: string;
  readonly page: number;
  /** Of the PDF it was cut out of. */
  readonly sha256: string;
}

/**
 * Writes each picture, and then the list of all. Pictures of other papers, and of figures
 * that this PDF does not show, stay.
 *
 * @param pdf the file's bytes
 * @returns the folder
 * @throws FileWriteError when it cannot be written; each file is whole or as it was
 */
export function keepCutOuts({paper, found}: CutOuts, pdf: Uint8Array): string {
  const folder = path.dirname(paperFigureFile(paper, 1));
  const sha256 = createHash('sha256').update(pdf).digest('hex');
  makeFolder(folder);
  const list = new Map(readList(folder).map((kept) => [kept.file, kept]));
  for (const {figure, caption, page, picture} of found) {
    const file = paperFigureFile(paper, figure);
    writeFileAtomically(file, encodePng(picture));
    const name = path.basename(file);
    list.set(name, {file: name, paper, figure, caption, page, sha256});
  }
  const sorted = [...list.values()].sort((a, b) => (a.file < b.file ? -1 : 1));
  writeFileAtomically(path.join(folder, 'list.json'), `${JSON.stringify(sorted, null, 2)}\n`);
  return folder;
}

/** Empty when there is none, or none that can be read: it is only a list of what can be cut out again. */
function readList(folder: string): Kept[] {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'list.json'), 'utf8')) as Kept[];
  } catch {
    return [];
  }
}
