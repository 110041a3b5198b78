// Draws images from MADE (Germain et al. 2015), block by block of degrees (madeBlock.h), up to a place in the
// order or to a value whose logit is not finite.
// lib/models/madeIncremental.ts has the portable twin.
#include <cmath>

#include "draw.h"
#include "madeBlock.h"
#include "operations.h"

namespace {

struct Settings {
  int hidden;
  bool conditioned, direct;
  explicit Settings(Attributes &attributes)
      : hidden(attributes.integer("hidden", 0, 64)),
        conditioned(attributes.flag("conditioned")),
        direct(attributes.flag("direct")) {
    const int expected = (hidden > 0 ? hidden + 1 : 0) + conditioned + direct;
    const bool fits = attributes.integer("N", 1, 1024) == expected && (hidden > 0 || !conditioned);
    attributes.require(fits, "weights must be those of the hidden layers");
  }
};

/** What is drawn in one call. */
struct Call {
  int until;
  double temperature;
  bool argmax;
  /** [images, values] by place in the order. */
  const float *uniforms, *given;
  float *pixels, *finite;
};

/** Draws images from … to - 1, which have come equally far. @returns the place that they have come to */
int draw(const MadeNetwork &network, const Call &call, int from, int to, int position, float *state) {
  const int values = network.values;
  const size_t first = static_cast<size_t>(from) * values;
  MadeBlock block(network, to - from, state + static_cast<size_t>(from) * network.total, call.pixels + first);
  std::fill(call.finite + from, call.finite + to, 1.0f);
  if (position < call.until) block.begin(position);
  while (position < call.until) {
    bool all = true;
    const float *logits = block.logits(position);
    for (int b = from; b < to; b++) {
      const size_t at = static_cast<size_t>(b) * values + position;
      if (call.given[at] >= 0) {
        call.pixels[at] = call.given[at];
        continue;
      }
      const float logit = logits[b - from];
      call.finite[b] = std::isfinite(logit) ? 1 : 0;
      all = all && std::isfinite(logit);
      call.pixels[at] = static_cast<float>(call.argmax
                                               ? likeliest(&logit, 1)
                                               : drawn(&logit, 1, call.uniforms[at], call.temperature));
    }
    if (!all) {
      block.interrupt();
      return position;
    }
    block.settle(position++);
    if (block.ends(position)) {
      block.finish();
      if (position < call.until) block.begin(position);
    } else if (position == call.until) {
      block.interrupt();
    }
  }
  return position;
}

// settings [until, temperature, argmax, parts], positions [images], state [images, hidden units and outputs],
// uniforms, given, pixels [images, values] by place in the order, degrees [inputs and hidden units], weights
// -> pixels, positions, finite [images]; the state is changed in place
void compute(const Settings &settings, Context &context) {
  const float *numbers = context.input(0, "settings", {4}).data;
  const Input<float> uniforms = context.input(3, "uniforms", {kAny, kAny});
  const int images = uniforms[0], values = uniforms[1];
  const int32_t *positions = context.integers(1, "positions", {images}).data;
  const std::vector<int64_t> sums = context.shapeOf(2);
  float *state = context.inPlace(2, "state", {images, kAny});
  const int total = state == nullptr ? 0 : static_cast<int>(sums[1]);
  const float *given = context.input(4, "given", uniforms.shape).data;
  const float *pixelsBefore = context.input(5, "pixels", uniforms.shape).data;
  const int32_t *degrees = context.integers(6, "degrees", {total}).data;
  // The inputs' degrees come first; the sums of the outputs, which have the same, last.
  MadeNetwork network = {{}, {}, values, total};
  std::vector<int> sizes;
  int found = 0, below = values;
  for (int k = 0; k < settings.hidden; k++) {
    const Input<float> weights = context.input(7 + k, "weights", {below, kAny});
    below = weights[1];
    sizes.push_back(below);
    found += below;
    network.links.push_back({weights.data, k, k + 1, 0, false});
  }
  int index = 7 + settings.hidden;
  const int last = settings.hidden + 1;
  const auto more = [&](const char *name, int from, int rows, int to, int columns, int above, bool presence) {
    network.links.push_back({context.input(index++, name, {rows, columns}).data, from, to, above, presence});
  };
  if (settings.hidden > 0) more("output weights", settings.hidden, below, last, values, 1, false);
  if (settings.conditioned) more("present weights", 0, values, 1, sizes[0], 0, true);
  if (settings.direct) more("direct weights", 0, values, last, values, 1, false);
  context.require(found + values == total, "state must have a number for each hidden unit and each output");
  float *pixels = context.output(0, uniforms.shape);
  float *reached = context.output(1, {images}), *finite = context.output(2, {images});
  if (context.failed()) return;
  const int until = static_cast<int>(numbers[0]), parts = static_cast<int>(numbers[3]);
  const bool right = until >= 0 && until <= values && numbers[1] > 0 && parts >= 1 && parts <= images;
  context.require(right, "settings must be a place, a positive temperature, 0 or 1, and parts of the images");
  for (int i = 0; i < total; i++)
    context.require(degrees[i] > 0 && degrees[i] <= values, "degrees must be from 1 to the number of values");
  for (int b = 0; b < images; b++)
    context.require(positions[b] >= 0 && positions[b] <= values, "positions must be places in the order");
  if (context.failed()) return;
  const auto firstOf = [&](int64_t part) { return static_cast<int>(part * images / parts); };
  for (int part = 0; part < parts; part++) {
    const int first = firstOf(part);
    for (int b = first; b < firstOf(part + 1); b++)
      context.require(positions[b] == positions[first], "images of a part must have come equally far");
  }
  network.layers.emplace_back(degrees, values, 0, values);
  int start = 0;
  for (int k = 0; k < settings.hidden; k++) {
    network.layers.emplace_back(degrees + values + start, sizes[k], start, values);
    start += sizes[k];
  }
  network.layers.emplace_back(degrees, values, start, values);
  const MadeUnits &inputs = network.layers[0];
  for (int place = 0; place < values; place++)
    context.require(inputs.first[place + 2] - inputs.first[place + 1] == 1,
                    "each input must have a degree of its own, from 1 on");
  if (context.failed()) return;
  std::copy_n(pixelsBefore, static_cast<size_t>(images) * values, pixels);
  const Call call = {until, numbers[1], numbers[2] != 0, uniforms.data, given, pixels, finite};
  inParallel(parts, [&](int part) {
    const int from = firstOf(part), to = firstOf(part + 1);
    const int position = draw(network, call, from, to, positions[from], state);
    std::fill(reached + from, reached + to, static_cast<float>(position));
  });
}

}  // namespace

void registerMadeDraw() {
  registerOperation<Settings, compute>(
      "RasterMadeDraw", {"N: int", "hidden: int", "conditioned: bool", "direct: bool"},
      {"settings: float", "positions: int32", "state: float", "uniforms: float", "given: float",
       "pixels: float", "degrees: int32", "weights: N * float"},
      {"next_pixels: float", "next_positions: float", "finite: float"});
}
