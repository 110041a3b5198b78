/**
 * tfjs-node 4.22.0 calls two functions that Node 23 removed from `util`. Loaded with `--require`, before anything else, by
 * every command and by the notebooks' kernel.
 */
const util = require('node:util');

util.isArray = Array.isArray;
util.isNullOrUndefined = (value) => value === null || value === undefined;
