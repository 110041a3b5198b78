// y = third(relu(second(relu(first(relu(x)))))), plus x where that is asked for, and its gradient, as
// two operations: the residual block of PixelCNN (van den Oord et al. 2016a, figure 5), and the layers
// before the logits (table 1). The first and the third kernel are 1 x 1.
// lib/engine/reluConvolutions.ts has the portable twin.
#include "conv.h"
#include "operations.h"

namespace {

struct Settings {
  /** Of the second kernel; so many of its last taps have the weight 0, and want no gradient. */
  int dilation, centerColumn, hiddenTaps;
  /** Of channels, one a color: at the pixel itself an output sees inputs of its own group and those before. */
  int groups;
  bool residual, keep;
  explicit Settings(Attributes &attributes)
      : dilation(attributes.integer("dilation", 1, kFurthest)),
        centerColumn(attributes.integer("center_column", 0, kFurthest)),
        hiddenTaps(attributes.integer("hidden_taps", 0, kFurthest)),
        groups(attributes.integer("groups", 1, kFurthest)),
        residual(attributes.flag("residual")),
        keep(attributes.flag("keep")) {}
};

/** The kernels as they are given, [1, 1, in, low], [rows, columns, low, high] and [1, 1, high, out]. */
struct Kernels {
  Input<float> first, second, third;
  /** @param index of the first kernel among the inputs; @param step from one kernel to the next */
  Kernels(Context &context, int channels, int index, int step, const Settings &settings)
      : first(context.input(index, "first", {1, 1, channels, kAny})),
        second(context.input(index + step, "second", {kAny, kAny, first[3], kAny})),
        third(context.input(index + 2 * step, "third",
                            {1, 1, second[3], settings.residual ? channels : kAny})) {}
};

/** Sizes, and where the maps that the gradient needs lie in what is saved of one image. */
struct Layers {
  int batch, height, width;
  /** Channels of x, after the first, the second and the third convolution. */
  int in, low, high, out;
  Taps taps;
  Frame input, first, second, output;
  size_t saved = 0;

  Layers(Context &context, const Input<float> &x, const Kernels &kernels, const Settings &settings)
      : batch(x[0]),
        height(x[1]),
        width(x[2]),
        in(x[3]),
        low(kernels.first[3]),
        high(kernels.second[3]),
        out(kernels.third[3]) {
    if (!context.good()) return;
    const int rows = kernels.second[0], columns = kernels.second[1];
    if (!context.require(rows <= kFurthest && columns <= kFurthest,
                         "second must have at most 4096 rows and columns"))
      return;
    context.require(settings.centerColumn < columns, "center_column must be a column of second");
    for (int channels : {in, low, high, out})
      context.require(channels % settings.groups == 0, "channels must be a multiple of groups");
    taps = rasterTaps(rows, columns, settings.centerColumn, settings.dilation);
    const int live = static_cast<int>(taps.size()) - settings.hiddenTaps;
    if (!context.require(live > 0, "hidden_taps must leave a tap of second")) return;
    taps.resize(live);
    const int sides =
        std::max(settings.centerColumn, columns - 1 - settings.centerColumn) * settings.dilation;
    input = {height, width, in, {}};
    first = {height, width, low, {(rows - 1) * settings.dilation, 0, sides}};
    second = {height, width, high, {}};
    output = {height, width, out, {}};
    for (const Frame &frame : {input, first, second, output})
      context.require(countable(frame), "the features of an image are too many");
    if (context.good()) saved = first.floats() + second.floats();
  }
};

const Taps kPoint = {{0, 0}};

/** The channels of one image [H, W, C] as a padded map, through a function of each sixteen. */
template <typename Change>
Map padded(const Frame &frame, const float *from, std::vector<float> &memory, const Change &change) {
  memory.resize(frame.floats());
  const Map map = frame.in(memory.data());
  for (int y = 0; y < frame.height; y++)
    for (int x = 0; x < frame.width; x++, from += frame.channels)
      for (int j = 0; j < frame.pixel(); j += kLanes)
        store(map.at(y, x) + j, change(loadSome(from + j, std::max(0, frame.channels - j))));
  return map;
}

// x [B, H, W, in], kernels and biases of the three -> y [B, H, W, out], saved [B, any], or [B, 0]
void compute(const Settings &settings, Context &context) {
  const Input<float> given = context.input(0, "x", {kAny, kAny, kAny, kAny});
  const Kernels kernels(context, given[3], 1, 2, settings);
  const Layers layers(context, given, kernels, settings);
  const float *firstBias = context.input(2, "first_bias", {layers.low}).data;
  const float *secondBias = context.input(4, "second_bias", {layers.high}).data;
  const float *thirdBias = context.input(6, "third_bias", {layers.out}).data;
  float *y = context.output(0, {layers.batch, layers.height, layers.width, layers.out});
  const size_t kept = settings.keep ? layers.saved : 0;
  float *saved = context.output(1, {layers.batch, static_cast<int64_t>(kept)});
  if (context.failed()) return;
  const float *x = given.data;
  const int groups = settings.groups;
  const Kernel first = Kernel::of(kPoint, layers.in, layers.low, kernels.first.data, firstBias, groups);
  const Kernel second =
      Kernel::of(layers.taps, layers.low, layers.high, kernels.second.data, secondBias, groups);
  const Kernel third = Kernel::of(kPoint, layers.high, layers.out, kernels.third.data, thirdBias, groups);
  shareImages(layers.batch, [&](int, int from, int to) {
    const int height = layers.height, width = layers.width, out = layers.out;
    std::vector<float> memory, room(layers.saved - kept);
    for (int image = from; image < to; image++) {
      const size_t start = static_cast<size_t>(image) * height * width;
      float *own = settings.keep ? saved + image * kept : room.data();
      const Map features = padded(layers.input, x + start * layers.in, memory, positive);
      const Map low = layers.first.cleared(own), high = layers.second.in(own + layers.first.floats());
      convolve(first, features, height, width,
               [&](int r, int c, int j, Vector v) { store(low.at(r, c) + j, positive(v)); });
      convolve(second, low, height, width,
               [&](int r, int c, int j, Vector v) { store(high.at(r, c) + j, positive(v)); });
      convolve(third, high, height, width, [&](int r, int c, int j, Vector v) {
        const int n = out - j;
        const size_t place = (start + r * width + c) * out + j;
        if (n > 0) storeSome(y + place, settings.residual ? v + loadSome(x + place, n) : v, n);
      });
    }
  });
}

// dy, x, saved, the three kernels -> dx, and the gradients of kernels and biases
void computeGradient(const Settings &settings, Context &context) {
  const Input<float> given = context.input(1, "x", {kAny, kAny, kAny, kAny});
  const Kernels kernels(context, given[3], 3, 1, settings);
  const Layers layers(context, given, kernels, settings);
  const int height = layers.height, width = layers.width, in = layers.in, low = layers.low,
            high = layers.high, out = layers.out, groups = settings.groups;
  const float *dy = context.input(0, "dy", {layers.batch, height, width, out}).data, *x = given.data;
  const float *saved = context.input(2, "saved", {layers.batch, static_cast<int64_t>(layers.saved)}).data;
  float *dx = context.output(0, given.shape);
  float *dFirst = context.output(1, kernels.first.shape), *dFirstBias = context.output(2, {low});
  float *dSecond = context.output(3, kernels.second.shape), *dSecondBias = context.output(4, {high});
  float *dThird = context.output(5, kernels.third.shape), *dThirdBias = context.output(6, {out});
  if (context.failed()) return;
  const Kernel first = Kernel::transposed(kPoint, in, low, kernels.first.data, groups);
  const Kernel second = Kernel::transposed(layers.taps, low, high, kernels.second.data, groups);
  const Kernel third = Kernel::transposed(kPoint, high, out, kernels.third.data, groups);
  struct Sums {
    KernelGradient first, second, third;
  };
  const int taps = static_cast<int>(layers.taps.size());
  const Sums zeros = {{1, in, low, groups}, {taps, low, high, groups}, {1, high, out, groups}};
  std::vector<Sums> sums(kTasks, zeros);
  const Frame highFrame = {height, width, high, {0, layers.first.border.above, layers.first.border.sides}};
  const Frame lowFrame = {height, width, low, {}};
  shareImages(layers.batch, [&](int task, int from, int to) {
    std::vector<float> inputMemory, outputMemory, highMemory(highFrame.floats()),
        lowMemory(lowFrame.floats());
    Sums &own = sums[task];
    for (int image = from; image < to; image++) {
      const size_t start = static_cast<size_t>(image) * height * width;
      float *kept = const_cast<float *>(saved) + image * layers.saved;
      const Map lowMap = layers.first.in(kept), highMap = layers.second.in(kept + layers.first.floats());
      const Map d = padded(layers.output, dy + start * out, outputMemory, [](Vector v) { return v; });
      const Map dHigh = highFrame.cleared(highMemory.data()), dLow = lowFrame.in(lowMemory.data());
      convolve(third, d, height, width, [&](int r, int c, int j, Vector v) {
        store(dHigh.at(r, c) + j, whereAlive(v, load(highMap.at(r, c) + j)));
      });
      addKernelGradient(kPoint, highMap, d, height, width, own.third);
      convolve(second, dHigh, height, width, [&](int r, int c, int j, Vector v) {
        store(dLow.at(r, c) + j, whereAlive(v, load(lowMap.at(r, c) + j)));
      });
      addKernelGradient(layers.taps, lowMap, dHigh, height, width, own.second);
      const Map input = padded(layers.input, x + start * in, inputMemory, positive);
      convolve(first, dLow, height, width, [&](int r, int c, int j, Vector v) {
        const int n = in - j;
        if (n <= 0) return;
        const Vector inside = whereAlive(v, load(input.at(r, c) + j));
        storeSome(dx + (start + r * width + c) * in + j,
                  settings.residual ? inside + load(d.at(r, c) + j) : inside, n);
      });
      addKernelGradient(kPoint, input, dLow, height, width, own.first);
    }
  });
  Sums total = zeros;
  for (const Sums &part : sums) {
    total.first.add(part.first);
    total.second.add(part.second);
    total.third.add(part.third);
  }
  total.first.write(dFirst, dFirstBias);
  total.second.write(dSecond, dSecondBias);
  const size_t perTap = static_cast<size_t>(low) * high;
  std::fill_n(dSecond + taps * perTap, settings.hiddenTaps * perTap, 0.0f);
  total.third.write(dThird, dThirdBias);
}

}  // namespace

void registerThreeConvolutions() {
  const std::vector<const char *> attributes = {"dilation: int", "center_column: int", "hidden_taps: int",
                                                "groups: int", "residual: bool", "keep: bool"};
  registerOperation<Settings, compute>("RasterThreeConvolutions", attributes,
                                       {"x: float", "first: float", "first_bias: float", "second: float",
                                        "second_bias: float", "third: float", "third_bias: float"},
                                       {"y: float", "saved: float"});
  registerOperation<Settings, computeGradient>(
      "RasterThreeConvolutionsGradient", attributes,
      {"dy: float", "x: float", "saved: float", "first: float", "second: float", "third: float"},
      {"dx: float", "d_first: float", "d_first_bias: float", "d_second: float", "d_second_bias: float",
       "d_third: float", "d_third_bias: float"});
}
