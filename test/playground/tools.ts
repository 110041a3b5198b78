import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Browser, Page} from 'playwright-core';
import {findChromium, startBrowser} from '../../scripts/notebooks/browser';
import {buildPlayground} from '../../scripts/playground/build';

/**
 * What the tests of the page share: one build and one browser a file, and a page
 * on which nothing may go wrong.
 */

export const skip = findChromium() === null ? 'no Chromium on this machine' : false;

export interface Opened {
  readonly page: Page;
  /** Errors of the console and the page, and whatever was asked of a network. */
  readonly wrong: string[];
}

export class Playground {
  private constructor(
    readonly folder: string,
    readonly browser: Browser,
  ) {}

  static async build(): Promise<Playground> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'playground-'));
    await buildPlayground(folder);
    return new Playground(folder, await startBrowser(findChromium() as string));
  }

  /**
   * @param address after the page's own: `#see`; or a whole one of another server
   * @param own address of the page
   */
  async open(
    address = '',
    options: Parameters<Browser['newPage']>[0] = {},
    own = pathToFileURL(path.join(this.folder, 'index.html')).href,
  ): Promise<Opened> {
    const page = await this.browser.newPage({viewport: {width: 1200, height: 900}, ...options});
    page.setDefaultTimeout(60_000);
    const wrong: string[] = [];
    page.on('console', (message) => void (message.type() === 'error' && wrong.push(message.text())));
    page.on('pageerror', (error) => void wrong.push(error.message));
    page.on('request', (request) => {
      if (!/^(file|data|blob):/.test(request.url()) && !address.startsWith('http')) wrong.push(request.url());
    });
    await page.goto(address.startsWith('http') ? address : own + address);
    return {page, wrong};
  }

  async close(): Promise<void> {
    await this.browser.close();
    fs.rmSync(this.folder, {recursive: true, force: true});
  }
}

/** Which squares of a picture on the page are not black, read from what is painted: 0 or 1 each. */
export function painted(page: Page, selector: string): Promise<number[]> {
  // As text, because a function would be sent with names that only the TypeScript runner knows.
  return page.evaluate(`(() => {
    const canvas = document.querySelector(${JSON.stringify(selector)});
    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const lit = (i) => data[4 * i] + data[4 * i + 1] + data[4 * i + 2] > 0;
    return Array.from({length: data.length / 4}, (_, i) => Number(lit(i)));
  })()`);
}

/**
 * Presses buttons, each named by how its words begin, one right after the other: pressed from outside, the
 * second may come seconds later, when the models are done.
 */
export async function pressTogether(page: Page, ...names: string[]): Promise<void> {
  await page.evaluate(`(async () => {
    for (const name of ${JSON.stringify(names)}) {
      const buttons = [...document.querySelectorAll('button')];
      buttons.find(({textContent}) => textContent.startsWith(name)).click();
      // Until the page is rendered, which is what comes next.
      await new Promise((resolve) => queueMicrotask(() => queueMicrotask(resolve)));
    }
  })()`);
}
