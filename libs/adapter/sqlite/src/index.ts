export * from './data-file-error';
export { openDatabase, type Database, type Durability, type OpenDatabaseOptions } from './database';
export { lockDataFolder, type DataFolderLock } from './data-folder-lock';
