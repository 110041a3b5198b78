// The sampler of MADE (Germain et al. 2015) for JavaScript: random numbers go in, pixels come out, so many
// at a call as are wanted. lib/models/madeIncremental.ts has the portable twin.
#include <node_api.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "arguments.h"
#include "madeImages.h"
#include "parallel.h"

namespace {

using SharedWeights = std::shared_ptr<const MadeWeights>;

/** Weights as JavaScript holds them. */
struct HeldWeights {
  static constexpr uint64_t kMagic = 0x6d61646577656967;
  uint64_t magic = kMagic;
  SharedWeights weights;
  size_t bytes() const { return weights->bytes(); }
};

struct Sampler {
  static constexpr uint64_t kMagic = 0x6d61646564726177;
  uint64_t magic = kMagic;
  SharedWeights weights;
  int count;
  /** Images are drawn in so many parts, whatever becomes of the threads. */
  std::vector<MadeImages> parts;
  std::vector<int> firsts;
  /** Whether the logits of the next value were given out, and its values are awaited. */
  bool waiting = false;

  int position() const { return parts[0].position(); }
  size_t bytes() const {
    size_t bytes = 0;
    for (const MadeImages &images : parts) bytes += images.bytes();
    return bytes;
  }
};

/** Reads layers and links, and trusts none of them. */
std::unique_ptr<HeldWeights> read(Arguments &arguments) {
  // First of all: to look into an array may run code, which could take back what has been looked at.
  const std::vector<napi_value> matrices = arguments.elements(3, "the weights");
  const auto sizes = arguments.array<int32_t>(0, "the sizes", 2);
  const auto degrees = arguments.array<int32_t>(1, "the degrees", 2);
  const auto links = arguments.array<int32_t>(2, "the links", 0);
  const auto biases = arguments.array<float>(4, "the biases", 1);
  if (!arguments.good()) return nullptr;
  const int values = sizes.data[0], last = static_cast<int>(sizes.length) - 1;
  std::vector<MadeLayer> layers;
  size_t found = 0;
  int start = 0;
  for (int k = 0; k <= last; k++) {
    const int size = sizes.data[k];
    const bool countable = size >= 1 && size <= (1 << 20), there = found + size <= degrees.length;
    if (!arguments.require(countable, "a layer must have 1 to 2^20 units")) return nullptr;
    if (!arguments.require(there, "each unit must have a degree")) return nullptr;
    if (!arguments.require(start < (1 << 28), "there must be fewer than 2^28 units")) return nullptr;
    for (int j = 0; j < size; j++) {
      const int degree = degrees.data[found + j];
      const bool fits = degree >= 1 && degree <= values;
      if (!arguments.require(fits, "degrees must be from 1 to the number of values")) return nullptr;
    }
    layers.emplace_back(degrees.data + found, size, k == 0 ? 0 : start, values);
    found += size;
    if (k > 0) start += padded(size);
  }
  for (const MadeLayer *layer : {&layers.front(), &layers.back()})
    for (int place = 0; place < values; place++)
      arguments.require(layer->size == values && layer->first[place + 2] - layer->first[place + 1] == 1,
                        "each value must have a degree of its own, from 1 on, as input and as output");
  arguments.require(found == degrees.length && biases.length == found - values,
                    "there must be a degree for each unit, and a bias for all but the inputs");
  std::vector<MadeLink> made;
  arguments.require(links.length == 4 * matrices.size(), "each link must have four numbers and its weights");
  for (size_t l = 0; l < matrices.size() && arguments.good(); l++) {
    const int32_t *link = links.data + 4 * l;
    const int from = link[0], to = link[1], above = link[2];
    // Upwards, so that what gives is settled; what an output takes is of lower degrees.
    const bool fits = from >= 0 && from < to && to <= last && above == (to == last);
    if (!arguments.require(fits, "a link must go from a layer to a higher one")) break;
    const size_t size = static_cast<size_t>(layers[from].size) * layers[to].size;
    const auto weights = arguments.arrayOf<float>(matrices[l], "the weights of a link", size);
    made.push_back({weights.data, from, to, above, link[3] != 0});
  }
  if (!arguments.good()) return nullptr;
  auto held = std::make_unique<HeldWeights>();
  held->weights = std::make_shared<MadeWeights>(std::move(layers), std::move(made), biases.data);
  return held;
}

std::unique_ptr<Sampler> samplerOf(const SharedWeights &weights, int count) {
  auto sampler = std::make_unique<Sampler>();
  sampler->weights = weights;
  sampler->count = count;
  const int parts = std::min(count, threadCount.load());
  for (int64_t part = 0; part < parts; part++) {
    const int first = static_cast<int>(part * count / parts);
    sampler->firsts.push_back(first);
    sampler->parts.emplace_back(*weights, static_cast<int>((part + 1) * count / parts) - first);
  }
  return sampler;
}

}  // namespace

/**
 * createMadeWeights(units of each layer, degrees of all units, links (from, to, above, presence), weights of
 * each link, biases): see lib/engine/madeSampler.ts
 */
napi_value createMadeWeights(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "createMadeWeights", 5);
  std::unique_ptr<HeldWeights> held;
  try {
    held = read(arguments);
  } catch (const std::exception &error) {
    arguments.require(false, error.what());
  }
  return arguments.hold(std::move(held));
}

/** createMadeSampler(weights, images): it draws them from the first pixel on */
napi_value createMadeSampler(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "createMadeSampler", 2);
  auto *held = arguments.object<HeldWeights>(arguments.value(0), "the weights");
  const int count = arguments.integer(1, "images", 1, 4096);
  std::unique_ptr<Sampler> sampler;
  if (!arguments.good()) return nullptr;
  try {
    sampler = samplerOf(held->weights, count);
  } catch (const std::exception &error) {
    arguments.require(false, error.what());
  }
  return arguments.hold(std::move(sampler));
}

/** restartMadeSampler(sampler): it begins anew, with the same weights. */
napi_value restartMadeSampler(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "restartMadeSampler", 1);
  auto *sampler = arguments.object<Sampler>(arguments.value(0), "the sampler");
  if (sampler == nullptr) return nullptr;
  for (MadeImages &images : sampler->parts) images.restart();
  sampler->waiting = false;
  return nullptr;
}

/** madeLogits(sampler, values just chosen [images] or null, out [images]): the logits of the next value */
napi_value madeLogits(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "madeLogits", 3);
  auto *sampler = arguments.object<Sampler>(arguments.value(0), "the sampler");
  if (sampler == nullptr) return nullptr;
  const bool chosen = !arguments.isNull(1);
  const auto previous =
      chosen ? arguments.array<float>(1, "the values just chosen", sampler->count) : Numbers<float>{};
  const auto out = arguments.array<float>(2, "out", sampler->count);
  arguments.require(chosen == sampler->waiting,
                    "pass null for the first value, and the values just chosen for every later one");
  arguments.require(sampler->position() + chosen < sampler->weights->values,
                    "every value of the images has been given");
  if (!arguments.good()) return nullptr;
  for (size_t part = 0; part < sampler->parts.size(); part++) {
    MadeImages &images = sampler->parts[part];
    const int first = sampler->firsts[part];
    if (chosen) images.accept([&](int b) { return previous.data[first + b]; });
    std::copy_n(images.logits(), images.count(), out.data + first);
  }
  sampler->waiting = true;
  return nullptr;
}

/**
 * drawMade(sampler, until, temperature, argmax 0 or 1, uniforms, given, pixels [images, values] each, finite
 * [images], positions [images]): draws values up to `until`, or up to one whose logits are not finite
 */
napi_value drawMade(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "drawMade", 9);
  auto *sampler = arguments.object<Sampler>(arguments.value(0), "the sampler");
  if (sampler == nullptr) return nullptr;
  const int values = sampler->weights->values, count = sampler->count;
  const size_t all = static_cast<size_t>(count) * values;
  const int until = arguments.integer(1, "until", 0, values);
  arguments.require(!sampler->waiting, "the sampler must not be waiting for values");
  const double temperature = arguments.number(2, "temperature");
  arguments.require(temperature > 0, "temperature must be positive");
  const bool argmax = arguments.integer(3, "argmax", 0, 1) != 0;
  const auto uniforms = arguments.array<float>(4, "uniforms", all);
  const auto given = arguments.array<int16_t>(5, "given", all);
  const auto pixels = arguments.array<uint8_t>(6, "pixels", all);
  const auto areFinite = arguments.array<uint8_t>(7, "finite", count);
  const auto positions = arguments.array<int32_t>(8, "positions", count);
  if (!arguments.good()) return nullptr;
  const Drawing drawing = {values, 1, 2, temperature, argmax, uniforms.data, given.data, pixels.data};
  std::fill_n(areFinite.data, count, uint8_t{1});
  inParallel(static_cast<int>(sampler->parts.size()), [&](int part) {
    MadeImages &images = sampler->parts[part];
    const int first = sampler->firsts[part];
    images.draw(drawing, first, until, areFinite.data + first);
    std::fill_n(positions.data + first, images.count(), images.position());
  });
  return nullptr;
}
