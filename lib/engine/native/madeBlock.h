// A block of MADE's degrees as it is drawn, each hidden unit computed once: when the pixels up to its degree
// are known. The block is drawn among itself, one pixel after the other, from small copies of the weights
// between its units; what it gives to all that come later is one product of matrices.
// Masks need no multiplication: what a unit gives to units of a lower degree comes after those have been
// used. Nothing is left out for a value of 0: 0 times a weight that is not finite is not 0.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "simd.h"

/** Degrees whose units are handed on together. */
constexpr int kMadeBlock = 28;

/** The units of a layer by degree, and where its sums are in the state of an image. */
struct MadeUnits {
  int size = 0, start = 0;
  /** In rising degree; those of degree d from first[d] on. */
  std::vector<int> units, first;
  /** Whether they lie in memory so. */
  bool sorted = false;

  MadeUnits(const int32_t *degrees, int size, int start, int highest)
      : size(size), start(start), units(size), first(highest + 2) {
    for (int j = 0; j < size; j++) first[degrees[j] + 1]++;
    for (int d = 0; d <= highest; d++) first[d + 1] += first[d];
    std::vector<int> next(first.begin(), first.end() - 1);
    for (int j = 0; j < size; j++) units[next[degrees[j]]++] = j;
    sorted = std::is_sorted(degrees, degrees + size);
  }
};

/** Weights from one layer to another, by their numbers: 0 the pixels, last the outputs. */
struct MadeLink {
  const float *weights;
  int from, to;
  /** A unit of degree d gives to those from this degree on, above d: 0, and 1 to the outputs. */
  int above;
  /** What it gives is 1 whatever the pixel is. */
  bool presence;
};

/** The network of one call. */
struct MadeNetwork {
  std::vector<MadeUnits> layers;
  std::vector<MadeLink> links;
  int values, total;
};

/** How much of `out` a vector at `column` may touch. */
inline int rest(int n, int column) { return std::min(kLanes, std::max(0, n - column)); }

/** out [Images, n] += values [Images, inner] · rows [inner][n], of `Width` vectors from `column` on. */
template <int Images, int Width>
void addPanel(int inner, const float *values, int stride, const float *const *rows, int n, int column,
              float *out, int outStride) {
  Vector sum[Images][Width];
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++)
      sum[b][w] = loadSome(out + b * outStride + column + w * kLanes, rest(n, column + w * kLanes));
  for (int k = 0; k < inner; k++) {
    Vector row[Width];
    UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce<Images>(rows[k] + w * kLanes);
    UNROLLED for (int b = 0; b < Images; b++) {
      const float value = values[b * stride + k];
      UNROLLED for (int w = 0; w < Width; w++) sum[b][w] += value * row[w];
    }
  }
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++)
      storeSome(out + b * outStride + column + w * kLanes, sum[b][w], rest(n, column + w * kLanes));
}

/** The block of some of the images: its own sums, and the weights between its units. */
class MadeBlock {
 public:
  MadeBlock(const MadeNetwork &network, int images, float *state, float *pixels)
      : network_(network), images_(images), state_(state), pixels_(pixels), local_(network.layers.size()) {}

  /** Takes up the block of a place in the order, of which the pixels before that place are known. */
  void begin(int position) {
    low_ = position / kMadeBlock * kMadeBlock + 1;
    high_ = std::min(low_ + kMadeBlock - 1, network_.values);
    for (size_t k = 0; k < local_.size(); k++) {
      const MadeUnits &units = network_.layers[k];
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
      const MadeLink &link = network_.links[l];
      const Local &from = local_[link.from], &to = local_[link.to];
      const MadeUnits &sources = network_.layers[link.from], &targets = network_.layers[link.to];
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
      const MadeUnits &units = network_.layers[k];
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
    for (const MadeLink &link : network_.links) giveLater(link);
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

  float *sums(int image, const MadeUnits &units) {
    return state_ + static_cast<size_t>(image) * network_.total + units.start;
  }

  /** MadeUnits first … last - 1 of this degree to those of the block that they feed. */
  void give(size_t l, int degree, int first, int last) {
    const MadeLink &link = network_.links[l];
    const MadeUnits &targets = network_.layers[link.to];
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

  void giveLater(const MadeLink &link) {
    const MadeUnits &sources = network_.layers[link.from], &targets = network_.layers[link.to];
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
    } else if (images_ < kTileRows) {
      panels<kImages, kRegisters / 8>(images_, inner, values, stride, n, out);
    } else {
      panels<kTileRows, 2>(images_, inner, values, stride, n, out);
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

  const MadeNetwork &network_;
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
