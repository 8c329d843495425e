export { StatusError, type FieldViolation, type StatusErrorOptions } from './status-error';
export { StatusCode, statusName } from './status-code';
export { assertNever } from './assert-never';
export { StartRefusedError, withoutPassword } from './start-refused-error';
export { changed, integerWithin, within } from './option-checks';
