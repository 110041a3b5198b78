/**
 * Starts the notebooks' kernel: tslab, with the repository root as working directory, because tslab takes that for the root of
 * all TypeScript; so `import … from './lib/index'` works in every notebook. Argument: the connection file of Jupyter.
 */
const path = require('node:path');

process.chdir(path.join(__dirname, '..', '..'));
require('tslab/dist/main.js').startKernel({configPath: process.argv[2], enableFindLocal: false});
