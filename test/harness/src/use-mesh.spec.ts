import { useMesh } from './use-mesh';

describe('useMesh', () => {
  let folderBefore: string;
  let endBefore: Promise<unknown>;

  describe('in a describe of its own', () => {
    const mesh = useMesh({ env: { GIFTMESH_LOG_LEVEL: 'warn' } });
    let inHook: string;

    let early: unknown;
    try {
      early = mesh.addresses;
    } catch (error) {
      early = error;
    }

    beforeAll(() => {
      inHook = mesh.addresses.interaction;
    });

    it('was not there while tests were declared', () => {
      expect(early).toEqual(new Error('the mesh is not there yet: use it in tests and hooks only'));
    });

    it('has started one mesh, with the options, for hooks and tests', async () => {
      const { gifts } = await mesh.interaction.call.listGifts({ roomId: 1n, pageSize: 3, pageToken: '' });
      expect(gifts).toHaveLength(3);
      expect(mesh.addresses.interaction).toBe(inHook);
      expect(mesh.process.stderr).toBe('');
      [folderBefore, endBefore] = [mesh.dataFolder, mesh.process.ended];
    });

    it('keeps it for the next test', () => {
      expect(mesh.dataFolder).toBe(folderBefore);
      expect(mesh.process.running).toBe(true);
    });
  });

  it('has ended it after the describe', async () => {
    expect(await endBefore).toEqual({ code: null, signal: 'SIGKILL' });
  });
});
