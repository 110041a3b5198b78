// A layer of the Gated PixelCNN (van den Oord et al. 2016b, figure 2) and its gradient, as two operations:
//   above = vertical * v + class, left = horizontal * h + link * above + class,
//   v' = gate(above), h' = h + point * gate(left), with gate(a, b) = tanh(a) sigmoid(b).
// The two stacks v and h are the first and the second half of the channels of one tensor. In the first layer
// both are the image, and nothing is added to point; the last layer gives h' alone.
// lib/engine/gatedLayer.ts has the portable twin.
#include "cells.h"
#include "conv.h"
#include "operations.h"

namespace {

const Taps kPoint = {{0, 0}};

struct Settings {
  /** In the first layer both stacks are the image; the last gives the horizontal stack alone. */
  bool first, last;
  /** The row of the vertical kernel that lies over the pixel itself, or would if it went on. */
  int verticalTop;
  /** The column of the kernels that lies over the pixel itself. */
  int verticalCenter, horizontalCenter;
  /** How far the taps of both kernels lie apart. */
  int dilation;
  bool keep;
  explicit Settings(Attributes &attributes)
      : first(attributes.flag("first")),
        last(attributes.flag("last")),
        verticalTop(attributes.integer("vertical_top", 0, kFurthest)),
        verticalCenter(attributes.integer("vertical_center", 0, kFurthest)),
        horizontalCenter(attributes.integer("horizontal_center", 0, kFurthest)),
        dilation(attributes.integer("dilation", 1, kFurthest)),
        keep(attributes.flag("keep")) {}
};

/** The stacks [B, H, W, 2 f] (of the first layer the image), and the kernels as they are given. */
struct Given {
  Input<float> stacks, point;
  int features, inputs;
  int64_t twice;
  Input<float> vertical, horizontal, link;
  /** @param kernel index of the vertical kernel among the inputs; @param step from one kernel to the next */
  Given(Context &context, int input, int kernel, int step, const Settings &settings)
      : stacks(context.input(input, "stacks", {kAny, kAny, kAny, kAny})),
        point(context.input(kernel + 3 * step, "point", {1, 1, kAny, kAny})), features(point[3]),
        inputs(settings.first ? stacks[3] : features), twice(2 * static_cast<int64_t>(features)),
        vertical(context.input(kernel, "vertical", {kAny, kAny, inputs, twice})),
        horizontal(context.input(kernel + step, "horizontal", {1, kAny, inputs, twice})),
        link(context.input(kernel + 2 * step, "link", {1, 1, twice, twice})) {
    context.require(point[2] == features, "point must have as many inputs as outputs");
    context.require(settings.first || stacks[3] == twice,
                    "stacks must have " + std::to_string(twice) + " features");
  }
};

struct Layer {
  int batch, height, width, inputs, features;
  /** How far pixels lie apart in the tensor of inputs, and in that of outputs. */
  int from, to;
  Taps verticalTaps, horizontalTaps;
  /**
   * Inputs with the border that the kernels reach; what is before the gates, without and with
   * the border that gradients reach. What is saved: what is before the gate of v, and what is behind tanh and
   * sigmoid of that of h.
   */
  Frame v, h, before, dAbove, dLeft, plain;

  Layer(Context &context, const Given &given, const Settings &settings)
      : batch(given.stacks[0]),
        height(given.stacks[1]),
        width(given.stacks[2]),
        inputs(given.inputs),
        features(given.features),
        from(given.stacks[3]),
        to(settings.last ? features : 2 * features) {
    const int rows = given.vertical[0], columns = given.vertical[1], length = given.horizontal[1];
    context.require(std::max({rows, columns, length}) <= kFurthest,
                    "kernels must have at most 4096 rows and columns");
    context.require(settings.verticalTop >= rows - 1, "vertical must have no row below vertical_top");
    if (!context.good()) return;
    verticalTaps =
        placedTaps(rows, columns, settings.verticalTop, settings.verticalCenter, settings.dilation);
    horizontalTaps = placedTaps(1, length, 0, settings.horizontalCenter, settings.dilation);
    const int above = settings.verticalTop * settings.dilation;
    const int sides =
        std::max(settings.verticalCenter, columns - 1 - settings.verticalCenter) * settings.dilation;
    const int beside =
        std::max(settings.horizontalCenter, length - 1 - settings.horizontalCenter) * settings.dilation;
    v = {height, width, inputs, {above, 0, sides}};
    h = {height, width, inputs, {0, 0, beside}};
    plain = {height, width, features, {}};
    before = {height, width, 2 * features, {}};
    dAbove = {height, width, 2 * features, {0, above, sides}};
    dLeft = {height, width, 2 * features, {0, 0, beside}};
    for (const Frame &frame : {v, h, before, dAbove, dLeft})
      context.require(countable(frame), "the features of an image are too many");
  }
  size_t saved() const { return 2 * before.floats(); }
};

/** Calls run(y, x, channel) for each sixteen of the channels of all pixels. */
template <typename Run>
void forAll(const Frame &frame, const Run &run) {
  for (int y = 0; y < frame.height; y++)
    for (int x = 0; x < frame.width; x++)
      for (int j = 0; j < frame.channels; j += kLanes) run(y, x, j);
}

/** What is before the gates of a pixel, behind tanh and sigmoid. */
Activations partsAt(const float *pixel, int features, int j) {
  return tanhAndSigmoid(load(pixel + j), load(pixel + features + j));
}

/** Adds the gradient of what is before a gate to a pixel of 2 · features channels. */
void addGateGradient(const GateGradient &d, int features, int j, float *into) {
  const int n = features - j;
  storeSome(into + j, loadSome(into + j, n) + d.a, n);
  storeSome(into + features + j, loadSome(into + features + j, n) + d.b, n);
}

void addPixels(const Map &map, const Frame &frame, float *sums) {
  for (int j = 0; j < frame.channels; j += kLanes) {
    Vector sum = {};
    for (int y = 0; y < frame.height; y++)
      for (int x = 0; x < frame.width; x++) sum += load(map.at(y, x) + j);
    storeSome(sums + j, sum, frame.channels - j);
  }
}

// v and h [B, H, W, 2 f], or the image [B, H, W, C]; kernel and bias of vertical, horizontal, link, point;
// the class's share [1 or B, 2 f] of above and of left
// -> v' and h' [B, H, W, 2 f], or h' alone [B, H, W, f]; saved [B, any], or [B, 0]
void compute(const Settings &settings, Context &context) {
  const Given given(context, 0, 1, 2, settings);
  const Layer layer(context, given, settings);
  const int height = layer.height, width = layer.width, features = layer.features, twice = 2 * features;
  const float *verticalBias = context.input(2, "vertical_bias", {twice}).data;
  const float *horizontalBias = context.input(4, "horizontal_bias", {twice}).data;
  const float *linkBias = context.input(6, "link_bias", {twice}).data,
              *pointBias = context.input(8, "point_bias", {features}).data;
  const Input<float> above = context.input(9, "class_above", {kAny, twice});
  const float *classAbove = above.data, *classLeft = context.input(10, "class_left", above.shape).data;
  context.require(above[0] == 1 || above[0] == layer.batch,
                  "class_above must have one row, or one for each image");
  const bool classes = above[0] == layer.batch;
  float *nextV = context.output(0, {layer.batch, height, width, layer.to});
  const size_t size = settings.keep ? layer.saved() : 0;
  float *saved = context.output(1, {layer.batch, static_cast<int64_t>(size)});
  if (context.failed()) return;
  const float *v = given.stacks.data, *h = settings.first ? v : v + features;
  float *nextH = settings.last ? nextV : nextV + features;
  const Kernel vertical =
      Kernel::of(layer.verticalTaps, layer.inputs, twice, given.vertical.data, verticalBias);
  const Kernel horizontal =
      Kernel::of(layer.horizontalTaps, layer.inputs, twice, given.horizontal.data, horizontalBias);
  const Kernel link = Kernel::of(kPoint, twice, twice, given.link.data, linkBias);
  const Kernel point = Kernel::of(kPoint, features, features, given.point.data, pointBias);
  shareImages(layer.batch, [&](int, int from, int to) {
    std::vector<float> vMemory, hMemory, gateMemory(layer.plain.floats()), room(layer.saved() - size);
    for (int image = from; image < to; image++) {
      const size_t pixels = static_cast<size_t>(height) * width, start = image * pixels * layer.from;
      const auto place = [&](int r, int c, int j) { return (image * pixels + r * width + c) * layer.to + j; };
      const float *toldAbove = classAbove + (classes ? image * twice : 0),
                  *toldLeft = classLeft + (classes ? image * twice : 0);
      float *kept = settings.keep ? saved + image * size : room.data();
      const Map above = layer.before.in(kept), left = layer.before.in(kept + layer.before.floats());
      const Map gated = layer.plain.in(gateMemory.data());
      convolve(vertical, bordered(layer.v, v + start, layer.from, vMemory), height, width,
               [&](int r, int c, int j, Vector x) {
                 store(above.at(r, c) + j, x + loadSome(toldAbove + j, std::max(0, twice - j)));
               });
      convolve(link, above, height, width, [&](int r, int c, int j, Vector x) {
        store(left.at(r, c) + j, x + loadSome(toldLeft + j, std::max(0, twice - j)));
      });
      convolve(horizontal, bordered(layer.h, h + start, layer.from, hMemory), height, width,
               [&](int r, int c, int j, Vector x) { store(left.at(r, c) + j, x + load(left.at(r, c) + j)); });
      forAll(layer.plain, [&](int r, int c, int j) {
        const int n = features - j;
        if (!settings.last) {
          const auto [t, s] = partsAt(above.at(r, c), features, j);
          storeSome(nextV + place(r, c, j), t * s, n);
        }
        // For the gradient, which asks for what is behind the activations alone.
        float *const pixel = left.at(r, c);
        const auto [t, s] = partsAt(pixel, features, j);
        storeSome(pixel + j, t, n);
        storeSome(pixel + features + j, s, n);
        store(gated.at(r, c) + j, t * s);
      });
      convolve(point, gated, height, width, [&](int r, int c, int j, Vector x) {
        const int n = features - j;
        if (n <= 0) return;
        const float *own = h + start + (r * width + c) * layer.from + j;
        storeSome(nextH + place(r, c, j), settings.first ? x : x + loadSome(own, n), n);
      });
    }
  });
}

// dv' and dh', v and h, saved, kernels of vertical, horizontal, link, point
// -> dv and dh, kernel and bias gradients of the four, and those of what the class
// gives to above and to left [B, 2 f]
void computeGradient(const Settings &settings, Context &context) {
  const Given given(context, 1, 3, 1, settings);
  const Layer layer(context, given, settings);
  const int height = layer.height, width = layer.width, features = layer.features, twice = 2 * features;
  const float *dNextV = context.input(0, "d_next", {layer.batch, height, width, layer.to}).data;
  const float *saved = context.input(2, "saved", {layer.batch, static_cast<int64_t>(layer.saved())}).data;
  float *dv = context.output(0, given.stacks.shape);
  float *dVertical = context.output(1, given.vertical.shape), *dVerticalBias = context.output(2, {twice});
  float *dHorizontal = context.output(3, given.horizontal.shape),
        *dHorizontalBias = context.output(4, {twice});
  float *dLink = context.output(5, given.link.shape), *dLinkBias = context.output(6, {twice});
  float *dPoint = context.output(7, given.point.shape), *dPointBias = context.output(8, {features});
  float *dClassAbove = context.output(9, {layer.batch, twice}),
        *dClassLeft = context.output(10, {layer.batch, twice});
  if (context.failed()) return;
  const float *dNextH = settings.last ? dNextV : dNextV + features;
  const float *v = given.stacks.data, *h = settings.first ? v : v + features;
  const float *verticalWeights = given.vertical.data, *horizontalWeights = given.horizontal.data;
  float *dh = dv + features;
  const Kernel vertical = Kernel::transposed(layer.verticalTaps, layer.inputs, twice, verticalWeights);
  const Kernel horizontal = Kernel::transposed(layer.horizontalTaps, layer.inputs, twice, horizontalWeights);
  const Kernel link = Kernel::transposed(kPoint, twice, twice, given.link.data);
  const Kernel point = Kernel::transposed(kPoint, features, features, given.point.data);
  struct Sums {
    KernelGradient vertical, horizontal, link, point;
  };
  const Sums zeros = {{static_cast<int>(layer.verticalTaps.size()), layer.inputs, twice},
                      {static_cast<int>(layer.horizontalTaps.size()), layer.inputs, twice},
                      {1, twice, twice},
                      {1, features, features}};
  std::vector<Sums> sums(kTasks, zeros);
  shareImages(layer.batch, [&](int task, int from, int to) {
    std::vector<float> vMemory, hMemory, dMemory, gateMemory(layer.plain.floats());
    std::vector<float> aboveMemory(layer.dAbove.floats()), leftMemory(layer.dLeft.floats());
    Sums &own = sums[task];
    for (int image = from; image < to; image++) {
      const size_t pixels = static_cast<size_t>(height) * width, start = image * pixels * layer.from;
      const auto place = [&](int r, int c, int j) { return (image * pixels + r * width + c) * layer.to + j; };
      const auto before = [&](int r, int c, int j) {
        return start + static_cast<size_t>(r * width + c) * layer.from + j;
      };
      float *kept = const_cast<float *>(saved) + image * layer.saved();
      const Map above = layer.before.in(kept), left = layer.before.in(kept + layer.before.floats());
      const Map gated = layer.plain.in(gateMemory.data());
      const Map d = bordered(layer.plain, dNextH + place(0, 0, 0), layer.to, dMemory);
      const auto leftParts = [&](int r, int c, int j) -> Activations {
        return {load(left.at(r, c) + j), load(left.at(r, c) + features + j)};
      };
      forAll(layer.plain, [&](int r, int c, int j) {
        const auto [t, s] = leftParts(r, c, j);
        store(gated.at(r, c) + j, t * s);
      });
      addKernelGradient(kPoint, gated, d, height, width, own.point);
      std::fill(leftMemory.begin(), leftMemory.end(), 0.0f);
      const Map dLeft = layer.dLeft.in(leftMemory.data());
      convolve(point, d, height, width, [&](int r, int c, int j, Vector x) {
        if (j < features)
          addGateGradient(gateGradient(leftParts(r, c, j), x), features, j, dLeft.at(r, c));
      });
      addPixels(dLeft, layer.dLeft, dClassLeft + image * twice);
      addKernelGradient(kPoint, above, dLeft, height, width, own.link);
      addKernelGradient(layer.horizontalTaps, bordered(layer.h, h + start, layer.from, hMemory), dLeft,
                        height, width, own.horizontal);
      const Map dAbove = layer.dAbove.cleared(aboveMemory.data());
      convolve(link, dLeft, height, width,
               [&](int r, int c, int j, Vector x) { store(dAbove.at(r, c) + j, x); });
      if (!settings.last)
        forAll(layer.plain, [&](int r, int c, int j) {
          const Vector d = loadSome(dNextV + place(r, c, j), features - j);
          addGateGradient(gateGradient(partsAt(above.at(r, c), features, j), d), features, j,
                          dAbove.at(r, c));
        });
      addPixels(dAbove, layer.dAbove, dClassAbove + image * twice);
      addKernelGradient(layer.verticalTaps, bordered(layer.v, v + start, layer.from, vMemory), dAbove, height,
                        width, own.vertical);
      if (settings.first) {
        for (int r = 0; r < height; r++)
          for (int c = 0; c < width; c++)
            for (int k = 0; k < layer.inputs; k++)
              dv[before(r, c, k)] =
                  inputGradient(layer.verticalTaps, layer.inputs, twice, verticalWeights, dAbove, r, c, k) +
                  inputGradient(layer.horizontalTaps, layer.inputs, twice, horizontalWeights, dLeft, r, c, k);
        continue;
      }
      convolve(vertical, dAbove, height, width, [&](int r, int c, int j, Vector x) {
        if (j < features) storeSome(dv + before(r, c, j), x, features - j);
      });
      convolve(horizontal, dLeft, height, width, [&](int r, int c, int j, Vector x) {
        if (j < features) storeSome(dh + before(r, c, j), x + load(d.at(r, c) + j), features - j);
      });
    }
  });
  Sums total = zeros;
  for (const Sums &part : sums) {
    total.vertical.add(part.vertical);
    total.horizontal.add(part.horizontal);
    total.link.add(part.link);
    total.point.add(part.point);
  }
  total.vertical.write(dVertical, dVerticalBias);
  total.horizontal.write(dHorizontal, dHorizontalBias);
  total.link.write(dLink, dLinkBias);
  total.point.write(dPoint, dPointBias);
}

}  // namespace

void registerGatedLayer() {
  const std::vector<const char *> attributes = {
      "first: bool",  "last: bool", "vertical_top: int", "vertical_center: int", "horizontal_center: int",
      "dilation: int", "keep: bool"};
  registerOperation<Settings, compute>(
      "RasterGatedLayer", attributes,
      {"stacks: float", "vertical: float", "vertical_bias: float", "horizontal: float",
       "horizontal_bias: float", "link: float", "link_bias: float", "point: float", "point_bias: float",
       "class_above: float", "class_left: float"},
      {"next: float", "saved: float"});
  registerOperation<Settings, computeGradient>(
      "RasterGatedLayerGradient", attributes,
      {"d_next: float", "stacks: float", "saved: float", "vertical: float", "horizontal: float",
       "link: float", "point: float"},
      {"d_stacks: float", "d_vertical: float", "d_vertical_bias: float", "d_horizontal: float",
       "d_horizontal_bias: float", "d_link: float", "d_link_bias: float", "d_point: float",
       "d_point_bias: float", "d_class_above: float", "d_class_left: float"});
}
