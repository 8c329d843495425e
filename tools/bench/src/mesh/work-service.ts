/** The package and service of the calls that the mesh suites make. */
export const WORK_SERVICE = 'giftmesh.bench.v1.WorkService';

const bytes = (value: Buffer): Buffer => value;
const method = <Name extends string>(name: Name) => ({
  path: `/${WORK_SERVICE}/${name}` as const,
  requestStream: false as const,
  responseStream: false as const,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});

/** A service with a method for each business priority, all of which do the same work; bytes go in and the same bytes out. */
export const workService = {
  pay: method('Pay'),
  gift: method('Gift'),
  enter: method('Enter'),
  browse: method('Browse'),
};

/** The methods from the most to the least important, with the number of their priority as our contracts declare it. */
export const PRIORITY_BY_METHOD: Readonly<Record<keyof typeof workService, number>> = {
  pay: 10,
  gift: 20,
  enter: 30,
  browse: 40,
};
