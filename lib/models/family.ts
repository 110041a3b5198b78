import type {ParameterSpec} from '../layers/parameters';
import type {AutoregressiveModel, ModelConfig, TrainOptions} from '../types';

/** What a paper reports on the test set, and of which model. */
export interface Reported {
  /** Binarized MNIST, nats per image. */
  readonly nats: number;
  /** Paper, table and the model that the number is of. */
  readonly source: string;
}

/** What a paper reports on CIFAR-10. */
export interface ReportedBits {
  /** Bits per dimension. */
  readonly bits: number;
  readonly source: string;
}

/** One configuration of a model, how it is trained, and what it is set beside. */
export interface PresetOf<Config extends ModelConfig> {
  readonly config: Config;
  readonly recipe: TrainOptions;
  /** The paper's number of the model that is most like it; none where the paper has nothing alike. */
  readonly paper?: Reported;
  /** The same of its ensemble of orders. */
  readonly paperEnsemble?: Reported;
  /** The same of a model for color images; other presets of the model for color are set beside it, too. */
  readonly paperBits?: ReportedBits;
  /** Presets whose weights make an ensemble of orders together with this one's. */
  readonly companions?: readonly string[];
}

/**
 * All that the library knows of a kind of model, and lib/models/index.ts lists them. Only their names and
 * colors in figures stand elsewhere, in lib/figures/style.ts; a model without those is shown by its `name`.
 */
export interface ModelFamily<Name extends string, Preset extends string, Config extends ModelConfig> {
  /** As the commands take it: `made`, `pixelcnn`, … */
  readonly name: Name;
  /** The first is the one that commands take when none is named. */
  readonly presets: Readonly<Record<Preset, PresetOf<Config>>>;
  /** The tensors of a config with what masks hide of them; without it every number is taken to count. */
  parameters?(config: Config): readonly ParameterSpec[];
  /** @throws RangeError when a number of the config is out of its range */
  create(config: Config, seed?: number): AutoregressiveModel;
}

/** Gives the family its type; the config's type is that which `create` takes. */
export function defineModel<
  const Name extends string,
  const Preset extends string,
  Config extends ModelConfig,
>(family: ModelFamily<Name, Preset, Config>): ModelFamily<Name, Preset, Config> {
  return family;
}

/** The configurations alone, by preset. */
export function configsOf<Preset extends string, Config extends ModelConfig>({
  presets,
}: ModelFamily<string, Preset, Config>): Readonly<Record<Preset, Config>> {
  const entries = Object.entries<PresetOf<Config>>(presets).map(([name, {config}]) => [name, config]);
  return Object.fromEntries(entries) as Record<Preset, Config>;
}
