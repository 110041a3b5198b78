import * as tf from '@tensorflow/tfjs';

/** Columns by name, all of the same length. */
export type Columns = Readonly<Record<string, readonly (number | string)[]>>;

interface DataFrameLibrary {
  readonly DataFrame: new (columns: Columns, options: {readonly config: object}) => {print(): void};
}

/**
 * Prints columns as a table, every row and every word of it: a danfojs DataFrame on the native runtime, else
 * console.table (danfojs loads the native runtime, which would take over from any other engine).
 *
 * @throws RangeError when the columns differ in length
 */
export function printTable(columns: Columns): void {
  const lengths = Object.values(columns).map((column) => column.length);
  if (new Set(lengths).size !== 1) {
    throw new RangeError(`printTable: columns must be equally long, got ${lengths.join(', ')} values`);
  }
  const library = loadDanfo();
  if (library !== null) new library.DataFrame(columns, {config: wholeTable(columns, lengths[0])}).print();
  else console.table(rowsOf(columns, lengths[0]));
}

function loadDanfo(): DataFrameLibrary | null {
  if (tf.getBackend() !== 'tensorflow') return null;
  // The name is hidden from bundlers, so that the rest of lib also runs in a browser.
  const name = 'danfojs-node';
  try {
    return require(name) as DataFrameLibrary;
  } catch {
    return null;
  }
}

/** danfojs would print ten rows and sixteen letters of a word. */
function wholeTable(columns: Columns, rows: number): object {
  const widths = Object.entries(columns).map(([name, values]) => {
    return [name, ...values.map(String)].reduce((widest, word) => Math.max(widest, word.length), 1);
  });
  return {
    tableMaxRow: rows,
    tableMaxColInConsole: widths.length,
    tableDisplayConfig: {
      columns: Object.fromEntries([2, ...widths].map((width, column) => [column, {width}])),
      drawHorizontalLine: (line: number, lines: number) => line <= 1 || line === lines,
    },
  };
}

function rowsOf(columns: Columns, count: number): Record<string, number | string>[] {
  return Array.from({length: count}, (_, i) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])),
  );
}
