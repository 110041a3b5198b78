/**
 * What stands for @tensorflow/tfjs in the page: its core, gradients and plain backend, without layers,
 * converters and WebGL, which nothing here uses and which are two thirds of its bytes.
 */
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-backend-cpu';

export * from '@tensorflow/tfjs-core';
