/** A package that is not bundled: it comes with its files, and with the packages that it needs. */
export interface External {
  /** Why it can't be bundled. */
  readonly why: string;
  /** The built file of ours that loads it by a path, where an `import` does not show it. */
  readonly loadedBy?: string;
}

/** Packages that are kept out of bundles, where a program imports them. */
export const EXTERNALS: Readonly<Record<string, External>> = {
  'better-sqlite3': { why: 'a native module' },
  kafkajs: { why: 'its inner files are loaded by path', loadedBy: 'libs/adapter/kafka/dist/kafkajs-internals.js' },
  pino: { why: 'its transports are threads with files of their own' },
  '@grpc/grpc-js': { why: 'it reads proto files when channelz and ORCA are used, and there must be one of it' },
  '@grpc/grpc-js-xds': { why: 'it reads proto files' },
  'require-in-the-middle': { why: "OpenTelemetry's hook into require works on files" },
  'import-in-the-middle': { why: "OpenTelemetry's hook into import is a loader with files of its own" },
};

/** What packages name as a dependency and need only to be installed, to be compiled against, or on a command line. */
export const NOT_AT_RUN_TIME: readonly { readonly package: string; readonly needs: RegExp; readonly why: string }[] = [
  { package: 'better-sqlite3', needs: /^prebuild-install$/, why: 'fetches the native module when it is installed' },
  { package: '@grpc/proto-loader', needs: /^yargs$/, why: 'for its command that writes types' },
  { package: 'protobufjs', needs: /^@types\//, why: 'types' },
];

/** Files of a package, by their path within it, that it does not need at run time. */
export const FILES_LEFT_OUT: Readonly<Record<string, RegExp>> = {
  'better-sqlite3': /^(deps|src|build\/(?!Release\/better_sqlite3\.node$))/,
  protobufjs: /^(dist|cli|scripts)\//,
  'node-forge': /^dist\//,
  'thread-stream': /^bench\.js$/,
  pino: /^(browser|bin)\.js$|^build\//,
};

/** Files in bundles that speak of paths or threads, and why that does no harm there. A file that is not listed is refused. */
export const HARMLESS: Readonly<Record<string, string>> = {
  'ioredis/built/Command.js': 'names its folder to shorten stacks where friendly ones are asked for, which nobody does',
  '@colors/colors/lib/colors.js': 'speaks of a path in a message',
};
