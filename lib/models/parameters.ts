export * from '../layers/parameters';
