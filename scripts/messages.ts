/**
 * What the commands say when something is wrong, and what helps: docs/troubleshooting.md is made of this
 * table, and a test provokes each message and follows its remedy. Written by:
 * node --import tsx scripts/messages.ts
 */
import * as path from 'node:path';
import {writeFileAtomically} from '../lib/storage/files';
import {projectRoot} from '../lib/storage/paths';

export interface Message {
  /** The command that provokes it, in a data folder where `made fvsbn` was trained and nothing else. */
  readonly wrong: string;
  /** A part of the message, as it stands. */
  readonly says: string;
  /** The file that says it. */
  readonly from: string;
  readonly remedy: string;
  /** The command that follows the remedy. */
  readonly right: string;
}

export const MESSAGES: readonly Message[] = [
  {
    wrong: 'train made --preset fvsbn',
    says: 'holds a run already: --resume goes on with it, --restart throws it away',
    from: 'lib/reproduction/trainingRun.ts',
    remedy: 'Go on with the run that is saved; its recipe need not be repeated.',
    right: 'train made --preset fvsbn --resume',
  },
  {
    wrong: 'train made --preset fvsbn --resume --batch 50',
    says: 'it stays; leave it out, or begin anew',
    from: 'lib/reproduction/trainingRun.ts',
    remedy: 'A run goes on by its own recipe: only --epochs can grow and --rate can fall.',
    right: 'train made --preset fvsbn --resume',
  },
  {
    wrong: 'train made --preset fvsbn --resum',
    says: 'there is no option --resum; --resume is meant perhaps',
    from: 'scripts/cli.ts',
    remedy: 'Take the option that is meant; --help lists all.',
    right: 'train made --preset fvsbn --resume',
  },
  {
    wrong: 'sample made --preset fvsbn --count 1 --out a.png',
    says: 'train and publish them with npm run train -- made --preset fvsbn --publish, or name others with --weights',
    from: 'scripts/cli/weights.ts',
    remedy: 'A training without --publish leaves its weights in data/runs: name that folder.',
    right: 'sample made --weights runs/made-fvsbn-0 --count 1 --out a.png',
  },
  {
    wrong: 'sample made --weights runs/made-fvsbn-0 --count 1 --out a.jpg',
    says: "--out is a PNG, so its name must end with .png, got 'a.jpg'; such as a.png",
    from: 'scripts/cli/output.ts',
    remedy: 'Pictures are PNG files: give such a name.',
    right: 'sample made --weights runs/made-fvsbn-0 --count 1 --out a.png',
  },
  {
    wrong: 'sample made --weights runs/made-fvsbn-0 --count 1 --out nowhere/a.png',
    says: 'its folder does not exist; create the folder, or correct the path',
    from: 'lib/storage/files.ts',
    remedy: 'Name a folder that is there. It is looked at before anything is computed.',
    right: 'sample made --weights runs/made-fvsbn-0 --count 1 --out a.png',
  },
];

/** The page, as Markdown. */
export function troubleshootingPage(): string {
  const sections = MESSAGES.map(
    ({wrong, says, from, remedy, right}) =>
      `## "${says}"\n\n${remedy}\n\n\`\`\`sh\nnpm run ${npm(wrong)}   # says it\nnpm run ${npm(right)}\n\`\`\`\n\nSaid by \`${from}\`.\n`,
  );
  return `# When something goes wrong\n\nMade from \`scripts/messages.ts\` by \`node --import tsx scripts/messages.ts\`. A test provokes each message and follows its remedy.\n\n${sections.join('\n')}`;
}

/** \`npm run train -- made …\`: options behind -- reach the command. */
function npm(line: string): string {
  const [command, ...rest] = line.split(' ');
  return `${command} -- ${rest.join(' ')}`;
}

if (require.main === module) {
  writeFileAtomically(path.join(projectRoot(), 'docs', 'troubleshooting.md'), troubleshootingPage());
}
