// Draws images from MADE (Germain et al. 2015), each hidden unit computed once: when the pixels up to its degree are known. It then gives
// its share to all that it feeds, row by row of the weights as they lie in memory. Masks need no multiplication: what a unit gives to
// units of a lower degree comes after those have been used. lib/models/madeIncremental.ts has the portable twin.
#include <cmath>

#include "draw.h"
#include "operations.h"
#include "simd.h"

namespace {

struct Settings {
  int hidden;
  bool conditioned, direct;
  explicit Settings(Attributes &attributes)
      : hidden(attributes.integer("hidden", 0, 64)), conditioned(attributes.flag("conditioned")), direct(attributes.flag("direct")) {
    const int expected = (hidden > 0 ? hidden + 1 : 0) + conditioned + direct;
    attributes.require(attributes.integer("N", 1, 1024) == expected && (hidden > 0 || !conditioned), "weights must be those of the hidden layers");
  }
};

/** The units of a layer by degree, and where its sums are in the state of an image. */
struct Units {
  const int32_t *degrees = nullptr;
  int size = 0, start = 0;
  /** In rising degree; those of degree d from first[d] on. */
  std::vector<int> units, first;
  /** Whether they lie in memory so. */
  bool sorted = false;

  Units(const int32_t *degrees, int size, int start, int highest) : degrees(degrees), size(size), start(start), units(size), first(highest + 2) {
    for (int j = 0; j < size; j++) first[degrees[j] + 1]++;
    for (int d = 0; d <= highest; d++) first[d + 1] += first[d];
    std::vector<int> next(first.begin(), first.end() - 1);
    for (int j = 0; j < size; j++) units[next[degrees[j]]++] = j;
    sorted = std::is_sorted(degrees, degrees + size);
  }
};

/** Weights from one layer to another. */
struct Link {
  const float *weights;
  const Units *to;
  /** Those below this degree do not listen any more when a unit of degree d speaks: d, or d + 1 to the outputs. */
  int above;
};

/** A unit that speaks: its row of weights, whose numbers may all be finite, and its value in each image. */
struct Speaker {
  int unit;
  bool finite;
};

bool allFinite(const float *row, int n) {
  IntVector bad = {};
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vector v = load(row + i);
    bad |= (v - v) != Vector{};
  }
  bool good = true;
  for (int lane = 0; lane < kLanes; lane++) good = good && bad[lane] == 0;
  for (; i < n; i++) good = good && std::isfinite(row[i]);
  return good;
}

template <int Rows>
void addRows(const float *const *rows, const float *values, int n, float *sums) {
  for (int j = 0; j < n; j += kLanes) {
    Vector sum = loadSome(sums + j, n - j);
    for (int r = 0; r < Rows; r++) sum += values[r] * loadSome(rows[r] + j, n - j);
    storeSome(sums + j, sum, n - j);
  }
}

/** The images of one task. */
class Task {
 public:
  Task(const std::vector<Units> &layers, int images, float *state, int total) : layers_(layers), images_(images), state_(state), total_(total) {}

  /** Units of `from` of the given degree give value(image, unit) to those that they feed. */
  template <typename Value>
  void speak(const Units &from, int degree, const std::vector<Link> &links, const Value &value) {
    for (const Link &link : links) {
      const Units &to = *link.to;
      const int start = to.sorted ? to.first[std::min<int>(degree + link.above, static_cast<int>(to.first.size()) - 1)] : 0;
      const int n = to.size - start;
      if (n <= 0) continue;
      speakers_.clear();
      for (int k = from.first[degree]; k < from.first[degree + 1]; k++) {
        const int unit = from.units[k];
        speakers_.push_back({unit, allFinite(link.weights + static_cast<size_t>(unit) * to.size + start, n)});
      }
      for (int b = 0; b < images_; b++) {
        float *sums = state_ + static_cast<size_t>(b) * total_ + to.start + start;
        const float *rows[4];
        float values[4];
        int held = 0;
        for (const auto &[unit, finite] : speakers_) {
          const float v = value(b, unit);
          if (v == 0 && finite) continue;  // 0 times a weight that is not finite is not 0
          rows[held] = link.weights + static_cast<size_t>(unit) * to.size + start;
          values[held++] = v;
          if (held == 4) addRows<4>(rows, values, n, sums), held = 0;
        }
        if (held == 3) addRows<3>(rows, values, n, sums);
        if (held == 2) addRows<2>(rows, values, n, sums);
        if (held == 1) addRows<1>(rows, values, n, sums);
      }
    }
  }
  float sum(int image, const Units &units, int unit) const { return state_[static_cast<size_t>(image) * total_ + units.start + unit]; }

 private:
  const std::vector<Units> &layers_;
  int images_;
  float *state_;
  int total_;
  std::vector<Speaker> speakers_;
};

// settings [until, temperature, argmax], positions [images], state [images, hidden units and outputs], uniforms, given, pixels
// [images, values] by place in the order, degrees [inputs and hidden units], weights
// -> state, pixels, positions, outcomes [images]
void compute(const Settings &settings, Context &context) {
  const float *numbers = context.input(0, "settings", {3}).data;
  const Input<float> uniforms = context.input(3, "uniforms", {kAny, kAny});
  const int images = uniforms[0], values = uniforms[1];
  const int32_t *positions = context.integers(1, "positions", {images}).data;
  const Input<float> before = context.input(2, "state", {images, kAny});
  const int total = before[1];
  const float *given = context.input(4, "given", uniforms.shape).data, *pixelsBefore = context.input(5, "pixels", uniforms.shape).data;
  const int32_t *degrees = context.integers(6, "degrees", {total}).data;
  // The inputs' degrees come first; the sums of the outputs, which have the same, last.
  std::vector<Input<float>> weights;
  std::vector<int> sizes;
  int found = 0, below = values;
  for (int k = 0; k < settings.hidden; k++) {
    weights.push_back(context.input(7 + k, "weights", {below, kAny}));
    below = weights.back()[1];
    sizes.push_back(below);
    found += below;
  }
  int index = 7 + settings.hidden;
  if (settings.hidden > 0) weights.push_back(context.input(index++, "output weights", {below, values}));
  const float *present = settings.conditioned ? context.input(index++, "present weights", {values, sizes[0]}).data : nullptr;
  const float *direct = settings.direct ? context.input(index++, "direct weights", {values, values}).data : nullptr;
  context.require(found + values == total, "state must have a number for each hidden unit and each output");
  float *state = context.output(0, before.shape), *pixels = context.output(1, uniforms.shape);
  float *reached = context.output(2, {images}), *outcomes = context.output(3, {images});
  if (context.failed()) return;
  const int until = static_cast<int>(numbers[0]);
  context.require(until >= 0 && until <= values && numbers[1] > 0, "settings must be a place in the order, a positive temperature and 0 or 1");
  for (int i = 0; i < total; i++) context.require(degrees[i] >= 0 && degrees[i] <= values, "degrees must be from 0 to the number of values");
  for (int b = 0; b < images; b++) context.require(positions[b] >= 0 && positions[b] <= values, "positions must be places in the order");
  if (context.failed()) return;
  std::vector<Units> layers = {Units(degrees, values, 0, values)};
  int start = 0;
  for (int k = 0; k < settings.hidden; k++) {
    layers.emplace_back(degrees + values + start, sizes[k], start, values);
    start += sizes[k];
  }
  layers.emplace_back(degrees, values, start, values);
  const Units &inputs = layers[0], &outputs = layers.back();
  for (int place = 0; place < values; place++)
    context.require(inputs.first[place + 2] - inputs.first[place + 1] == 1, "each input must have a degree of its own, from 1 on");
  if (context.failed()) return;
  std::copy_n(before.data, static_cast<size_t>(images) * total, state);
  std::copy_n(pixelsBefore, static_cast<size_t>(images) * values, pixels);
  std::vector<std::vector<Link>> links(layers.size());
  if (settings.hidden > 0) links[0].push_back({weights[0].data, &layers[1], 0});
  for (int k = 1; k < settings.hidden; k++) links[k].push_back({weights[k].data, &layers[k + 1], 0});
  if (settings.hidden > 0) links[settings.hidden].push_back({weights[settings.hidden].data, &outputs, 1});
  if (settings.direct) links[0].push_back({direct, &outputs, 1});
  const std::vector<Link> ofPresence = settings.conditioned ? std::vector<Link>{{present, &layers[1], 0}} : std::vector<Link>{};
  const int tasks = std::min(images, threadCount.load());
  inParallel(tasks, [&](int part) {
    const int from = part * images / tasks, to = (part + 1) * images / tasks;
    // Those of one task have always come equally far, as long as the number of threads stays the same.
    int position = positions[from];
    for (int b = from; b < to; b++) position = std::min(position, positions[b]), outcomes[b] = kSettled;
    Task task(layers, to - from, state + static_cast<size_t>(from) * total, total);
    bool open = false;
    for (; position < until; position++) {
      const int unit = inputs.units[position];
      for (int b = from; b < to; b++) {
        const size_t at = static_cast<size_t>(b) * values + position;
        const float logit = task.sum(b - from, outputs, unit);
        if (given[at] >= 0) {
          pixels[at] = given[at];
          continue;
        }
        const Choice choice = numbers[2] != 0 ? likeliest(&logit, 1) : drawn(&logit, 1, uniforms.data[at], numbers[1]);
        outcomes[b] = !std::isfinite(logit) ? kNotFinite : choice.margin < kTie ? kUndecided : kSettled;
        open = open || outcomes[b] != kSettled;
        pixels[at] = static_cast<float>(choice.value);
      }
      if (open) break;
      const int degree = position + 1;
      const auto pixel = [&](int b, int) { return pixels[static_cast<size_t>(from + b) * values + position]; };
      task.speak(inputs, degree, links[0], pixel);
      task.speak(inputs, degree, ofPresence, [](int, int) { return 1.0f; });
      for (int k = 1; k <= settings.hidden; k++)
        task.speak(layers[k], degree, links[k], [&](int b, int j) {
          const float sum = task.sum(b, layers[k], j);
          return sum < 0 ? 0.0f : sum;
        });
    }
    for (int b = from; b < to; b++) reached[b] = static_cast<float>(position);
  });
}

}  // namespace

void registerMadeDraw() {
  registerOperation<Settings, compute>("RasterMadeDraw", {"N: int", "hidden: int", "conditioned: bool", "direct: bool"},
                                       {"settings: float", "positions: int32", "state: float", "uniforms: float", "given: float",
                                        "pixels: float", "degrees: int32", "weights: N * float"},
                                       {"next_state: float", "next_pixels: float", "next_positions: float", "outcomes: float"});
}
