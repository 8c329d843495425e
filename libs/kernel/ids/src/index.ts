export { isUuidV7, lowestUuidV7At, uuidFromBytes, uuidToBytes, uuidV7Source, uuidV7TimeMs } from './uuid-v7';
export { ID_MAX, isId } from './int64';
