import * as path from 'node:path';

const project = path.resolve(__dirname, '..');

/** With what `npm run` starts a Node for the project's TypeScript (scripts/setup.mjs). */
export const NODE_OPTIONS = ['lib/engine/compat.cjs', 'scripts/setup/typescript.cjs'].flatMap((file) => [
  '--require',
  path.join(project, file),
]);
