// What the layers of a Gated PixelCNN are given, checked, and where their features lie in memory.
#pragma once
#include <string>

#include "conv.h"
#include "operations.h"

namespace gated {

struct Settings {
  /** Whether the first of these layers is the network's, and whether the last is. */
  bool first, last;
  /** Of each layer the row of the vertical kernel that lies over the pixel, or would if it went on. */
  std::vector<int32_t> verticalTops;
  /** The column of the kernels that lies over the pixel itself. */
  std::vector<int32_t> verticalCenters, horizontalCenters;
  /** How far the taps of both kernels lie apart. */
  std::vector<int32_t> dilations;
  bool keep;
  explicit Settings(Attributes &attributes)
      : first(attributes.flag("first")),
        last(attributes.flag("last")),
        verticalTops(attributes.integers("vertical_tops", 0, kFurthest)),
        verticalCenters(attributes.integers("vertical_centers", 0, kFurthest)),
        horizontalCenters(attributes.integers("horizontal_centers", 0, kFurthest)),
        dilations(attributes.integers("dilations", 1, kFurthest)),
        keep(attributes.flag("keep")) {
    const size_t layers = dilations.size();
    attributes.require(layers >= 1 && verticalTops.size() == layers && verticalCenters.size() == layers &&
                           horizontalCenters.size() == layers,
                       "dilations, vertical_tops and both centers must have one number for each layer");
  }
  int layers() const { return static_cast<int>(dilations.size()); }
};

/** A layer as it is given: its kernels, and what the class adds to above and to left, [1 or B, 2 f] each. */
struct Given {
  Input<float> point;
  int features, inputs;
  int64_t twice;
  Input<float> vertical, horizontal, link, above, left;
  /**
   * @param stacks the shape of the stacks, or of the image, that it is given
   * @param kernel index of the vertical kernel among the inputs; @param step from one kernel to the next
   */
  Given(Context &context, const std::vector<int64_t> &stacks, int kernel, int step, bool first)
      : point(context.input(kernel + 3 * step, "point", {1, 1, kAny, kAny})), features(point[3]),
        inputs(first ? static_cast<int>(stacks[3]) : features), twice(2 * static_cast<int64_t>(features)),
        vertical(context.input(kernel, "vertical", {kAny, kAny, inputs, twice})),
        horizontal(context.input(kernel + step, "horizontal", {1, kAny, inputs, twice})),
        link(context.input(kernel + 2 * step, "link", {1, 1, twice, twice})),
        above(context.input(kernel + 4 * step, "class_above", {kAny, twice})),
        left(context.input(kernel + 4 * step + 1, "class_left", above.shape)) {
    context.require(point[2] == features, "point must have as many inputs as outputs");
    context.require(first || stacks[3] == twice, "stacks must have " + std::to_string(twice) + " features");
    context.require(above[0] == 1 || above[0] == stacks[0],
                    "class_above must have one row, or one for each image");
  }
};

struct Layer {
  Given given;
  bool first, last;
  int height, width, inputs, features;
  /** How far pixels lie apart in the tensor of inputs, and in that of outputs. */
  int from, to;
  Taps verticalTaps, horizontalTaps;
  /**
   * Inputs with the border that the kernels reach; what is before the gates, without and with
   * the border that gradients reach. What is saved: what is before the gate of v, and what is behind tanh and
   * sigmoid of that of h.
   */
  Frame v, h, before, dAbove, dLeft, plain;
  /** Where in what is saved of an image its stacks lie, if a layer of this call made them, and its maps. */
  size_t stacks = 0, maps = 0;

  Layer(Context &context, const Given &given, const std::vector<int64_t> &shape, const Settings &settings,
        int index)
      : given(given),
        first(settings.first && index == 0),
        last(settings.last && index + 1 == settings.layers()),
        height(static_cast<int>(shape[1])),
        width(static_cast<int>(shape[2])),
        inputs(given.inputs),
        features(given.features),
        from(static_cast<int>(shape[3])),
        to(last ? features : 2 * features) {
    const int top = settings.verticalTops[index], verticalCenter = settings.verticalCenters[index],
              horizontalCenter = settings.horizontalCenters[index], dilation = settings.dilations[index];
    const int rows = given.vertical[0], columns = given.vertical[1], length = given.horizontal[1];
    context.require(std::max({rows, columns, length}) <= kFurthest,
                    "kernels must have at most 4096 rows and columns");
    context.require(top >= rows - 1, "vertical must have no row below vertical_tops");
    if (!context.good()) return;
    verticalTaps = placedTaps(rows, columns, top, verticalCenter, dilation);
    horizontalTaps = placedTaps(1, length, 0, horizontalCenter, dilation);
    const int above = top * dilation;
    const int sides = std::max(verticalCenter, columns - 1 - verticalCenter) * dilation;
    const int beside = std::max(horizontalCenter, length - 1 - horizontalCenter) * dilation;
    v = {height, width, inputs, {above, 0, sides}};
    h = {height, width, inputs, {0, 0, beside}};
    plain = {height, width, features, {}};
    before = {height, width, 2 * features, {}};
    dAbove = {height, width, 2 * features, {0, above, sides}};
    dLeft = {height, width, 2 * features, {0, 0, beside}};
    for (const Frame &frame : {v, h, before, dAbove, dLeft})
      context.require(countable(frame), "the features of an image are too many");
  }
  size_t mapFloats() const { return 2 * before.floats(); }
};

/** All layers of a call. */
struct Network {
  int batch;
  size_t pixels;
  std::vector<Layer> layers;
  /** Numbers of one image that are saved, and those of the maps of a layer. */
  size_t saved = 0, room = 0;

  /** @param kernel index of the first kernel among the inputs; @param step from one kernel to the next */
  Network(Context &context, const std::vector<int64_t> &stacks, int kernel, int step,
          const Settings &settings)
      : batch(static_cast<int>(stacks[0])), pixels(static_cast<size_t>(stacks[1]) * stacks[2]) {
    std::vector<int64_t> shape = stacks;
    for (int k = 0; k < settings.layers() && context.good(); k++) {
      // Four kernels, and two shares of the class.
      const Given given(context, shape, kernel + (4 * step + 2) * k, step, settings.first && k == 0);
      if (!context.good()) return;
      Layer layer(context, given, shape, settings, k);
      if (!context.good()) return;
      layer.stacks = saved;
      if (k > 0) saved += pixels * layer.from;
      layer.maps = saved;
      saved += layer.mapFloats();
      room = std::max(room, layer.mapFloats());
      layers.push_back(layer);
      shape[3] = layer.to;
    }
  }
  /** Of the stacks between layers. */
  size_t stream() const { return layers.size() > 1 ? pixels * layers[1].from : 0; }
};

}  // namespace gated
