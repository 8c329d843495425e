import { createMeshServer, service, type MeshServer } from '@giftmesh/mesh-server';
import { compileEcho, echoHandlers } from '@giftmesh/mesh-server/testing';
import { createClient, grpcTransport } from './index';

const echo = compileEcho();
describe('smoke', () => {
  it('works', async () => {
    const server: MeshServer = createMeshServer({
      services: [service(echo.definition, echoHandlers)],
      descriptors: echo.descriptors,
      policyExtension: echo.policyExtension,
      errorDomain: 'test',
      onInternalError: (e) => console.error(e),
    });
    const port = await server.listen('127.0.0.1:0');
    const transport = grpcTransport({ address: `127.0.0.1:${port}` });
    const client = createClient(echo.definition, transport);
    expect((await client.say({ text: 'hi' })).text).toBe('hi');
    const seen: number[] = [];
    for await (const r of client.repeat({ text: 'x', times: 100 })) seen.push(r.index);
    expect(seen.length).toBe(100);
    async function* reqs() {
      for (let i = 0; i < 50; i++) yield { text: String(i % 10) };
    }
    expect((await client.collect(reqs())).index).toBe(50);
    let n = 0;
    for await (const r of client.chat(reqs())) {
      expect(r.index).toBe(n++);
    }
    expect(n).toBe(50);
    for await (const r of client.repeat({ text: 'x' })) if (r.index === 1000) break;
    await expect(client.say({ text: 'x', behaviour: 1 }, { timeoutMs: 50 })).rejects.toMatchObject({ code: 4 });
    console.log(await server.drain(1000), server.host.openStreams);
    transport.close();
  });
});
