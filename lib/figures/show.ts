import {encodePng, type Picture} from './png';
import type {Chart} from './style';

/** What a notebook passes: `tslab.display`, or `tslab.newDisplay()` to draw over what it showed before. */
export interface Display {
  raw(mimeType: string, data: string | Uint8Array | object): void;
}

/** A few sentences in Markdown, for where there is nothing to draw. */
export interface Note {
  readonly markdown: string;
}

/** The one name under which JupyterLab, VS Code and nbconvert know a Plotly chart. */
export const plotlyMime = 'application/vnd.plotly.v1+json';

/**
 * Shows a figure in the cell that is running: a chart live, a picture as PNG, a note as text. Charts get
 * their PNG and their sentence in words when the notebooks are executed by script (scripts/notebooks),
 * because only a browser can draw them.
 */
export function show(display: Display, figure: Chart | Picture | Note): void {
  if (isPicture(figure)) display.raw('image/png', encodePng(figure));
  else if ('markdown' in figure) display.raw('text/markdown', figure.markdown);
  else display.raw(plotlyMime, figure);
}

export function isPicture(figure: Chart | Picture | Note): figure is Picture {
  return 'pixels' in figure;
}

/** How far something has come: so much of so much, after so many seconds. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly seconds: number;
  /** What else is worth seeing, such as "88.12 nats, 5300 images/s". */
  readonly note?: string;
}

/** "██████░░░░  60 %  88.12 nats, 5300 images/s  12 s to go" */
export function progressLine({done, total, seconds, note}: Progress): string {
  const part = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(20 * part);
  const left = part > 0 ? (seconds * (1 - part)) / part : Number.NaN;
  const time =
    part === 1 ? `${duration(seconds)} in all` : Number.isNaN(left) ? '' : `${duration(left)} to go`;
  const percent = `${Math.floor(100 * part)} %`.padStart(5);
  return [`${'█'.repeat(filled)}${'░'.repeat(20 - filled)} ${percent}`, note, time]
    .filter(Boolean)
    .join('  ');
}

/**
 * A progress bar that stays in one place of a cell's output.
 * @param display a display of its own: `tslab.newDisplay()`
 * @returns call it as often as you like; it draws four times a second at most, and always at the end
 */
export function showProgress(display: Display): (progress: Progress) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (progress) => {
    const now = Date.now();
    if (now - last < 250 && progress.done < progress.total) return;
    last = now;
    display.raw('text/plain', progressLine(progress));
  };
}

/** "42 s", "3 min 05 s", "2 h 10 min" */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const pad = (n: number): string => String(n).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} min`;
}
