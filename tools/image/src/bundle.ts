import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { basename, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { packageName, packagePath } from './lock-file';
import { sourceProblems, threadFiles } from './source-check';

/** The oldest Node that runs the bundles; images have this one. */
const NODE = 'node20';

/** A program in few files. */
export interface Bundle {
  /** Each file's name with its content: one for each entry, and one for each thread that they start. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The files that went in, from the root. */
  readonly inputs: readonly string[];
  /** Modules that were left out and are asked for at run time: `pino`, `kafkajs/src/broker`. */
  readonly imports: readonly string[];
}

/**
 * Bundles built programs, and the threads that they start from files beside them. Modules are chosen as Node does for `require`, so that what is
 * bundled is what the tests ran. Rejects where a file that is bundled needs to know where it is.
 * @param entries the built file of each output, by the output's name without `.js`; from the root.
 * @param externals paths of packages that are left out, `node_modules/NAME`.
 */
export async function bundle(
  root: string,
  entries: Readonly<Record<string, string>>,
  externals: ReadonlySet<string>,
): Promise<Bundle> {
  const known = new Map(Object.entries(entries));
  const found: Bundle[] = [];
  const texts = new Map<string, string>();
  // Each round bundles the threads of the programs of the one before.
  for (let next = entries; Object.keys(next).length > 0;) {
    const made = await run(root, next, externals);
    found.push(made);
    for (const path of made.inputs) texts.set(path, readFileSync(join(root, path), 'utf8'));
    next = {};
    for (const path of threadFiles(texts)) {
      const name = basename(path, '.js');
      const same = known.get(name);
      if (same === path) continue;
      if (same !== undefined) throw new Error(`two programs of a bundle are called ${name}: ${same}, ${path}`);
      known.set(name, path);
      next = { ...next, [name]: path };
    }
  }
  const problems = sourceProblems(texts);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return {
    files: new Map(found.flatMap(({ files }) => [...files])),
    inputs: [...texts.keys()].sort(),
    imports: [...new Set(found.flatMap(({ imports }) => imports))].sort(),
  };
}

async function run(
  root: string,
  entries: Readonly<Record<string, string>>,
  externals: ReadonlySet<string>,
): Promise<Bundle> {
  const { outputFiles, metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: { ...entries },
    outdir: join(root, 'dist'),
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    target: NODE,
    format: 'cjs',
    // Empty: not even esbuild's own, `module`, by which Node would not choose.
    conditions: [],
    mainFields: ['main'],
    plugins: [leaveOut(root, externals)],
    charset: 'utf8',
    // They are in a file of their own.
    legalComments: 'none',
    logLevel: 'silent',
  });
  if (warnings.length > 0)
    throw new Error(warnings.map(({ text, location }) => `${location?.file}: ${text}`).join('\n'));
  const imports = Object.values(metafile.outputs).flatMap((output) =>
    output.imports.filter(({ external, path }) => external === true && !isBuiltin(path)).map(({ path }) => path),
  );
  return {
    files: new Map(outputFiles.map(({ path, contents }) => [basename(path), contents])),
    inputs: Object.keys(metafile.inputs),
    imports,
  };
}

/** Goes by where a module is found, not by its name: of one name there may be several versions, and only that at the top is beside the bundle. */
function leaveOut(root: string, externals: ReadonlySet<string>): Plugin {
  return {
    name: 'leave-out',
    setup: (esbuild) =>
      esbuild.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...from }) => {
        if (pluginData === ASKED || isBuiltin(path)) return undefined;
        const { resolveDir, kind, importer } = from;
        const found = await esbuild.resolve(path, { resolveDir, kind, importer, pluginData: ASKED });
        const one = packagePath(relative(root, found.path));
        if (found.errors.length > 0 || one === undefined || !externals.has(one)) return undefined;
        if (one === `node_modules/${packageName(one)}`) return { path, external: true };
        throw new Error(`${relative(root, importer)} finds ${path} in ${one}, which is not beside a bundle`);
      }),
  };
}

/** Tells a question of our own from esbuild's, which would be answered by asking again. */
const ASKED = 'asked';
