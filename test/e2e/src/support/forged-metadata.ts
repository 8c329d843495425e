import type { Random } from '@giftmesh/kernel-random';

const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
const HEX = '0123456789abcdef';

/** What calls of the mesh carry, well formed: what random strings are made of. */
const EXAMPLES: Readonly<Record<string, readonly (() => string)[]>> = {
  'x-mesh-priority': [
    () => '0.0',
    () => '10.5',
    () => '127.127',
    () => '-1.0',
    () => '128.0',
    () => '1e1.0',
    () => '00.0',
  ],
  'x-mesh-level': [() => '16383', () => '-1', () => '16384', () => '0', () => 'NaN'],
  'x-mesh-shed': [() => '40:10000', () => '40:1,41:2', () => '40:99999', () => '40:1,40:1', () => '40:1,'.repeat(200)],
  'x-deadline-unix-ms': [() => String(Date.now() + 5_000), () => '0', () => '9'.repeat(15), () => '9'.repeat(400)],
  baggage: [
    () => 'mesh.lane=blue',
    () => 'mesh.stress=1',
    () => 'mesh.lane=BLUE!,mesh.stress=7',
    () => 'a=b;c=d, e = f',
    () => 'k=%ff%zz',
    () => Array.from({ length: 300 }, (_, index) => `k${index}=v`).join(','),
  ],
  traceparent: [
    () => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    () => '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
    () => 'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    () => '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-zz',
  ],
  tracestate: [() => 'a=1,b=2', () => '=', () => 'a=1,'.repeat(100), () => 'a=1,a=1'],
  'grpc-retry-pushback-ms': [() => '-1', () => '0', () => '100000000000', () => 'soon'],
  'grpc-previous-rpc-attempts': [() => '1', () => '-5', () => '1e9'],
  'x-user-id': [() => '', () => '7', () => 'x'.repeat(2_000)],
};
const NAMES = Object.keys(EXAMPLES);

/** Metadata as nobody of the mesh would send it: random, damaged, or well formed and a lie. */
export function forgedMetadata(random: Random): Record<string, string> {
  const count = random.integer(1, 4);
  return Object.fromEntries(
    Array.from({ length: count }, () => {
      const name = pick(random, NAMES);
      return [name, forged(random, EXAMPLES[name] as readonly (() => string)[])];
    }),
  );
}

function forged(random: Random, examples: readonly (() => string)[]): string {
  const example = pick(random, examples)();
  switch (random.integer(0, 4)) {
    case 0:
      return example;
    case 1:
      return text(random, PRINTABLE, random.integer(0, 100));
    case 2:
      return text(random, HEX, random.integer(0, 60));
    case 3: {
      const at = random.integer(0, example.length);
      return example.slice(0, at) + text(random, PRINTABLE, random.integer(1, 3)) + example.slice(at + 1);
    }
    default:
      return example.slice(0, random.integer(0, example.length));
  }
}

function text(random: Random, characters: string, length: number): string {
  return Array.from({ length }, () => characters[random.integer(0, characters.length - 1)]).join('');
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.integer(0, choices.length - 1)] as T;
}
