import * as tf from '@tensorflow/tfjs';

/** Columns by name, all of the same length. */
export type Columns = Readonly<Record<string, readonly (number | string)[]>>;

interface DataFrameLibrary {
  readonly DataFrame: new (columns: Columns) => {print(): void};
}

/**
 * Prints columns as a table: a danfojs DataFrame on the native runtime, else console.table (danfojs loads the native runtime, which
 * would take over from any other engine).
 *
 * @throws RangeError when the columns differ in length
 */
export function printTable(columns: Columns): void {
  const lengths = Object.values(columns).map((column) => column.length);
  if (new Set(lengths).size !== 1) {
    throw new RangeError(`printTable: columns must be equally long, got ${lengths.join(', ')} values`);
  }
  const library = loadDanfo();
  if (library !== null) new library.DataFrame(columns).print();
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

function rowsOf(columns: Columns, count: number): Record<string, number | string>[] {
  return Array.from({length: count}, (_, i) =>
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, values[i]])),
  );
}
