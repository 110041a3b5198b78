/**
 * What the commands say when something is wrong, and what helps: docs/troubleshooting.md is made of this
 * table, and a test provokes each message and follows its remedy. Written by:
 * node --require ./scripts/setup/typescript.cjs scripts/messages.ts
 */
import * as path from 'node:path';
import {writeFileAtomically} from '../lib/storage/files';
import {projectRoot} from '../lib/storage/paths';

export interface Message {
  /** The command that provokes it, where the files of WHERE are. */
  readonly wrong: string;
  /** A part of the message, as it stands. */
  readonly says: string;
  /** The file that says it. */
  readonly from: string;
  readonly remedy: string;
  /** The command that follows the remedy. */
  readonly right: string;
}

/** What is there when the commands of the table run; test/scripts/messages.test.ts makes it. */
const WHERE =
  'The commands below were run where there is: a run `made fvsbn` of one epoch; a data set `shapes` of one’s own; ' +
  '`pictures/`, with the folders `crosses` and `bars` of 14 x 14 pixels each; `mixed/`, with a PNG that was cut short; `empty/`; ' +
  '`drawing.png`; `images.idx` with `labels.idx`; copies of files that were cut short or altered.';

const RESUME = 'train made --preset fvsbn --resume';
const RUN = 'made --weights runs/made-fvsbn-0';
const SAMPLE = `sample ${RUN} --count 1 --out a.png`;
const SCORE = `evaluate ${RUN} --split validation`;
const FOLDER = 'data folder pictures --name more --size 14 --labels from-folders';
const IDX = 'data idx images.idx labels.idx --name digits';

const [CLI, OWN, WEIGHTS] = ['scripts/cli.ts', 'scripts/data/own.ts', 'scripts/cli/weights.ts'];

const TRAINING: readonly Message[] = [
  {
    wrong: 'train made --preset fvsbn',
    says: 'holds a run already: --resume goes on with it, --restart throws it away',
    from: 'lib/reproduction/trainingRun.ts',
    remedy: 'Go on with the run that is saved; its recipe need not be repeated.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --resume --batch 50',
    says: 'it stays; leave it out, or begin anew',
    from: 'lib/reproduction/trainingRun.ts',
    remedy: 'A run goes on by its own recipe: only --epochs can grow and --rate can fall.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset small --resume',
    says: 'without --resume the run begins',
    from: 'lib/reproduction/trainingRun.ts',
    remedy: 'No run of this preset and seed is saved: begin one.',
    right: 'train made --preset small --epochs 1 --batch 5000',
  },
  {
    wrong: 'train made --preset fvsbn --resume --from runs/made-fvsbn-0/weights.safetensors',
    says: '--from is for a run that begins, --resume for one that goes on: leave one of them out',
    from: 'lib/reproduction/trainingRun.ts',
    remedy: 'The saved run has its weights: leave --from out.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --resume --restart',
    says: '--resume goes on with a run, --restart throws it away: choose one',
    from: 'scripts/train.ts',
    remedy: 'Go on, or begin anew: not both.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --resume --hours 2',
    says: '--hours is for npm run train -- all',
    from: 'scripts/train.ts',
    remedy: 'One run ends by its epochs; Ctrl-C stops it before, and what it has learned is kept.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --schedule flat',
    says: "--schedule must be cosine or linear, got 'flat'",
    from: 'scripts/train.ts',
    remedy: 'Name one of the two, or leave it out: a preset has its own.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset small --data shapes --publish',
    says: '--publish is for the data sets that everybody has; weights of your own images stay in data/runs',
    from: 'scripts/train.ts',
    remedy: 'Leave --publish out; the other commands find the weights with --data.',
    right: 'train made --preset small --data shapes --epochs 1 --batch 5',
  },
];

const WORDS: readonly Message[] = [
  {
    wrong: 'train made --preset fvsbn --resum',
    says: 'there is no option --resum; --resume is meant perhaps',
    from: CLI,
    remedy: 'Take the option that is meant; --help lists all.',
    right: RESUME,
  },
  {
    wrong: 'train --resume',
    says: 'which model? one of',
    from: CLI,
    remedy: 'The first word is a model.',
    right: RESUME,
  },
  {
    wrong: 'train mad --preset fvsbn --resume',
    says: "unknown model 'mad'; there are",
    from: CLI,
    remedy: 'Take one of the names in the message.',
    right: RESUME,
  },
  {
    wrong: 'train made pixelcnn',
    says: "one model at a time, got also 'pixelcnn'",
    from: CLI,
    remedy: 'Give the command once for each model.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset big',
    says: "unknown preset 'big' of made; there are",
    from: CLI,
    remedy: 'Take one of the names in the message.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --epochs 0',
    says: "--epochs must be an integer of at least 1, got '0'",
    from: CLI,
    remedy: 'Give a number that the message allows, or leave the option out.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --rate fast',
    says: "--rate must be a number, got 'fast'",
    from: CLI,
    remedy: 'Give a number such as 1e-3, or leave the option out.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --epochs --resume',
    says: '--epochs needs a value, but',
    from: CLI,
    remedy: 'Give the value, or leave the option out.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --preset small',
    says: '--preset is given twice; give it once',
    from: CLI,
    remedy: 'Give each option once.',
    right: RESUME,
  },
  {
    wrong: 'train made --preset fvsbn --resume=yes',
    says: "--resume takes no value, got 'yes'",
    from: CLI,
    remedy: 'The option alone says yes.',
    right: RESUME,
  },
  {
    wrong: `sample ${RUN} --label 7`,
    says: '--label is for weights that are conditioned on the class of an image',
    from: CLI,
    remedy: 'These weights know no classes: leave --label out, or take those of gated --preset classes.',
    right: SAMPLE,
  },
  {
    wrong: `sample ${RUN} --label seven`,
    says: "--label must be a class such as 7, or several such as 0,1,2, got 'seven'",
    from: CLI,
    remedy: 'Classes are numbers from 0.',
    right: SAMPLE,
  },
];

const OF_WEIGHTS: readonly Message[] = [
  {
    wrong: 'sample made --preset fvsbn --count 1 --out a.png',
    says: 'train and publish them with npm run train -- made --preset fvsbn --publish, or name others with --weights',
    from: WEIGHTS,
    remedy: 'A training without --publish leaves its weights in data/runs: name that folder.',
    right: SAMPLE,
  },
  {
    wrong: `sample ${RUN} --preset fvsbn`,
    says: '--preset names committed weights, --weights those of a file: leave one of them out',
    from: WEIGHTS,
    remedy: 'A file says itself of which preset it is.',
    right: SAMPLE,
  },
  {
    wrong: 'sample made --weights pictures',
    says: 'is no folder of a training run: there is neither weights.safetensors nor state.safetensors in it',
    from: WEIGHTS,
    remedy: 'The folders of runs are in data/runs.',
    right: SAMPLE,
  },
  {
    wrong: 'sample made --data shapes --preset fvsbn',
    says: 'that were trained on shapes; train them with npm run train -- made --preset fvsbn --data shapes',
    from: WEIGHTS,
    remedy: 'Train as it says, or draw from weights that are there.',
    right: 'train made --preset fvsbn --data shapes --epochs 1 --batch 5',
  },
  {
    wrong: 'sample made --weights nowhere.safetensors',
    says: 'it cannot be read (ENOENT)',
    from: 'lib/storage/checkpoints.ts',
    remedy: 'Correct the path; a relative one begins where you stand.',
    right: SAMPLE,
  },
  {
    wrong: 'sample made --weights altered.safetensors',
    says: 'a byte of it was altered',
    from: 'lib/storage/checksum.ts',
    remedy: 'Copy the file again from where it came: what it draws could not be trusted.',
    right: SAMPLE,
  },
  {
    wrong: 'sample made --weights cut.safetensors',
    says: 'bytes of data: it is cut short',
    from: 'lib/storage/safetensors.ts',
    remedy: 'Copy the file again from where it came.',
    right: SAMPLE,
  },
  {
    wrong: 'sample made --weights drawing.png',
    says: "the header's length is",
    from: 'lib/storage/safetensors.ts',
    remedy: 'It is no file of weights; those end with .safetensors.',
    right: SAMPLE,
  },
  {
    wrong: 'sample pixelcnn --weights runs/made-fvsbn-0',
    says: 'Name a checkpoint of pixelcnn, or load it as made.',
    from: 'lib/storage/checkpoints.ts',
    remedy: 'Name the model that the weights are of.',
    right: SAMPLE,
  },
  {
    wrong: 'import runs/made-fvsbn-0/weights.safetensors --model pixelcnn',
    says: 'Import it as made.',
    from: 'lib/reproduction/importWeights.ts',
    remedy: 'Leave --model out, or name the one that the file says.',
    right: 'import runs/made-fvsbn-0/weights.safetensors',
  },
  {
    wrong: 'import',
    says: 'which file?',
    from: 'scripts/import.ts',
    remedy: 'Name the file of weights.',
    right: 'import runs/made-fvsbn-0/weights.safetensors',
  },
  {
    wrong: 'import nowhere.safetensors',
    says: 'Check the path and its permissions.',
    from: 'lib/storage/foreignWeights.ts',
    remedy: 'Correct the path; a relative one begins where you stand.',
    right: 'import runs/made-fvsbn-0/weights.safetensors',
  },
  {
    wrong: 'import runs/made-fvsbn-0/weights.safetensors more.safetensors',
    says: "one file at a time, got also 'more.safetensors'",
    from: 'scripts/import.ts',
    remedy: 'Give the command once for each file.',
    right: 'import runs/made-fvsbn-0/weights.safetensors',
  },
  {
    wrong: 'import runs/made-fvsbn-0/weights.safetensors --mapping nowhere.json',
    says: 'nowhere.json cannot be read',
    from: 'lib/storage/foreignWeights.ts',
    remedy: 'Correct the path; weights of this project need no mapping.',
    right: 'import runs/made-fvsbn-0/weights.safetensors',
  },
  {
    wrong: 'export made --preset fvsbn',
    says: 'which folder? --out DIR names it',
    from: 'scripts/export.ts',
    remedy: 'Name a folder that is not there yet.',
    right: 'export made --preset fvsbn --images 100 --batch 10 --out job',
  },
  {
    wrong: 'export made --preset fvsbn --out pictures',
    says: 'must be empty, or not there yet, but it has',
    from: 'lib/storage/jobFolder.ts',
    remedy: 'Name a folder that is not there yet.',
    right: 'export made --preset fvsbn --images 100 --batch 10 --out job',
  },
];

const PICTURES: readonly Message[] = [
  {
    wrong: `sample ${RUN} --count 1 --out a.jpg`,
    says: "--out is a PNG, so its name must end with .png, got 'a.jpg'; such as a.png",
    from: 'scripts/cli/output.ts',
    remedy: 'Pictures are PNG files: give such a name.',
    right: SAMPLE,
  },
  {
    wrong: `sample ${RUN} --count 1 --out nowhere/a.png`,
    says: 'its folder does not exist; create the folder, or correct the path',
    from: 'lib/storage/files.ts',
    remedy: 'Name a folder that is there. It is looked at before anything is computed.',
    right: SAMPLE,
  },
  {
    wrong: `sample ${RUN} --count 1 --out directory.png`,
    says: 'there is a folder of this name; remove it, or choose another name',
    from: 'lib/storage/files.ts',
    remedy: 'Choose another name.',
    right: SAMPLE,
  },
  {
    wrong: `complete ${RUN} --occlude upper`,
    says: "--occlude must be one of bottom, top, right, left, center, stripes, got 'upper'",
    from: 'scripts/complete.ts',
    remedy: 'Name one of these.',
    right: `complete ${RUN} --occlude right --count 1 --out b.png`,
  },
  {
    wrong: `evaluate ${RUN} --split all`,
    says: "--split must be train, validation or test, got 'all'",
    from: 'scripts/evaluate.ts',
    remedy: 'Name one of the three.',
    right: SCORE,
  },
  {
    wrong: 'evaluate all --preset small',
    says: "--preset, --weights, --image and data of your own are for one model, got 'all'",
    from: 'scripts/evaluate.ts',
    remedy: 'Name the model.',
    right: SCORE,
  },
  {
    wrong: `evaluate ${RUN} --record`,
    says: '--record is for the test images of --data binarized-mnist',
    from: 'scripts/evaluate.ts',
    remedy: 'Leave --record out: a score is printed in any case.',
    right: SCORE,
  },
  {
    wrong: `evaluate ${RUN} --data binarized-mnist --split test --record`,
    says: '--record is for committed weights, not for those of --weights: leave one of them out',
    from: 'scripts/evaluate.ts',
    remedy: 'Leave --record out: a score is printed in any case.',
    right: SCORE,
  },
  {
    wrong: `evaluate ${RUN} --split validation --per-image nats.txt`,
    says: "--per-image is a table, so its name must end with .csv, got 'nats.txt'",
    from: 'scripts/evaluate/perImage.ts',
    remedy: 'Give a name that ends with .csv.',
    right: `evaluate ${RUN} --split validation --per-image nats.csv`,
  },
  {
    wrong: `evaluate ${RUN} --image drawing.png --split test`,
    says: '--image scores one file: leave out --split, --per-image and --data binarized-mnist',
    from: 'scripts/evaluate.ts',
    remedy: 'Score the file alone.',
    right: `evaluate ${RUN} --image drawing.png`,
  },
  {
    wrong: `evaluate ${RUN} --image labels.idx`,
    says: 'it is no PNG or JPEG',
    from: 'lib/data/imageFile.ts',
    remedy: 'Save the drawing as PNG.',
    right: `evaluate ${RUN} --image drawing.png`,
  },
  {
    wrong: `evaluate ${RUN} --image nowhere.png`,
    says: 'there is no such file',
    from: 'lib/data/drawing.ts',
    remedy: 'Correct the path; a relative one begins where you stand.',
    right: `evaluate ${RUN} --image drawing.png`,
  },
];

const DATA: readonly Message[] = [
  {
    wrong: 'data mnist',
    says: 'which data set? There are cifar10 and binarized-mnist (MNIST comes with set-up)',
    from: 'scripts/data.ts',
    remedy: 'MNIST is there already; for images of your own say folder or idx.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --size 14',
    says: '--name is missing: the data set needs a name, such as --name my-shapes',
    from: OWN,
    remedy: 'Give it a name.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name mnist',
    says: "'mnist' is a data set that everybody has: choose another name for your own",
    from: 'lib/data/ownData.ts',
    remedy: 'Choose another name.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name My-Shapes',
    says: "must be lower case letters, digits, - and _, such as my-shapes, got 'My-Shapes'",
    from: 'lib/data/ownData.ts',
    remedy: 'Write the name so.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name shapes --size 14',
    says: 'there is a data set shapes already, in',
    from: 'lib/data/ownData.ts',
    remedy: 'Choose another name; weights belong to the data set that they were trained on.',
    right: FOLDER,
  },
  {
    wrong: 'data folder nowhere --name more',
    says: 'give the folder that the images are in',
    from: 'lib/data/folder.ts',
    remedy: 'Correct the path; a relative one begins where you stand.',
    right: FOLDER,
  },
  {
    wrong: 'data folder empty --name more',
    says: 'has no file that ends in .png, .jpg or .jpeg; convert the images first',
    from: 'lib/data/folder.ts',
    remedy: 'Name the folder that has the images, as PNG or JPEG.',
    right: FOLDER,
  },
  {
    wrong: 'data folder mixed --name more --size 14',
    says: 'cannot be used, so none is taken',
    from: 'lib/data/folder.ts',
    remedy: 'Each file is named with what is wrong with it: remove or repair it.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --size 64',
    says: 'choose a --size of at most 14',
    from: 'lib/data/scale.ts',
    remedy: 'Images are made smaller, never larger.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures/bars --name more --size 14 --labels from-folders',
    says: 'labels from folders:',
    from: 'lib/data/folder.ts',
    remedy: 'Name the folder in which each class has a folder of its own.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --size 14 --labels yes',
    says: "--labels must be from-folders, got 'yes'",
    from: OWN,
    remedy: 'Say from-folders, or leave it out.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --levels 3',
    says: "--levels must be 2, 4, 16 or 256, got '3'",
    from: OWN,
    remedy: 'Take one of these, or leave it out.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --channels 2',
    says: "--channels must be 1 (gray) or 3 (color), got '2'",
    from: OWN,
    remedy: 'Take one of these, or leave it out.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --binarize coin',
    says: "--binarize must be threshold, static or dynamic, got 'coin'",
    from: OWN,
    remedy: 'Take one of these, or leave it out.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --levels 4 --binarize static',
    says: '--binarize gives two levels, but --levels is 4; leave one out',
    from: OWN,
    remedy: 'Decide between the two.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --split 80/20',
    says: "--split must be shares of training, validation and test, such as 80/10/10, got '80/20'",
    from: OWN,
    remedy: 'Give three shares, or leave it out.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --size 14 --split 98/1/1',
    says: 'leave none for training, validation or test at 98/1/1; give more images, or other shares',
    from: 'lib/data/split.ts',
    remedy: 'Each part needs an image: take larger shares.',
    right: FOLDER,
  },
  {
    wrong: 'data folder pictures --name more --transpose',
    says: '--transpose is for npm run data -- idx',
    from: OWN,
    remedy: 'Leave it out: pictures say themselves how they lie.',
    right: FOLDER,
  },
  {
    wrong: 'data folder --name more',
    says: 'which folder? One, with the images in it',
    from: OWN,
    remedy: 'Name the folder.',
    right: FOLDER,
  },
  {
    wrong: 'data idx --name digits',
    says: 'which files? One of images and, where there is one, one of their labels',
    from: OWN,
    remedy: 'Name the file of images.',
    right: IDX,
  },
  {
    wrong: 'data idx images.idx --name digits --test-labels labels.idx',
    says: '--test-labels goes with --test-images: give both, or neither',
    from: OWN,
    remedy: 'Without images of their own, test labels are of no use: leave them out.',
    right: IDX,
  },
  {
    wrong: 'data idx images.idx labels.idx --test-images images.idx --name digits',
    says: 'give labels for the images and for the test images, or for neither',
    from: OWN,
    remedy: 'Leave the test images out, or give their labels, too.',
    right: IDX,
  },
  {
    wrong: 'data cifar10 --size 14',
    says: '--size is for npm run data -- folder and idx; leave it out',
    from: 'scripts/data.ts',
    remedy: 'What everybody has is taken as it is; images of your own can be made smaller.',
    right: FOLDER,
  },
  {
    wrong: 'data cifar10 --from pictures',
    says: '--from is for binarized-mnist; place the archive of cifar10 in data/',
    from: 'scripts/data.ts',
    remedy: 'For images of your own say folder.',
    right: FOLDER,
  },
  {
    wrong: 'data idx nowhere.idx --name digits',
    says: 'cannot be read (ENOENT); check the path',
    from: 'lib/data/idx.ts',
    remedy: 'Correct the path; a relative one begins where you stand.',
    right: IDX,
  },
  {
    wrong: 'data idx labels.idx images.idx --name digits',
    says: 'give the file of images first',
    from: 'lib/data/idxImages.ts',
    remedy: 'Images first, then labels.',
    right: IDX,
  },
  {
    wrong: 'data idx images.idx few-labels.idx --name digits',
    says: 'give the labels that belong to the images',
    from: 'lib/data/idxImages.ts',
    remedy: 'Give the other file of labels; images and labels of one part belong together.',
    right: IDX,
  },
  {
    wrong: 'data idx cut.idx --name digits',
    says: 'is not the IDX file it should be',
    from: 'lib/data/idx.ts',
    remedy: 'Get the file again: it was cut short.',
    right: IDX,
  },
  {
    wrong: 'data idx cut.idx.gz --name digits',
    says: 'is a gzip file that was cut short or altered',
    from: 'lib/data/idx.ts',
    remedy: 'Get the file again.',
    right: IDX,
  },
  {
    wrong: 'train made --preset small --data circles',
    says: 'there is no data set circles; there are shapes',
    from: 'lib/data/ownSource.ts',
    remedy: 'Take a name that is there, or make the data set.',
    right: 'train made --preset small --data shapes --epochs 1 --batch 5',
  },
];

/** Under the headings of the page. */
const THEMES: Readonly<Record<string, readonly Message[]>> = {
  Training: TRAINING,
  'Words of the command line': WORDS,
  'Files of weights': OF_WEIGHTS,
  'Pictures and scores': PICTURES,
  'Images of your own': DATA,
};

export const MESSAGES: readonly Message[] = Object.values(THEMES).flat();

/** The page, as Markdown. */
export function troubleshootingPage(): string {
  const section = ({wrong, says, from, remedy, right}: Message): string =>
    `### "${says}"\n\n${remedy}\n\n\`\`\`sh\nnpm run ${npm(wrong)}   # says it\nnpm run ${npm(right)}\n\`\`\`\n\nSaid by \`${from}\`.\n`;
  const themes = Object.entries(THEMES).map(
    ([theme, messages]) => `## ${theme}\n\n${messages.map(section).join('\n')}`,
  );
  return (
    '# When something goes wrong\n\nMade from `scripts/messages.ts` by `node --require ./scripts/setup/typescript.cjs scripts/messages.ts`. ' +
    `A test provokes each message and follows its remedy. ${WHERE}\n\n${themes.join('\n')}`
  );
}

/** \`npm run train -- made …\`: options behind -- reach the command. */
function npm(line: string): string {
  const [command, ...rest] = line.split(' ');
  return `${command} -- ${rest.join(' ')}`;
}

if (require.main === module) {
  writeFileAtomically(path.join(projectRoot(), 'docs', 'troubleshooting.md'), troubleshootingPage());
}
