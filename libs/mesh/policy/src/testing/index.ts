export { compileProto } from './compile-proto';
