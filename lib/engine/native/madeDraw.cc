// Draws images from MADE (Germain et al. 2015), each hidden unit computed once: when the pixels up to its
// degree are known. A block of degrees is drawn among itself, one pixel after the other, from small copies of
// the weights between its units; what the block gives to all that come later is one product of matrices.
// Masks need no multiplication: what a unit gives to units of a lower degree comes after those have been
// used. Nothing is left out for a value of 0: 0 times a weight that is not finite is not 0.
// lib/models/madeIncremental.ts has the portable twin.
#include <cmath>

#include "draw.h"
#include "operations.h"
#include "simd.h"

namespace {

/** Degrees whose units are handed on together. */
constexpr int kBlock = 28;

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

/** The units of a layer by degree, and where its sums are in the state of an image. */
struct Units {
  int size = 0, start = 0;
  /** In rising degree; those of degree d from first[d] on. */
  std::vector<int> units, first;
  /** Whether they lie in memory so. */
  bool sorted = false;

  Units(const int32_t *degrees, int size, int start, int highest)
      : size(size), start(start), units(size), first(highest + 2) {
    for (int j = 0; j < size; j++) first[degrees[j] + 1]++;
    for (int d = 0; d <= highest; d++) first[d + 1] += first[d];
    std::vector<int> next(first.begin(), first.end() - 1);
    for (int j = 0; j < size; j++) units[next[degrees[j]]++] = j;
    sorted = std::is_sorted(degrees, degrees + size);
  }
};

/** Weights from one layer to another, by their numbers: 0 the pixels, last the outputs. */
struct Link {
  const float *weights;
  int from, to;
  /** A unit of degree d gives to those from this degree on, above d: 0, and 1 to the outputs. */
  int above;
  /** What it gives is 1 whatever the pixel is. */
  bool presence;
};

/** The network of one call. */
struct Network {
  std::vector<Units> layers;
  std::vector<Link> links;
  int values, total;
};

/** How much of `out` a vector at `column` may touch. */
inline int rest(int n, int column) { return std::min(kLanes, std::max(0, n - column)); }

/** out [Images, n] += values [Images, inner] · rows [inner][n], of `Width` vectors from `column` on. */
template <int Images, int Width>
void addPanel(int inner, const float *values, int stride, const float *const *rows, int n, int column,
              float *out, int outStride) {
  Vector sum[Images][Width];
  for (int b = 0; b < Images; b++)
    for (int w = 0; w < Width; w++)
      sum[b][w] = loadSome(out + b * outStride + column + w * kLanes, rest(n, column + w * kLanes));
  for (int k = 0; k < inner; k++) {
    Vector row[Width];
    for (int w = 0; w < Width; w++) row[w] = load(rows[k] + w * kLanes);
    for (int b = 0; b < Images; b++) {
      const float value = values[b * stride + k];
      for (int w = 0; w < Width; w++) sum[b][w] += value * row[w];
    }
  }
  for (int b = 0; b < Images; b++)
    for (int w = 0; w < Width; w++)
      storeSome(out + b * outStride + column + w * kLanes, sum[b][w], rest(n, column + w * kLanes));
}

/** The block of some of the images: its own sums, and the weights between its units. */
class Block {
 public:
  Block(const Network &network, int images, float *state, float *pixels)
      : network_(network), images_(images), state_(state), pixels_(pixels), local_(network.layers.size()) {}

  /** Takes up the block of a place in the order, of which the pixels before that place are known. */
  void begin(int position) {
    low_ = position / kBlock * kBlock + 1;
    high_ = std::min(low_ + kBlock - 1, network_.values);
    for (size_t k = 0; k < local_.size(); k++) {
      const Units &units = network_.layers[k];
      Local &local = local_[k];
      local.first = units.first[low_];
      local.size = units.first[high_ + 1] - local.first;
      // A vector may read and write past the last unit.
      local.stride = local.size + kLanes;
      local.values.assign(static_cast<size_t>(images_) * local.stride, 0.0f);
      for (int b = 0; b < images_; b++)
        for (int j = 0; j < local.size; j++) {
          const int unit = units.units[local.first + j];
          // Of pixels that are not drawn yet nobody asks.
          local.at(b)[j] = k == 0 ? pixel(b, low_ - 1 + j) : sums(b, units)[unit];
        }
    }
    between_.resize(network_.links.size());
    for (size_t l = 0; l < network_.links.size(); l++) {
      const Link &link = network_.links[l];
      const Local &from = local_[link.from], &to = local_[link.to];
      const Units &sources = network_.layers[link.from], &targets = network_.layers[link.to];
      between_[l].assign(static_cast<size_t>(from.size) * to.stride, 0.0f);
      for (int i = 0; i < from.size; i++) {
        const float *row = link.weights + static_cast<size_t>(sources.units[from.first + i]) * targets.size;
        float *copy = between_[l].data() + static_cast<size_t>(i) * to.stride;
        for (int j = 0; j < to.size; j++) copy[j] = row[targets.units[to.first + j]];
      }
    }
  }

  bool ends(int position) const { return position == high_; }

  float logit(int image, int position) { return local_.back().at(image)[position - low_ + 1]; }

  /** The pixel at this place is known: it, and the hidden units that waited for it, give what they have. */
  void settle(int position) {
    const int degree = position + 1;
    for (int b = 0; b < images_; b++) local_[0].at(b)[position - low_ + 1] = pixel(b, position);
    for (size_t k = 0; k + 1 < local_.size(); k++) {
      const Units &units = network_.layers[k];
      const int first = units.first[degree] - local_[k].first;
      const int last = units.first[degree + 1] - local_[k].first;
      for (int b = 0; k > 0 && b < images_; b++)
        for (int j = first; j < last; j++) {
          float &value = local_[k].at(b)[j];
          value = value < 0 ? 0.0f : value;
        }
      for (size_t l = 0; l < network_.links.size(); l++)
        if (network_.links[l].from == static_cast<int>(k)) give(l, degree, first, last);
    }
  }

  /** All pixels of the block are known: it gives to what comes after it. */
  void finish() {
    for (const Link &link : network_.links) giveLater(link);
  }

  /** Leaves the block as it stands. */
  void interrupt() {
    for (size_t k = 1; k < local_.size(); k++)
      for (int b = 0; b < images_; b++)
        for (int j = 0; j < local_[k].size; j++)
          sums(b, network_.layers[k])[network_.layers[k].units[local_[k].first + j]] = local_[k].at(b)[j];
  }

 private:
  /** The units of a layer whose degrees are the block's: sums until they are settled, values from then on. */
  struct Local {
    int first = 0, size = 0, stride = 0;
    std::vector<float> values;
    float *at(int image) { return values.data() + static_cast<size_t>(image) * stride; }
  };

  float pixel(int image, int position) const {
    return pixels_[static_cast<size_t>(image) * network_.values + position];
  }

  float *sums(int image, const Units &units) {
    return state_ + static_cast<size_t>(image) * network_.total + units.start;
  }

  /** Units first … last - 1 of this degree to those of the block that they feed. */
  void give(size_t l, int degree, int first, int last) {
    const Link &link = network_.links[l];
    const Units &targets = network_.layers[link.to];
    Local &from = local_[link.from], &to = local_[link.to];
    const int start = targets.first[std::min(degree + link.above, high_ + 1)] - to.first;
    for (int b = 0; b < images_; b++) {
      float *sums = to.at(b);
      for (int i = first; i < last; i++) {
        const float value = link.presence ? 1.0f : from.at(b)[i];
        const float *row = between_[l].data() + static_cast<size_t>(i) * to.stride;
        for (int j = start; j < to.size; j += kLanes) store(sums + j, load(sums + j) + value * load(row + j));
      }
    }
  }

  void giveLater(const Link &link) {
    const Units &sources = network_.layers[link.from], &targets = network_.layers[link.to];
    Local &from = local_[link.from];
    const int start = targets.sorted ? targets.first[high_ + 1] : 0;
    const int n = targets.size - start, inner = from.size;
    if (n <= 0 || inner == 0) return;
    rows_.resize(inner);
    for (int k = 0; k < inner; k++)
      rows_[k] = link.weights + static_cast<size_t>(sources.units[from.first + k]) * targets.size + start;
    ones_.assign(inner, 1.0f);
    const float *values = link.presence ? ones_.data() : from.values.data();
    const int stride = link.presence ? 0 : from.stride;
    float *out = state_ + targets.start + start;
    if (images_ < kImages) {
      for (int b = 0; b < images_; b++)
        panels<1, 8>(1, inner, values + b * stride, stride, n, out + static_cast<size_t>(b) * network_.total);
    } else {
      panels<kImages, kRegisters / 8>(images_, inner, values, stride, n, out);
    }
  }

  /** All columns, so many at a time as the registers hold. */
  template <int Images, int Width>
  void panels(int images, int inner, const float *values, int stride, int n, float *out) {
    constexpr int columns = Width * kLanes;
    panel_.resize(static_cast<size_t>(inner) * columns);
    here_.resize(inner);
    for (int column = 0; column < n; column += columns) {
      // A copy lies close together in the cache, and has zeros after the last column. One image reads once.
      const int there = std::min(columns, n - column);
      const bool copied = Images > 1 || there < columns;
      for (int k = 0; k < inner; k++) {
        here_[k] = rows_[k] + column;
        if (!copied) continue;
        float *copy = panel_.data() + static_cast<size_t>(k) * columns;
        std::copy_n(here_[k], there, copy);
        std::fill(copy + there, copy + columns, 0.0f);
        here_[k] = copy;
      }
      int b = 0;
      for (; b + Images <= images; b += Images)
        addPanel<Images, Width>(inner, values + b * stride, stride, here_.data(), n, column,
                                out + static_cast<size_t>(b) * network_.total, network_.total);
      for (; b < images; b++)
        addPanel<1, Width>(inner, values + b * stride, stride, here_.data(), n, column,
                           out + static_cast<size_t>(b) * network_.total, network_.total);
    }
  }

  const Network &network_;
  int images_;
  float *state_, *pixels_;
  /** The block's first and last degree. */
  int low_ = 1, high_ = 0;
  std::vector<Local> local_;
  /** [units of the block, stride of those that they feed] of each link, in rising degree. */
  std::vector<std::vector<float>> between_;
  std::vector<const float *> rows_, here_;
  std::vector<float> panel_, ones_;
};

/** What is drawn in one call. */
struct Call {
  int until;
  double temperature;
  bool argmax;
  /** [images, values] by place in the order. */
  const float *uniforms, *given;
  float *pixels, *outcomes;
};

/** Draws images from … to - 1, which have come equally far. @returns the place that they have come to */
int draw(const Network &network, const Call &call, int from, int to, int position, float *state) {
  const int values = network.values;
  const size_t first = static_cast<size_t>(from) * values;
  Block block(network, to - from, state + static_cast<size_t>(from) * network.total, call.pixels + first);
  std::fill(call.outcomes + from, call.outcomes + to, static_cast<float>(kSettled));
  if (position < call.until) block.begin(position);
  while (position < call.until) {
    bool open = false;
    for (int b = from; b < to; b++) {
      const size_t at = static_cast<size_t>(b) * values + position;
      if (call.given[at] >= 0) {
        call.pixels[at] = call.given[at];
        continue;
      }
      const float logit = block.logit(b - from, position);
      const Choice choice =
          call.argmax ? likeliest(&logit, 1) : drawn(&logit, 1, call.uniforms[at], call.temperature);
      call.outcomes[b] = !std::isfinite(logit) ? kNotFinite : choice.margin < kTie ? kUndecided : kSettled;
      open = open || call.outcomes[b] != kSettled;
      call.pixels[at] = static_cast<float>(choice.value);
    }
    if (open) {
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
// -> state, pixels, positions, outcomes [images]
void compute(const Settings &settings, Context &context) {
  const float *numbers = context.input(0, "settings", {4}).data;
  const Input<float> uniforms = context.input(3, "uniforms", {kAny, kAny});
  const int images = uniforms[0], values = uniforms[1];
  const int32_t *positions = context.integers(1, "positions", {images}).data;
  const Input<float> before = context.input(2, "state", {images, kAny});
  const int total = before[1];
  const float *given = context.input(4, "given", uniforms.shape).data;
  const float *pixelsBefore = context.input(5, "pixels", uniforms.shape).data;
  const int32_t *degrees = context.integers(6, "degrees", {total}).data;
  // The inputs' degrees come first; the sums of the outputs, which have the same, last.
  Network network = {{}, {}, values, total};
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
  float *state = context.output(0, before.shape), *pixels = context.output(1, uniforms.shape);
  float *reached = context.output(2, {images}), *outcomes = context.output(3, {images});
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
  const Units &inputs = network.layers[0];
  for (int place = 0; place < values; place++)
    context.require(inputs.first[place + 2] - inputs.first[place + 1] == 1,
                    "each input must have a degree of its own, from 1 on");
  if (context.failed()) return;
  std::copy_n(before.data, static_cast<size_t>(images) * total, state);
  std::copy_n(pixelsBefore, static_cast<size_t>(images) * values, pixels);
  const Call call = {until, numbers[1], numbers[2] != 0, uniforms.data, given, pixels, outcomes};
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
      {"next_state: float", "next_pixels: float", "next_positions: float", "outcomes: float"});
}
