// Blocks of y = third(relu(second(relu(first(relu(x)))))), one after the other, to each of which its x is
// added where that is asked for, and their gradient, as two operations: the residual blocks of PixelCNN (van
// den Oord et al. 2016a, figure 5), and the layers before the logits (table 1). The first and the third
// kernel are 1 x 1. An image goes through all blocks before the next: its features stay in a core's own
// cache.
// lib/engine/reluConvolutions.ts has the portable twin.
#include "kernelGradient.h"
#include "operations.h"

namespace {

struct Settings {
  /** Of the second kernel of each block; so many of its last taps have the weight 0, and want no gradient. */
  std::vector<int32_t> dilations, centerColumns, hiddenTaps;
  /** Of channels, one a color: at the pixel itself an output sees its own group and those before. */
  int groups;
  bool residual, keep;
  explicit Settings(Attributes &attributes)
      : dilations(attributes.integers("dilations", 1, kFurthest)),
        centerColumns(attributes.integers("center_columns", 0, kFurthest)),
        hiddenTaps(attributes.integers("hidden_taps", 0, kFurthest)),
        groups(attributes.integer("groups", 1, kFurthest)),
        residual(attributes.flag("residual")),
        keep(attributes.flag("keep")) {
    const size_t blocks = dilations.size();
    attributes.require(blocks >= 1 && centerColumns.size() == blocks && hiddenTaps.size() == blocks,
                       "dilations, center_columns and hidden_taps must have one number for each block");
    attributes.require(residual || blocks == 1, "blocks must be one where nothing is added");
  }
  int blocks() const { return static_cast<int>(dilations.size()); }
};

/** Kernels as they are given, [1, 1, in, low], [rows, columns, low, high] and [1, 1, high, out]. */
struct Kernels {
  Input<float> first, second, third;
  /** @param index of the first kernel among the inputs; @param step from one kernel to the next */
  Kernels(Context &context, int channels, int index, int step, bool residual)
      : first(context.input(index, "first", {1, 1, channels, kAny})),
        second(context.input(index + step, "second", {kAny, kAny, first[3], kAny})),
        third(context.input(index + 2 * step, "third", {1, 1, second[3], residual ? channels : kAny})) {}
};

/** A block: its sizes, and where what its gradient needs lies in what is saved of an image. */
struct Block {
  Kernels kernels;
  /** Channels of x, after the first, the second and the third convolution. */
  int in, low, high, out;
  Taps taps;
  Frame input, first, second, output;
  /** Of the features that it is given, unless they are x, and of the maps after two convolutions. */
  size_t features = 0, maps = 0;

  Block(Context &context, const Input<float> &x, const Kernels &given, const Settings &settings, int index)
      : kernels(given), in(x[3]), low(given.first[3]), high(given.second[3]), out(given.third[3]) {
    if (!context.good()) return;
    const int rows = given.second[0], columns = given.second[1], center = settings.centerColumns[index];
    if (!context.require(rows <= kFurthest && columns <= kFurthest,
                         "second must have at most 4096 rows and columns"))
      return;
    context.require(center < columns, "center_columns must be columns of second");
    for (int channels : {in, low, high, out})
      context.require(channels % settings.groups == 0, "channels must be a multiple of groups");
    const int dilation = settings.dilations[index];
    taps = rasterTaps(rows, columns, center, dilation);
    const int live = static_cast<int>(taps.size()) - settings.hiddenTaps[index];
    if (!context.require(live > 0, "hidden_taps must leave a tap of second")) return;
    taps.resize(live);
    const int sides = std::max(center, columns - 1 - center) * dilation;
    input = {x[1], x[2], in, {}};
    first = {x[1], x[2], low, {(rows - 1) * dilation, 0, sides}};
    second = {x[1], x[2], high, {}};
    output = {x[1], x[2], out, {}};
    for (const Frame &frame : {input, first, second, output})
      context.require(countable(frame), "the features of an image are too many");
  }
  size_t mapFloats() const { return first.floats() + second.floats(); }
};

/** All blocks of a call. */
struct Layers {
  int batch, height, width;
  std::vector<Block> blocks;
  /** Numbers of one image that are saved, and those of the largest block. */
  size_t saved = 0, room = 0;

  /** @param index of the first kernel among the inputs; @param step from one kernel to the next */
  Layers(Context &context, const Input<float> &x, int index, int step, const Settings &settings)
      : batch(x[0]), height(x[1]), width(x[2]) {
    for (int b = 0; b < settings.blocks() && context.good(); b++) {
      const Kernels kernels(context, x[3], index + 3 * step * b, step, settings.residual);
      Block block(context, x, kernels, settings, b);
      if (!context.good()) return;
      block.features = saved;
      if (b > 0) saved += pixels() * block.in;
      block.maps = saved;
      saved += block.mapFloats();
      room = std::max(room, block.mapFloats());
      blocks.push_back(block);
    }
  }
  size_t pixels() const { return static_cast<size_t>(height) * width; }
};

const Taps kPoint = {{0, 0}};

struct BlockKernels {
  Kernel first, second, third;
};

// x [B, H, W, in]; kernel and bias of the three convolutions of each block
// -> y [B, H, W, out], saved [B, any], or [B, 0]
void compute(const Settings &settings, Context &context) {
  const Input<float> given = context.input(0, "x", {kAny, kAny, kAny, kAny});
  const Layers layers(context, given, 1, 2, settings);
  std::vector<BlockKernels> kernels;
  for (const Block &block : layers.blocks) {
    const int bias = 2 + 6 * static_cast<int>(kernels.size()), groups = settings.groups;
    const float *biases[] = {context.input(bias, "first_bias", {block.low}).data,
                             context.input(bias + 2, "second_bias", {block.high}).data,
                             context.input(bias + 4, "third_bias", {block.out}).data};
    if (!context.good()) break;
    const auto &[first, second, third] = block.kernels;
    kernels.push_back({Kernel::of(kPoint, block.in, block.low, first.data, biases[0], groups),
                       Kernel::of(block.taps, block.low, block.high, second.data, biases[1], groups),
                       Kernel::of(kPoint, block.high, block.out, third.data, biases[2], groups)});
  }
  const int out = layers.blocks.empty() ? 0 : layers.blocks.back().out;
  float *y = context.output(0, {layers.batch, layers.height, layers.width, out});
  const size_t kept = settings.keep ? layers.saved : 0;
  float *saved = context.output(1, {layers.batch, static_cast<int64_t>(kept)});
  if (context.failed()) return;
  const bool residual = settings.residual;
  shareImages(layers.batch, [&](int, int from, int to) {
    const int height = layers.height, width = layers.width, count = settings.blocks();
    Floats memory, room(settings.keep ? 0 : layers.room), stream;
    if (!settings.keep && count > 1) stream.resize(layers.pixels() * layers.blocks[0].in);
    for (int image = from; image < to; image++) {
      float *const own = settings.keep ? saved + image * kept : nullptr;
      const float *features = given.data + image * layers.pixels() * layers.blocks[0].in;
      for (int b = 0; b < count; b++) {
        const Block &block = layers.blocks[b];
        float *const maps = settings.keep ? own + block.maps : room.data();
        // What nobody keeps is written where it was read: a pixel is read before it is written.
        float *const next = b + 1 == count  ? y + image * layers.pixels() * block.out
                            : settings.keep ? own + layers.blocks[b + 1].features
                                            : stream.data();
        const Map rectified = bordered(block.input, features, block.in, memory, positive);
        const Map low = block.first.cleared(maps), high = block.second.in(maps + block.first.floats());
        convolve(kernels[b].first, rectified, height, width,
                 [=](int r, int c, int j, Vector v) { store(low.at(r, c) + j, positive(v)); });
        convolve(kernels[b].second, low, height, width,
                 [=](int r, int c, int j, Vector v) { store(high.at(r, c) + j, positive(v)); });
        const int outputs = block.out;
        convolve(kernels[b].third, high, height, width, [=](int r, int c, int j, Vector v) {
          const int n = outputs - j;
          const size_t place = (static_cast<size_t>(r) * width + c) * outputs + j;
          storeSome(next + place, residual ? v + loadSome(features + place, n) : v, n);
        });
        features = next;
      }
    }
  });
}

/** Sums over the images of a task. */
struct Sums {
  KernelGradient first, second, third;
};

// dy, x, saved, the three kernels of each block -> dx; gradients of kernel and bias of each convolution
void computeGradient(const Settings &settings, Context &context) {
  const Input<float> given = context.input(1, "x", {kAny, kAny, kAny, kAny});
  const Layers layers(context, given, 3, 1, settings);
  const int height = layers.height, width = layers.width, count = settings.blocks(), groups = settings.groups;
  const int last = layers.blocks.empty() ? 0 : layers.blocks.back().out;
  const float *dy = context.input(0, "dy", {layers.batch, height, width, last}).data;
  const float *saved = context.input(2, "saved", {layers.batch, static_cast<int64_t>(layers.saved)}).data;
  float *dx = context.output(0, given.shape);
  /** Where the gradients of kernel and bias of each convolution go. */
  std::vector<float *> gradients;
  std::vector<Sums> zeros;
  std::vector<BlockKernels> kernels;
  for (const Block &block : layers.blocks) {
    const int in = block.in, low = block.low, high = block.high, out = block.out;
    const auto &[first, second, third] = block.kernels;
    for (const auto *kernel : {&first, &second, &third}) {
      for (const std::vector<int64_t> &shape : {kernel->shape, std::vector<int64_t>{kernel->shape[3]}})
        gradients.push_back(context.output(1 + static_cast<int>(gradients.size()), shape));
    }
    if (!context.good()) break;
    const int taps = static_cast<int>(block.taps.size());
    zeros.push_back({{1, in, low, groups}, {taps, low, high, groups}, {1, high, out, groups}});
    kernels.push_back({Kernel::transposed(kPoint, in, low, first.data, groups),
                       Kernel::transposed(block.taps, low, high, second.data, groups),
                       Kernel::transposed(kPoint, high, out, third.data, groups)});
  }
  if (context.failed()) return;
  std::vector<std::vector<Sums>> sums(std::min(kTasks, layers.batch), zeros);
  const bool residual = settings.residual;
  shareImages(layers.batch, [&](int task, int from, int to) {
    Floats inputMemory, outputMemory, highMemory, lowMemory;
    // The gradient of a block's features, until the block before takes it.
    Floats stream(count > 1 ? layers.pixels() * layers.blocks[0].in : 0);
    for (int image = from; image < to; image++) {
      float *const kept = const_cast<float *>(saved) + image * layers.saved;
      const size_t start = image * layers.pixels();
      for (int b = count - 1; b >= 0; b--) {
        const Block &block = layers.blocks[b];
        const int in = block.in;
        const Frame highFrame = {height, width, block.high,
                                 {0, block.first.border.above, block.first.border.sides}};
        const Frame lowFrame = {height, width, block.low, {}};
        highMemory.resize(highFrame.floats());
        lowMemory.resize(lowFrame.floats());
        const float *features = b == 0 ? given.data + start * in : kept + block.features;
        const float *gradient = b + 1 == count ? dy + start * block.out : stream.data();
        float *const before = b == 0 ? dx + start * in : stream.data();
        const Map lowMap = block.first.in(kept + block.maps),
                  highMap = block.second.in(kept + block.maps + block.first.floats());
        const Map d = bordered(block.output, gradient, block.out, outputMemory);
        const Map dHigh = highFrame.cleared(highMemory.data()), dLow = lowFrame.in(lowMemory.data());
        convolve(kernels[b].third, d, height, width, [=](int r, int c, int j, Vector v) {
          store(dHigh.at(r, c) + j, whereAlive(v, load(highMap.at(r, c) + j)));
        });
        Sums &own = sums[task][b];
        addKernelGradient(kPoint, highMap, d, height, width, own.third);
        convolve(kernels[b].second, dHigh, height, width, [=](int r, int c, int j, Vector v) {
          store(dLow.at(r, c) + j, whereAlive(v, load(lowMap.at(r, c) + j)));
        });
        addKernelGradient(block.taps, lowMap, dHigh, height, width, own.second);
        const Map input = bordered(block.input, features, block.in, inputMemory, positive);
        convolve(kernels[b].first, dLow, height, width, [=](int r, int c, int j, Vector v) {
          const Vector inside = whereAlive(v, load(input.at(r, c) + j));
          storeSome(before + (static_cast<size_t>(r) * width + c) * in + j,
                    residual ? inside + load(d.at(r, c) + j) : inside, in - j);
        });
        addKernelGradient(kPoint, input, dLow, height, width, own.first);
      }
    }
  });
  for (int b = 0; b < count; b++) {
    Sums total = zeros[b];
    for (const std::vector<Sums> &part : sums) {
      total.first.add(part[b].first);
      total.second.add(part[b].second);
      total.third.add(part[b].third);
    }
    const Block &block = layers.blocks[b];
    float **const to = &gradients[6 * b];
    total.first.write(to[0], to[1]);
    total.second.write(to[2], to[3]);
    const size_t perTap = static_cast<size_t>(block.low) * block.high;
    std::fill_n(to[2] + block.taps.size() * perTap, settings.hiddenTaps[b] * perTap, 0.0f);
    total.third.write(to[4], to[5]);
  }
}

}  // namespace

void registerReluConvolutions() {
  const std::vector<const char *> attributes = {
      "N: int",      "dilations: list(int)", "center_columns: list(int)", "hidden_taps: list(int)",
      "groups: int", "residual: bool",       "keep: bool"};
  registerOperation<Settings, compute>("RasterReluConvolutions", attributes,
                                       {"x: float", "weights: N * float"}, {"y: float", "saved: float"});
  std::vector<const char *> more = attributes;
  more.push_back("M: int");
  registerOperation<Settings, computeGradient>(
      "RasterReluConvolutionsGradient", more,
      {"dy: float", "x: float", "saved: float", "kernels: N * float"},
      {"dx: float", "gradients: M * float"});
}
