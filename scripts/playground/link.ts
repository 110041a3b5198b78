import * as fs from 'node:fs';
import * as path from 'node:path';
import type {CourseLinks} from '../../lib/figures/courseBar';
import {writeFileAtomically} from '../../lib/storage/files';

/** What the playground knows of the course around it; nothing where its folder stands alone. */
export interface Site {
  readonly links: CourseLinks;
  /** From the page to each notebook: read as HTML where it was executed here. */
  readonly notebooks: Readonly<Record<string, string>>;
}

/**
 * Links the page to the results, the notebooks and the README, where it lies in the project's own build
 * folder. A folder elsewhere is made to be published alone: links out of it would lead nowhere.
 *
 * @param root of the project
 * @param folder of the page
 */
export function linkPlayground(root: string, folder: string): void {
  const build = path.join(root, 'build');
  const inside = !path.relative(build, folder).startsWith('..');
  writeFileAtomically(
    path.join(folder, 'site.js'),
    `globalThis.playgroundSite=${JSON.stringify(inside ? siteOf(root, folder) : null)};\n`,
  );
}

function siteOf(root: string, folder: string): Site {
  const to = (file: string): string => path.relative(folder, file).split(path.sep).join('/');
  const existing = (...parts: string[]): string | null => {
    const file = path.join(root, ...parts);
    return fs.existsSync(file) ? to(file) : null;
  };
  const names = fs
    .readdirSync(path.join(root, 'notebooks'))
    .filter((file) => /^\d\d-.*\.ipynb$/.test(file))
    .map((file) => path.basename(file, '.ipynb'))
    .sort();
  const notebooks = names.map((name) => [
    name,
    existing('build', `${name}.html`) ?? to(path.join(root, 'notebooks', `${name}.ipynb`)),
  ]);
  return {
    links: {
      results: existing('build', 'index.html'),
      playground: '#',
      notebooks: notebooks[0]?.[1] ?? null,
      readme: existing('README.md'),
    },
    notebooks: Object.fromEntries(notebooks),
  };
}
