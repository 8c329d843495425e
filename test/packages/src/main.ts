// `npm run packages [-- <name> ...]`: each published library, or those named, alone in an empty project, as somebody installs it.
import { EmptyProject } from './empty-project';
import { packWorkspace } from './workspace';

async function main(chosen: readonly string[]): Promise<void> {
  const { packages, libraries, remove } = await packWorkspace();
  let failed = 0;
  try {
    for (const library of libraries) {
      if (chosen.length > 0 && !chosen.some((name) => library.name.endsWith(name))) continue;
      const project = new EmptyProject();
      try {
        await project.installFor(library, packages);
        await project.run(library);
        console.log(`ok      ${library.name}`);
      } catch (error) {
        failed += 1;
        console.log(`FAILED  ${library.name}: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        project.remove();
      }
    }
  } finally {
    remove();
  }
  if (failed > 0) process.exitCode = 1;
}

void main(process.argv.slice(2));
