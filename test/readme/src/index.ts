export { packagesOf, readExample, type Example } from './example';
export { ALWAYS_THERE, libraryFolders, readLibrary, type Library } from './library';
export { RUN_MS_MAX, runNode } from './run-node';
export { expectPrinted, runReadmeExample, type RunReadmeExampleOptions } from './run-readme-example';
