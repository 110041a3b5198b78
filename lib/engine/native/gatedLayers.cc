// Layers of the Gated PixelCNN (van den Oord et al. 2016b, figure 2), one after the other, and their
// gradient, as two operations. Of each
//   above = vertical * v + class, left = horizontal * h + link * above + class,
//   v' = gate(above), h' = h + point * gate(left), with gate(a, b) = tanh(a) sigmoid(b).
// The two stacks v and h are the first and the second half of the channels of one tensor. In the network's
// first layer both are the image, and nothing is added to point; its last gives h' alone. An image goes
// through all layers before the next: its features stay in a core's own cache.
// lib/engine/gatedLayers.ts has the portable twin.
#include "cells.h"
#include "gatedNetwork.h"
#include "kernelGradient.h"

namespace {

using gated::Given;
using gated::Layer;
using gated::Network;
using gated::Settings;

const Taps kPoint = {{0, 0}};

/** Calls run(y, x, channel) for each vector of the channels of all pixels. */
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

struct LayerKernels {
  Kernel vertical, horizontal, link, point;
};

// v and h [B, H, W, 2 f], or the image [B, H, W, C]; of each layer kernel and bias of vertical, horizontal,
// link, point, and the class's share [1 or B, 2 f] of above and of left
// -> v' and h' [B, H, W, 2 f], or h' alone [B, H, W, f]; saved [B, any], or [B, 0]
void compute(const Settings &settings, Context &context) {
  const Input<float> stacks = context.input(0, "stacks", {kAny, kAny, kAny, kAny});
  const Network network(context, stacks.shape, 1, 2, settings);
  std::vector<LayerKernels> kernels;
  for (const Layer &layer : network.layers) {
    const Given &given = layer.given;
    const int bias = 2 + 10 * static_cast<int>(kernels.size());
    const int inputs = layer.inputs, features = layer.features, twice = 2 * features;
    const float *biases[] = {context.input(bias, "vertical_bias", {twice}).data,
                             context.input(bias + 2, "horizontal_bias", {twice}).data,
                             context.input(bias + 4, "link_bias", {twice}).data,
                             context.input(bias + 6, "point_bias", {features}).data};
    if (!context.good()) break;
    kernels.push_back({Kernel::of(layer.verticalTaps, inputs, twice, given.vertical.data, biases[0]),
                       Kernel::of(layer.horizontalTaps, inputs, twice, given.horizontal.data, biases[1]),
                       Kernel::of(kPoint, twice, twice, given.link.data, biases[2]),
                       Kernel::of(kPoint, features, features, given.point.data, biases[3])});
  }
  const int to = network.layers.empty() ? 0 : network.layers.back().to;
  float *next = context.output(0, {network.batch, stacks[1], stacks[2], to});
  const size_t size = settings.keep ? network.saved : 0;
  float *saved = context.output(1, {network.batch, static_cast<int64_t>(size)});
  if (context.failed()) return;
  shareImages(network.batch, [&](int, int from, int to) {
    Floats vMemory, hMemory, gateMemory, room(settings.keep ? 0 : network.room),
        stream(settings.keep ? 0 : network.stream());
    for (int image = from; image < to; image++) {
      float *const own = settings.keep ? saved + image * size : nullptr;
      const float *given = stacks.data + image * network.pixels * network.layers[0].from;
      for (int k = 0; k < settings.layers(); k++) {
        const Layer &layer = network.layers[k];
        const int height = layer.height, width = layer.width, features = layer.features, twice = 2 * features;
        const int fromStep = layer.from, toStep = layer.to;
        const bool first = layer.first, last = layer.last;
        // What nobody keeps is written where it was read: a pixel is read before it is written.
        float *const nextV = k + 1 == settings.layers() ? next + image * network.pixels * toStep
                             : settings.keep           ? own + network.layers[k + 1].stacks
                                                       : stream.data();
        float *const nextH = last ? nextV : nextV + features;
        const float *const v = given, *const h = first ? v : v + features;
        const size_t row = layer.given.above[0] == 1 ? 0 : image;
        const float *toldAbove = layer.given.above.data + row * twice,
                    *toldLeft = layer.given.left.data + row * twice;
        float *const maps = settings.keep ? own + layer.maps : room.data();
        gateMemory.resize(layer.plain.floats());
        const Map above = layer.before.in(maps), left = layer.before.in(maps + layer.before.floats());
        const Map gated = layer.plain.in(gateMemory.data());
        convolve(kernels[k].vertical, bordered(layer.v, v, fromStep, vMemory), height, width,
                 [=](int r, int c, int j, Vector x) {
                   store(above.at(r, c) + j, x + loadSome(toldAbove + j, twice - j));
                 });
        convolve(kernels[k].link, above, height, width, [=](int r, int c, int j, Vector x) {
          store(left.at(r, c) + j, x + loadSome(toldLeft + j, twice - j));
        });
        convolve(kernels[k].horizontal, bordered(layer.h, h, fromStep, hMemory), height, width,
                 [=](int r, int c, int j, Vector x) {
                   store(left.at(r, c) + j, x + load(left.at(r, c) + j));
                 });
        forAll(layer.plain, [=](int r, int c, int j) {
          const int n = features - j;
          if (!last) {
            const auto [t, s] = partsAt(above.at(r, c), features, j);
            storeSome(nextV + static_cast<size_t>(r * width + c) * toStep + j, t * s, n);
          }
          // For the gradient, which asks for what is behind the activations alone.
          float *const pixel = left.at(r, c);
          const auto [t, s] = partsAt(pixel, features, j);
          storeSome(pixel + j, t, n);
          storeSome(pixel + features + j, s, n);
          store(gated.at(r, c) + j, t * s);
        });
        convolve(kernels[k].point, gated, height, width, [=](int r, int c, int j, Vector x) {
          const int n = features - j;
          const size_t pixel = static_cast<size_t>(r) * width + c;
          storeSome(nextH + pixel * toStep + j, first ? x : x + loadSome(h + pixel * fromStep + j, n), n);
        });
        given = nextV;
      }
    }
  });
}

/** Sums over the images of a task. */
struct Sums {
  KernelGradient vertical, horizontal, link, point;
};

/** Where the gradients of a layer go; those of the class by image. */
struct Gradients {
  float *vertical, *verticalBias, *horizontal, *horizontalBias, *link, *linkBias, *point, *pointBias;
  float *classAbove, *classLeft;
  Floats above, left;
};

/** The class's share is one for all images, or each has its own. */
void writeClass(const Floats &images, int rows, int columns, float *to) {
  std::fill_n(to, static_cast<size_t>(rows) * columns, 0.0f);
  for (size_t i = 0; i < images.size(); i++) to[i % (static_cast<size_t>(rows) * columns)] += images[i];
}

// d_next, stacks, saved; of each layer kernels of vertical, horizontal, link, point, and the class's shares
// -> d_stacks; of each layer kernel and bias gradients of the four, and those of the class's shares
void computeGradient(const Settings &settings, Context &context) {
  const Input<float> stacks = context.input(1, "stacks", {kAny, kAny, kAny, kAny});
  const Network network(context, stacks.shape, 3, 1, settings);
  const int count = settings.layers(), lastTo = network.layers.empty() ? 0 : network.layers.back().to;
  const float *dNext = context.input(0, "d_next", {network.batch, stacks[1], stacks[2], lastTo}).data;
  const float *saved = context.input(2, "saved", {network.batch, static_cast<int64_t>(network.saved)}).data;
  float *dStacks = context.output(0, stacks.shape);
  std::vector<Gradients> gradients;
  std::vector<Sums> zeros;
  std::vector<LayerKernels> kernels;
  for (const Layer &layer : network.layers) {
    const Given &given = layer.given;
    const int inputs = layer.inputs, features = layer.features, twice = 2 * features;
    int output = 1 + 10 * static_cast<int>(gradients.size());
    const auto like = [&](const std::vector<int64_t> &shape) { return context.output(output++, shape); };
    const Floats images(static_cast<size_t>(network.batch) * twice);
    gradients.push_back({like(given.vertical.shape), like({twice}), like(given.horizontal.shape),
                         like({twice}), like(given.link.shape), like({twice}), like(given.point.shape),
                         like({features}), like(given.above.shape), like(given.left.shape), images, images});
    if (!context.good()) break;
    zeros.push_back({{static_cast<int>(layer.verticalTaps.size()), inputs, twice},
                     {static_cast<int>(layer.horizontalTaps.size()), inputs, twice},
                     {1, twice, twice},
                     {1, features, features}});
    // The gradient of the image needs no kernels in order.
    const auto ofStacks = [&](const Taps &taps, const float *weights) {
      return layer.first ? Kernel{} : Kernel::transposed(taps, inputs, twice, weights);
    };
    kernels.push_back({ofStacks(layer.verticalTaps, given.vertical.data),
                       ofStacks(layer.horizontalTaps, given.horizontal.data),
                       Kernel::transposed(kPoint, twice, twice, given.link.data),
                       Kernel::transposed(kPoint, features, features, given.point.data)});
  }
  if (context.failed()) return;
  std::vector<std::vector<Sums>> sums(std::min(kTasks, network.batch), zeros);
  shareImages(network.batch, [&](int task, int from, int to) {
    Floats vMemory, hMemory, dMemory, gateMemory, aboveMemory, leftMemory;
    // The gradient of a layer's stacks, until the layer before takes it.
    Floats stream(network.stream());
    for (int image = from; image < to; image++) {
      float *const kept = const_cast<float *>(saved) + image * network.saved;
      for (int k = count - 1; k >= 0; k--) {
        const Layer &layer = network.layers[k];
        const int height = layer.height, width = layer.width, inputs = layer.inputs,
                  features = layer.features, twice = 2 * features;
        const int fromStep = layer.from, toStep = layer.to;
        const float *const dNextV =
            k + 1 == count ? dNext + image * network.pixels * toStep : stream.data();
        const float *const dNextH = layer.last ? dNextV : dNextV + features;
        const float *const v =
            k == 0 ? stacks.data + image * network.pixels * fromStep : kept + layer.stacks;
        const float *const h = layer.first ? v : v + features;
        float *const dv = k == 0 ? dStacks + image * network.pixels * fromStep : stream.data();
        float *const dh = dv + features;
        const auto pixelOf = [=](int r, int c) { return static_cast<size_t>(r) * width + c; };
        gateMemory.resize(layer.plain.floats());
        const Map above = layer.before.in(kept + layer.maps),
                  left = layer.before.in(kept + layer.maps + layer.before.floats());
        const Map gated = layer.plain.in(gateMemory.data());
        const Map d = bordered(layer.plain, dNextH, toStep, dMemory);
        const auto leftParts = [=](int r, int c, int j) -> Activations {
          return {load(left.at(r, c) + j), load(left.at(r, c) + features + j)};
        };
        forAll(layer.plain, [=](int r, int c, int j) {
          const auto [t, s] = leftParts(r, c, j);
          store(gated.at(r, c) + j, t * s);
        });
        Sums &own = sums[task][k];
        addKernelGradient(kPoint, gated, d, height, width, own.point);
        leftMemory.assign(layer.dLeft.floats(), 0.0f);
        const Map dLeft = layer.dLeft.in(leftMemory.data());
        convolve(kernels[k].point, d, height, width, [=](int r, int c, int j, Vector x) {
          addGateGradient(gateGradient(leftParts(r, c, j), x), features, j, dLeft.at(r, c));
        });
        addPixels(dLeft, layer.dLeft, &gradients[k].left[static_cast<size_t>(image) * twice]);
        addKernelGradient(kPoint, above, dLeft, height, width, own.link);
        addKernelGradient(layer.horizontalTaps, bordered(layer.h, h, fromStep, hMemory), dLeft, height, width,
                          own.horizontal);
        aboveMemory.resize(layer.dAbove.floats());
        const Map dAbove = layer.dAbove.cleared(aboveMemory.data());
        convolve(kernels[k].link, dLeft, height, width,
                 [=](int r, int c, int j, Vector x) { store(dAbove.at(r, c) + j, x); });
        if (!layer.last)
          forAll(layer.plain, [=](int r, int c, int j) {
            const Vector asked = loadSome(dNextV + pixelOf(r, c) * toStep + j, features - j);
            addGateGradient(gateGradient(partsAt(above.at(r, c), features, j), asked), features, j,
                            dAbove.at(r, c));
          });
        addPixels(dAbove, layer.dAbove, &gradients[k].above[static_cast<size_t>(image) * twice]);
        addKernelGradient(layer.verticalTaps, bordered(layer.v, v, fromStep, vMemory), dAbove, height, width,
                          own.vertical);
        if (layer.first) {
          const float *const vertical = layer.given.vertical.data;
          const float *const horizontal = layer.given.horizontal.data;
          for (int r = 0; r < height; r++)
            for (int c = 0; c < width; c++)
              for (int i = 0; i < inputs; i++)
                dv[pixelOf(r, c) * fromStep + i] =
                    inputGradient(layer.verticalTaps, inputs, twice, vertical, dAbove, r, c, i) +
                    inputGradient(layer.horizontalTaps, inputs, twice, horizontal, dLeft, r, c, i);
          continue;
        }
        convolve(kernels[k].vertical, dAbove, height, width, [=](int r, int c, int j, Vector x) {
          storeSome(dv + pixelOf(r, c) * fromStep + j, x, features - j);
        });
        convolve(kernels[k].horizontal, dLeft, height, width, [=](int r, int c, int j, Vector x) {
          storeSome(dh + pixelOf(r, c) * fromStep + j, x + load(d.at(r, c) + j), features - j);
        });
      }
    }
  });
  for (int k = 0; k < count; k++) {
    Sums total = zeros[k];
    for (const std::vector<Sums> &part : sums) {
      total.vertical.add(part[k].vertical);
      total.horizontal.add(part[k].horizontal);
      total.link.add(part[k].link);
      total.point.add(part[k].point);
    }
    const Gradients &to = gradients[k];
    total.vertical.write(to.vertical, to.verticalBias);
    total.horizontal.write(to.horizontal, to.horizontalBias);
    total.link.write(to.link, to.linkBias);
    total.point.write(to.point, to.pointBias);
    const Given &given = network.layers[k].given;
    writeClass(to.above, given.above[0], given.above[1], to.classAbove);
    writeClass(to.left, given.left[0], given.left[1], to.classLeft);
  }
}

}  // namespace

void registerGatedLayers() {
  const std::vector<const char *> attributes = {"N: int",
                                                "first: bool",
                                                "last: bool",
                                                "vertical_tops: list(int)",
                                                "vertical_centers: list(int)",
                                                "horizontal_centers: list(int)",
                                                "dilations: list(int)",
                                                "keep: bool"};
  registerOperation<Settings, compute>("RasterGatedLayers", attributes,
                                       {"stacks: float", "weights: N * float"},
                                       {"next: float", "saved: float"});
  std::vector<const char *> more = attributes;
  more.push_back("M: int");
  registerOperation<Settings, computeGradient>(
      "RasterGatedLayersGradient", more,
      {"d_next: float", "stacks: float", "saved: float", "kernels: N * float"},
      {"d_stacks: float", "gradients: M * float"});
}
