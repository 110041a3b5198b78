import {ARXIV_PDF, PAPERS, type PaperName} from '../../lib/reproduction/paperFigures';

/** Where the PDFs come from: arXiv, or a mirror of it that PAPERS_FROM names. */
export function papersFrom(): string {
  return (process.env.PAPERS_FROM || ARXIV_PDF).replace(/\/+$/, '');
}

/** No server could be spoken to: the next paper will not come either. */
export class NoNetworkError extends Error {}

/**
 * A paper's PDF, as its address has it. Nothing is kept of it.
 *
 * @param most bytes that are taken
 * @throws NoNetworkError when there is no connection; Error when the server does not give
 *   the file, or gives a larger one
 */
export async function fetchPaper(
  paper: PaperName,
  {most, signal}: {readonly most: number; readonly signal: AbortSignal},
): Promise<Uint8Array> {
  const address = `${papersFrom()}/${PAPERS[paper].arxiv}`;
  const {status, body} = await connect(address, signal);
  if (status !== 200 || body === null) {
    throw new Error(
      `${address}: the server answered ${status}; take the PDF elsewhere and give it with --pdf FILE`,
    );
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
      size += part.length;
      if (size > most) throw new Error(`it may have at most ${most} bytes, got more, so it is no paper`);
      parts.push(part);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(`${address}: ${(error as Error).message}; try again, or give the PDF with --pdf FILE`);
  }
  return Buffer.concat(parts);
}

async function connect(address: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetchAgain(address, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    const {message, cause} = error as Error & {cause?: {code?: string; message?: string}};
    throw new NoNetworkError(
      `${new URL(address).host} cannot be reached (${cause?.code || cause?.message || message}): ` +
        'try again with a network, or give PDFs that you have: npm run paper-figures -- --pdf FILE…',
    );
  }
}

/**
 * While the paper before is cut out, the server closes the connection that is kept, and
 * the request that is sent on it fails. A second one opens its own.
 */
async function fetchAgain(address: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, {signal});
  } catch (error) {
    if ((error as {cause?: {code?: string}}).cause?.code !== 'UND_ERR_SOCKET') throw error;
    return await fetch(address, {signal});
  }
}
