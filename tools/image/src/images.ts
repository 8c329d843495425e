/** What an image is of. */
export interface Image {
  /** `giftmesh/NAME` is the image; also the target in deploy/images/Dockerfile. */
  readonly name: string;
  /** For people, on the image's label. */
  readonly description: string;
  /** The built program that it runs, from the repository's root. */
  readonly main: string;
  /** Ports that it listens on when nothing else is said, with the gRPC service at each. Empty for a program that ends by itself. */
  readonly services: readonly { readonly port: number; readonly service: string }[];
}

const INTERACTION = { port: 7001, service: 'giftmesh.interaction.v1.InteractionService' };
const STATION = { port: 7002, service: 'giftmesh.payment.station.v1.PaymentStationService' };
const DA = { port: 7003, service: 'giftmesh.payment.da.v1.PaymentDaService' };

/** All images. */
export const IMAGES: readonly Image[] = [
  {
    name: 'interaction',
    description: 'Interaction of giftmesh: gifts, rooms and rankings over gRPC.',
    main: 'apps/interaction/dist/main.js',
    services: [INTERACTION],
  },
  {
    name: 'payment-station',
    description: 'Payment-Station of giftmesh: decides and keeps balances over gRPC.',
    main: 'apps/payment-station/dist/main.js',
    services: [STATION],
  },
  {
    name: 'payment-da',
    description: 'Payment-DA of giftmesh: brings the log of money into the ledger.',
    main: 'apps/payment-da/dist/main.js',
    services: [DA],
  },
  {
    name: 'standalone',
    description: 'All services of giftmesh in one process, on files in a data folder.',
    main: 'apps/standalone/dist/main.js',
    services: [INTERACTION, STATION, DA],
  },
  {
    name: 'operator',
    description: 'The command line of giftmesh: reconciles the books, shows accounts, replays dead letters.',
    main: 'tools/operator/dist/main.js',
    services: [],
  },
];

/** The image of a name; undefined where there is none. */
export function imageOf(name: string): Image | undefined {
  return IMAGES.find((image) => image.name === name);
}
