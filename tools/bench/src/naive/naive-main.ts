// A process of its own, started by NaiveServer, which tells it where to listen and where its database is.
import 'reflect-metadata';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { Transport, type GrpcOptions } from '@nestjs/microservices';
import { ROOT } from '../paths';
import { GiftModule } from './gift-service';
import { NaiveLedger } from './naive-ledger';

const [address = '', url = '', connections = ''] = process.argv.slice(2);
const PROTOS = join(ROOT, 'proto');

async function main(): Promise<void> {
  const ledger = new NaiveLedger(url, Number(connections));
  const app = await NestFactory.createMicroservice<GrpcOptions>(GiftModule.on(ledger), {
    transport: Transport.GRPC,
    logger: ['error', 'warn'],
    options: {
      url: address,
      package: 'giftmesh.interaction.v1',
      protoPath: join(PROTOS, 'giftmesh/interaction/v1/interaction.proto'),
      loader: { includeDirs: [PROTOS], longs: String, arrays: true },
    },
  });
  await app.listen();
  process.send?.({ ready: true });
}

process.on('disconnect', () => process.exit(0));
main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
