import { readCachedProjectGraph, workspaceRoot } from '@nx/devkit';
import { relative, sep } from 'node:path';
import { LAYERS, tagOf } from './layers.mjs';

/**
 * Reports a file for which the boundary rule could not decide: no project graph (that rule then skips itself and lint
 * would pass), a file of no project, or a project without exactly one known layer.
 */
export default {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      noGraph:
        'There is no project graph, so the boundary rule checks nothing ({{cause}}). Lint through nx: nx run-many -t lint',
      noProject: 'This file belongs to no project of the workspace; lay one out with tools/workspace/new-project.mjs',
      noLayer: 'Project {{project}} needs exactly one layer tag, one of {{known}}; it has: {{tags}}',
    },
  },
  create(context) {
    return {
      Program(node) {
        const problem = judge(context.filename);
        if (problem !== undefined) context.report({ node, ...problem });
      },
    };
  },
};

let roots;

function judge(filename) {
  try {
    roots ??= projectsByRoot();
  } catch (error) {
    return { messageId: 'noGraph', data: { cause: error instanceof Error ? error.message : String(error) } };
  }
  const project = projectOf(relative(workspaceRoot, filename).split(sep));
  if (project === undefined) return { messageId: 'noProject' };
  const known = Object.keys(LAYERS).map(tagOf);
  const tags = project.data.tags ?? [];
  if (tags.filter((tag) => known.includes(tag)).length === 1) return undefined;
  const data = { project: project.name, known: known.join(', '), tags: tags.join(', ') || 'none' };
  return { messageId: 'noLayer', data };
}

function projectsByRoot() {
  const { nodes } = readCachedProjectGraph();
  const projects = Object.values(nodes);
  if (projects.length === 0) throw new Error('it is empty');
  return new Map(projects.map((project) => [project.data.root, project]));
}

function projectOf(segments) {
  for (let length = segments.length - 1; length > 0; length -= 1) {
    const project = roots.get(segments.slice(0, length).join('/'));
    if (project !== undefined) return project;
  }
  return undefined;
}
