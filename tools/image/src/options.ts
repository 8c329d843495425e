import { join } from 'node:path';
import { commandLine } from '@giftmesh/adapter-process';
import { imageOf, IMAGES, type Image } from './images';

/** What the command line asks for. */
export type ImageCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'list'; readonly json: boolean }
  | { readonly kind: 'make'; readonly image: Image; readonly folder: string; readonly json: boolean };

/** What `--help` prints. */
export const HELP = `Usage: npm run image -- <image> [options]
       npm run image -- --list

Makes the folder that a container image holds, without a container engine: the program as a bundle, a health client, the
packages that can't be bundled, package.json with their exact versions, the licences of all, and a bill of materials
(CycloneDX). The same sources make the same bytes. Run it as the image does: cd <folder> && node main.js

Images: ${IMAGES.map(({ name }) => name).join(', ')}

Options:
  --out DIR   the folder, written anew (default: tmp/images/<image>); refused if it holds something else
  --list      all images with what they are
  --json      print JSON instead of text
  --help      this text

SOURCE_DATE_EPOCH in the environment is the time of all files, seconds since 1970 (default: 0).

Exit codes: 0 made, 64 the command line is wrong, 70 something is not built, not installed, or would not work in a bundle,
73 the folder holds something else, 78 SOURCE_DATE_EPOCH is wrong.`;

const { parse, usage } = commandLine('image');
const OPTIONS = {
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    list: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  },
} as const;

/** Reads the arguments. Throws ExitError for a wrong command line. */
export function parseCommand(args: readonly string[]): ImageCommand {
  const { values, positionals } = parse(args, OPTIONS);
  if (values.help === true) return { kind: 'help' };
  const json = values.json === true;
  const [name, ...more] = positionals;
  if (values.list === true) {
    if (name !== undefined || values.out !== undefined) throw usage('--list takes no image and no --out');
    return { kind: 'list', json };
  }
  if (name === undefined) throw usage('which image?');
  if (more.length > 0) throw usage(`one image at a time, not ${positionals.join(' ')}`);
  const image = imageOf(name);
  if (image === undefined)
    throw usage(`there is no image ${name}; there are: ${IMAGES.map((one) => one.name).join(', ')}`);
  if (values.out === '') throw usage('--out must name a folder');
  return { kind: 'make', image, folder: values.out ?? join('tmp/images', name), json };
}
