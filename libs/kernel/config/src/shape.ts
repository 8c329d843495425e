import { z } from 'zod';
import { SECRET } from './load-config';

/** A whole number within [min, max], written in decimal. */
export function integer(min: number, max: number, fallback: number) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`)
    .default(fallback);
}

/** A TCP port; 0 lets the system choose a free one. */
export function port(fallback: number) {
  return integer(0, 65_535, fallback);
}

/** `host:port`, with an IPv6 host in brackets. */
export function address(fallback: string) {
  return z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, 'must be host:port')
    .default(fallback);
}

/**
 * Where a service is: `host:port`, or a target by gRPC's naming for several backends or a resolver (`ipv4:10.0.0.1:70,10.0.0.2:70`,
 * `dns:///name:70`, `xds:///name`).
 */
export function target(fallback: string) {
  return z
    .string()
    .regex(
      /^(((dns|ipv4|ipv6|unix|xds):\S+)|(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5})$/,
      'must be host:port or a gRPC target such as ipv4:10.0.0.1:7002,10.0.0.2:7002',
    )
    .default(fallback);
}

/** How a text must look. */
export interface Pattern {
  readonly pattern: RegExp;
  /** What people are told that it must look like. */
  readonly like: string;
  /** True for what may hold a password: a wrong value is not shown. Default false. */
  readonly secret?: boolean;
}

/** Text of a certain look. */
export function matching({ pattern, like, secret = false }: Pattern, fallback: string) {
  return z
    .string()
    .refine((text) => pattern.test(text), { error: `must look like ${like}`, params: { [SECRET]: secret } })
    .default(fallback);
}

/** Text that something reads as a list: parts between commas, none of them empty, each of a certain look where one is given. */
export function list(fallback: readonly string[], part?: Pattern) {
  const like = part === undefined ? '' : `, each like ${part.like}`;
  return z
    .string()
    .transform((text) => text.split(',').map((each) => each.trim()))
    .refine((parts) => parts.every((each) => each !== '' && (part === undefined || part.pattern.test(each))), {
      error: `must be parts between commas, none of them empty${like}`,
      params: { [SECRET]: part?.secret === true },
    })
    .default([...fallback]);
}

/** `true` or `false`. */
export function flag(fallback: boolean) {
  return z
    .enum(['true', 'false'], 'must be true or false')
    .transform((value) => value === 'true')
    .default(fallback);
}

/** One of a few words. */
export function choice<const T extends readonly [string, ...string[]]>(words: T, fallback: T[number]) {
  return z.enum(words, `must be one of: ${words.join(', ')}`).default(fallback as never);
}

/** Text that is not empty. */
export function text(fallback: string) {
  return z.string().min(1, 'must not be empty').default(fallback);
}
