/**
 * Messages that no command of the table in scripts/messages.ts is made to say: of files that were cut or
 * altered, of a machine or a network that lacks something, of weights of other programs. The test that is
 * named provokes the message.
 */
interface Provoked {
  /** The file that says it. */
  readonly from: string;
  /** Words of it in a row. */
  readonly says: string;
  /** The test that quotes it. */
  readonly by: string;
}

const rows = (from: string, by: string, ...says: readonly string[]): Provoked[] =>
  says.map((one) => ({from, says: one, by}));

export const PROVOKED: readonly Provoked[] = [
  ...rows('lib/condition.ts', 'test/train.test.ts', 'images have no labels'),
  ...rows('lib/data/binarizedMnist.ts', 'test/data/binarizedMnist.test.ts', 'MNIST of the papers is needed'),
  ...rows(
    'lib/data/binarizedMnistFiles.ts',
    'test/data/binarizedMnist.test.ts',
    ...['copy all three parts', 'the server answered', 'could not fetch', 'is no whole gzip file'],
    ...['packed with xz, but there is no program xz here', 'is no whole xz file'],
    ...['the files were swapped', 'is an HTML page'],
  ),
  ...rows('lib/data/cifar10.ts', 'test/data/cifar10.test.ts', 'CIFAR-10 is needed'),
  ...rows('lib/data/cifar10Archive.ts', 'test/data/cifar10.test.ts', 'is not CIFAR-10', 'is no JSON'),
  ...rows('lib/data/cifar10Archive.ts', 'test/data/cifar10.test.ts', 'cannot be read'),
  ...rows('lib/data/imageFile.ts', 'test/data/imageFile.test.ts', 'it is damaged'),
  ...rows('lib/data/mnist.ts', 'test/data/mnist.test.ts', 'is missing', 'npm ci --ignore-scripts'),
  ...rows('lib/data/ownSource.ts', 'test/data/ownData.test.ts', 'was altered', 'is missing'),
  ...rows('lib/data/tar.ts', 'test/data/cifar10.test.ts', 'is not the tar archive', 'is no whole gzip file'),
  ...rows('lib/figures/save.ts', 'test/figures/show.test.ts', 'there is no figure'),
  ...rows('lib/reproduction/growth.ts', 'test/reproduction/growth.test.ts', 'npm run bench -- --growth'),
  ...rows(
    'lib/reproduction/importWeights.ts',
    'test/reproduction/importWeights.test.ts',
    ...['does not say of which model', 'its config is'],
  ),
  ...rows('lib/reproduction/paperFigures.ts', 'test/reproduction/paperFigures.test.ts', 'cannot be read'),
  ...rows(
    'lib/reproduction/studies.ts',
    'test/reproduction/studies.test.ts',
    ...['cannot be read', 'other runs than', 'is not what a study writes'],
  ),
  ...rows('lib/reproduction/trainingRun.ts', 'test/reproduction/trainingRun.test.ts', 'The run is kept in'),
  ...rows('lib/storage/checkpoints.ts', 'test/storage/checkpoints.test.ts', 'belongs to no part'),
  ...rows(
    'lib/storage/foreignWeights.ts',
    'test/storage/foreignWeights.test.ts',
    'does not fit',
    'do not fit',
  ),
  ...rows('lib/storage/foreignWeights.ts', 'test/reproduction/importWeights.test.ts', 'cannot be read'),
  ...rows('lib/storage/safetensors.ts', 'test/storage/malformed.ts', 'not valid JSON'),
  ...rows('lib/storage/weights.ts', 'test/storage/checkpoints.test.ts', 'is missing'),
  ...rows('lib/storage/weights.ts', 'test/storage/checkpoints.test.ts', 'Use a checkpoint that this project'),
  ...rows('lib/storage/weights.ts', 'test/storage/runs.test.ts', 'Use the last good checkpoint'),
  ...rows('scripts/bench.ts', 'test/scripts/commands.test.ts', '--record keeps'),
  ...rows('scripts/grade.ts', 'test/scripts/commands.test.ts', 'which notebooks', 'there is no file'),
  ...rows('scripts/notebooks/execute.ts', 'test/notebooks/execute.test.ts', 'could not start'),
  ...rows('scripts/paperFigures.ts', 'test/scripts/commands.test.ts', '--pdf takes your own'),
  ...rows(
    'scripts/paperFigures.ts',
    'test/scripts/paperFigures.test.ts',
    'which PDF',
    'no drawing was found',
  ),
  ...rows('scripts/paperFigures/cutOut.ts', 'test/scripts/paperFigures.test.ts', 'none of the three papers'),
  ...rows(
    'scripts/paperFigures/fetchPaper.ts',
    'test/scripts/paperFigures.test.ts',
    ...['the server answered', 'cannot be reached'],
  ),
  ...rows('scripts/paperFigures/pdf.ts', 'test/scripts/paperFigures.test.ts', 'no PDF', 'cut short'),
  ...rows('scripts/setup/commands.mjs', 'test/scripts/setup.test.ts', 'failed'),
  ...rows(
    'scripts/setup/prerequisites.mjs',
    'test/scripts/setup.test.ts',
    ...['or newer is needed', 'comes without its venv module', 'was not found', 'wsl --install'],
  ),
  ...rows('scripts/study.ts', 'test/scripts/commands.test.ts', 'which study'),
];

interface Unprovoked {
  readonly from: string;
  readonly says: string;
  /** What a test would need. */
  readonly why: string;
}

const lacking = (from: string, why: string, ...says: readonly string[]): Unprovoked[] =>
  says.map((one) => ({from, says: one, why}));

/** Messages of which no test quotes the words. They are kept few, and each is named here with the reason. */
export const UNPROVOKED: readonly Unprovoked[] = [
  ...lacking('lib/data/ownSource.ts', 'a user who may not read a file: root may', 'check its permissions'),
  ...lacking('lib/storage/lock.ts', 'three lost races in a row', 'is being locked by another process'),
  ...lacking('lib/storage/checkpoints.ts', 'only the problem is quoted', 'the settings it was trained with'),
  ...lacking('lib/evaluate.ts', 'test/finite.test.ts asks for the class', 'the nats of image'),
  ...lacking('lib/sample.ts', 'test/finite.test.ts asks for the class', 'the logit of value'),
  ...lacking('lib/train.ts', 'test/train.test.ts asks for the class', 'of a finite gradient'),
  ...lacking('scripts/cli.ts', 'npm itself around the command', 'for itself; with -- between it'),
  ...lacking(
    'scripts/cli/output.ts',
    'test/scripts/fullDisk.test.ts looks for the file',
    'The picture is kept in',
  ),
  ...lacking('scripts/cli/weights.ts', 'two runs on images of one’s own', 'name one with --weights'),
  ...lacking(
    'scripts/data.ts',
    'a registry that cannot be reached',
    'npm could not fetch',
    'left no archive in',
  ),
  ...lacking('scripts/data/own.ts', 'files of two published sets', 'are not of the same set'),
  ...lacking('scripts/evaluate.ts', 'a checkout without weights', 'there are no committed weights'),
  ...lacking(
    'scripts/import.ts',
    'a training elsewhere on images of one’s own',
    '--publish is for the data sets',
  ),
  ...lacking(
    'scripts/notebooks/execute.ts',
    'a broken JupyterLab, or notebooks that cannot be published',
    ...[
      'the runner ended with code',
      'npm start sets it up',
      'left an error behind',
      'Draw fewer cells or images',
    ],
  ),
  ...lacking('scripts/paperFigures/fetchPaper.ts', 'a connection that breaks', 'try again, or give the PDF'),
  ...lacking('scripts/paperFigures/pdf.ts', 'PDFium mends or refuses them', 'it has no pages'),
  ...lacking(
    'scripts/paperFigures/pdf.ts',
    'PDFium mends or refuses them',
    'is damaged; fetch the file again',
  ),
  ...lacking('scripts/playground/film.ts', 'a page without its views', 'the view of the page'),
  ...lacking('scripts/playground/measure.ts', 'a page without its board', 'the board of the page'),
  ...lacking('scripts/reproduce.ts', 'a README without its table', 'to put the table between'),
  ...lacking(
    'scripts/setup.mjs',
    'a damaged checkout',
    'git checkout package-lock.json',
    'npm ci --ignore-scripts',
  ),
  ...lacking(
    'scripts/setup/tensorflow.mjs',
    'another system',
    ...['there is no TensorFlow library', 'needs glibc', 'pip fetches the TensorFlow library'],
  ),
];
