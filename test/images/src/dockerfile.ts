import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerfileParser, type Copy, type From, type Instruction } from 'dockerfile-ast';
import { validate, ValidationSeverity } from 'dockerfile-utils';
import { repositoryRoot } from '@giftmesh/test-harness';

/** From the root of the repository. */
export const DOCKERFILE = 'deploy/images/Dockerfile';

/** One `FROM` with what stands below it. */
export interface Stage {
  readonly name: string;
  /** What it is built on: an image, or the name of a stage. */
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The text of our Dockerfile. */
export function dockerfileText(): string {
  return readFileSync(join(repositoryRoot(), DOCKERFILE), 'utf8');
}

/** What the linter has against a Dockerfile. */
export function lintProblems(text: string): readonly string[] {
  const severity = Object.fromEntries(
    ['deprecatedMaintainer', 'directiveCasing', 'emptyContinuationLine', 'instructionCasing'].map((rule) => [
      rule,
      ValidationSeverity.ERROR,
    ]),
  );
  return validate(text, severity).map(
    ({ message, range }) => `line ${range.start.line + 1}: ${typeof message === 'string' ? message : message.value}`,
  );
}

/** The stages of a Dockerfile, in their order. `FROM` has the defaults of arguments in the place of their names. */
export function stagesOf(text: string): readonly Stage[] {
  const instructions = DockerfileParser.parse(text).getInstructions();
  const defaults = new Map<string, string>();
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    const keyword = instruction.getKeyword();
    const current = stages.at(-1);
    if (keyword === 'FROM') {
      const from = instruction as From;
      const image = (from.getImage() ?? '').replace(/\$\{(\w+)\}/g, (_, name: string) => defaults.get(name) ?? '');
      stages.push({ name: from.getBuildStage() ?? '', from: image, instructions: [] });
    } else if (current !== undefined) current.instructions.push(instruction);
    else if (keyword === 'ARG') {
      const [name = '', value = ''] = argumentsOf(instruction).split(/=(.*)/s);
      defaults.set(name, value);
    }
  }
  return stages;
}

/** What a stage and those that it is built on have of an instruction, from the bottom up. */
export function inherited(stages: readonly Stage[], name: string, keyword: string): readonly string[] {
  const stage = stages.find((one) => one.name === name);
  if (stage === undefined) return [];
  const own = stage.instructions.filter((one) => one.getKeyword() === keyword).map(argumentsOf);
  return [...inherited(stages, stage.from, keyword), ...own];
}

/** `KEY="value"` of labels and `KEY=value` of variables, of a stage and those that it is built on. */
export function pairs(stages: readonly Stage[], name: string, keyword: 'LABEL' | 'ENV'): ReadonlyMap<string, string> {
  const found = inherited(stages, name, keyword).flatMap((text) => [...text.matchAll(/([\w.]+)=("([^"]*)"|\S+)/g)]);
  return new Map(found.map(([, key = '', value = '', quoted]) => [key, quoted ?? value]));
}

/** The copies of a stage: from which stage, if from one, and of which paths. */
export function copiesOf({
  instructions,
}: Stage): readonly { readonly from: string | undefined; readonly paths: readonly string[] }[] {
  return instructions
    .filter((one) => one.getKeyword() === 'COPY')
    .map((one) => {
      const flag = (one as Copy).getFlags().find((each) => each.getName() === 'from');
      const paths = one.getArguments().map((argument) => argument.getValue());
      return { from: flag?.getValue() ?? undefined, paths: paths.slice(0, -1) };
    });
}

function argumentsOf(instruction: Instruction): string {
  return instruction.getArgumentsContent() ?? '';
}
