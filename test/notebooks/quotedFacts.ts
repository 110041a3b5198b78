/**
 * Numbers that prose may name although no cell prints or sets them: each with the place that it comes from.
 * Nothing that was measured here belongs into this list.
 */
export interface QuotedFact {
  /** The notebooks that quote it, by number; 'all' for what any of them may name. */
  readonly notebooks: readonly string[] | 'all';
  /** As it is written, commas included. */
  readonly numbers: readonly string[];
  readonly source: string;
}

export const QUOTED_FACTS: readonly QuotedFact[] = [
  {
    notebooks: 'all',
    numbers: ['28', '784', '50,000', '10,000'],
    source: 'data/README.md: MNIST and its split',
  },
  {
    notebooks: ['00'],
    numbers: ['406'],
    source: 'arithmetic: 14 rows of 28 pixels, and 14 pixels of the next',
  },
  {notebooks: ['02', '05'], numbers: ['50'], source: 'the lines of the notebook itself that build the model'},
  {
    notebooks: ['03'],
    numbers: ['79.3'],
    source: 'a public implementation of MADE, github.com/EugenHotaj/pytorch-generative',
  },
  {
    notebooks: ['03', '11'],
    numbers: ['8000'],
    source: 'MADE, section 6.2: the best networks on binarized MNIST',
  },
  {notebooks: ['04'], numbers: ['512'], source: 'arithmetic: 2 to the power of 9 pixels'},
  {notebooks: ['06'], numbers: ['0.1', '0.9'], source: 'lib/course/gatedPixelCnn.ts: gateUse'},
  {notebooks: ['09'], numbers: ['139'], source: 'data/README.md: size of the package with CIFAR-10, in MB'},
  {
    notebooks: ['09'],
    numbers: ['127', '128'],
    source: 'two neighbors among the levels 0 to 255, as an example',
  },
  {notebooks: ['10'], numbers: ['80'], source: 'PixelRNN, table 4: its four models on binarized MNIST'},
  {
    notebooks: ['10'],
    numbers: ['50', '60'],
    source: 'public implementations that threshold; see data/README.md, 55 to 62 nats',
  },
  {notebooks: ['10'], numbers: ['500', '8,000', '20,000', '32'], source: 'lib/reproduction/studies.ts'},
];
