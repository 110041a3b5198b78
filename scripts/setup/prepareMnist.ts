import {loadMnist} from '../../lib/data/mnist';

/** The first load checks the files and leaves them in data/mnist; every later one takes 0.1 s. */
async function main(): Promise<void> {
  await loadMnist('test');
  await loadMnist('train');
}

main().catch((error: unknown) => {
  console.error(`Error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
