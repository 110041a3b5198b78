import type {Display} from '../figures/show';

/** All lessons: the output of a cell whose tab was closed while it ran. */

/** What the project's kernel keeps of the cell that ran last (scripts/setup/kernel.cjs). */
interface Output {
  readonly text?: string;
  readonly data?: Readonly<Record<string, string | object>>;
}
const OUTPUTS = Symbol.for('autoregressive-image-models.outputs');

/**
 * Shows again what the cell before this one has shown, if you closed the tab while it ran: the
 * kernel goes on, but the browser never hears of it.
 *
 * @param display `tslab.display`
 */
export function showLastOutput(display: Display): void {
  const outputs = (globalThis as {[OUTPUTS]?: readonly Output[]})[OUTPUTS] ?? [];
  if (outputs.length === 0) console.log('No cell has shown anything yet.');
  for (const {text, data} of outputs) {
    if (text !== undefined) console.log(text.replace(/\n$/, ''));
    for (const [mime, content] of Object.entries(data ?? {})) display.raw(mime, content);
  }
}
