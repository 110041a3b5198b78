/**
 * Parts of the page's folder, which only the page can load: a worker made from text may
 * not read files beside the page.
 */

type Send = (name: string) => void;

let ask: Send = () => {};
const waiting = new Map<string, {resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void}>();

/** @param send asks the page for a part */
export function askBy(send: Send): void {
  ask = send;
}

/** The bytes of a part. @throws Error in one sentence when it is not there or is no base64 */
export function part(name: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    waiting.set(name, {resolve, reject});
    ask(name);
  });
}

/** @param text base64, or null when the page could not load it */
export function partArrived(name: string, text: string | null): void {
  const wanted = waiting.get(name);
  waiting.delete(name);
  if (text === null) {
    wanted?.reject(
      new Error(
        `${name}.js is missing beside this page: copy the whole folder, or run npm run playground again.`,
      ),
    );
    return;
  }
  try {
    wanted?.resolve(decodeBase64(text));
  } catch {
    wanted?.reject(new Error(`${name}.js is damaged: copy it again, or run npm run playground again.`));
  }
}

function decodeBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
