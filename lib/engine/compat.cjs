/**
 * tfjs-node 4.22.0 calls two functions that Node 23 removed from `util`. lib/engine loads this before
 * tfjs-node; a program that loads tfjs-node itself loads it with `--require`.
 */
const util = require('node:util');

util.isArray = Array.isArray;
util.isNullOrUndefined = (value) => value === null || value === undefined;
