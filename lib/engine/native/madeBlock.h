// A block of MADE's degrees as it is drawn, each hidden unit computed once: when the pixels up to its degree
// are known. The block is drawn among itself, one pixel after the other, from small copies of the weights
// between its units; what it gives to all that come later is one product of matrices.
// Masks need no multiplication: a unit takes from those up to its degree, and what a block gives to units of
// a lower degree comes after those have been used. Nothing is left out for a value of 0: 0 times a weight
// that is not finite is not 0.
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

/** What the units of a block give: of unit k and image b it is first[k * stride + b]. */
struct Given {
  const float *first;
  int stride;
};

/** out [Images, n] += given [inner, Images] · panel [inner, `Width` vectors], from `column` on. */
template <int Images, int Width>
void addPanel(int inner, const Given &given, const float *panel, int n, int column, float *out,
              int outStride) {
  Vector sum[Images][Width];
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++)
      sum[b][w] = loadSome(out + b * outStride + column + w * kLanes, rest(n, column + w * kLanes));
  for (int k = 0; k < inner; k++, panel += Width * kLanes) {
    Vector row[Width];
    UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce<Images>(panel + w * kLanes);
    UNROLLED for (int b = 0; b < Images; b++) {
      const float value = given.first[k * given.stride + b];
      UNROLLED for (int w = 0; w < Width; w++) sum[b][w] += value * row[w];
    }
  }
  UNROLLED for (int b = 0; b < Images; b++)
    UNROLLED for (int w = 0; w < Width; w++)
      storeSome(out + b * outStride + column + w * kLanes, sum[b][w], rest(n, column + w * kLanes));
}

/** out [n] += what so many units give to one image, row after row, each from its first to its last. */
template <int Rows>
void addRows(const Given &given, const float *const *rows, int n, float *out) {
  Vector value[Rows];
  UNROLLED for (int r = 0; r < Rows; r++) value[r] = all(given.first[r * given.stride]);
  for (int column = 0; column < n; column += kLanes) {
    const int here = rest(n, column);
    Vector sum = loadSome(out + column, here);
    UNROLLED for (int r = 0; r < Rows; r++) sum += value[r] * loadSome(rows[r] + column, here);
    storeSome(out + column, sum, here);
  }
}

/**
 * The block of some of the images: its own units, and the weights between them. Images lie side by side, so
 * that a vector has the same unit of many.
 */
class MadeBlock {
 public:
  MadeBlock(const MadeNetwork &network, int images, float *state, float *pixels)
      : network_(network),
        images_(images),
        stride_(padded(images)),
        state_(state),
        pixels_(pixels),
        local_(network.layers.size()),
        logits_(stride_),
        ones_(stride_, 1.0f) {}

  /** Takes up the block of a place in the order, of which the pixels before that place are known. */
  void begin(int position) {
    low_ = position / kMadeBlock * kMadeBlock + 1;
    high_ = std::min(low_ + kMadeBlock - 1, network_.values);
    for (size_t k = 0; k < local_.size(); k++) {
      const MadeUnits &units = network_.layers[k];
      Local &local = local_[k];
      local.first = units.first[low_];
      local.size = units.first[high_ + 1] - local.first;
      local.values.assign(static_cast<size_t>(local.size) * stride_, 0.0f);
      for (int j = 0; j < local.size; j++) {
        float *to = row(local, j);
        const int unit = units.units[local.first + j];
        // Of pixels that are not drawn yet nobody asks.
        for (int b = 0; b < images_; b++) to[b] = k == 0 ? pixel(b, low_ - 1 + j) : sums(b, units)[unit];
      }
    }
    between_.resize(network_.links.size());
    for (size_t l = 0; l < network_.links.size(); l++) {
      const MadeLink &link = network_.links[l];
      const Local &from = local_[link.from], &to = local_[link.to];
      const MadeUnits &sources = network_.layers[link.from], &targets = network_.layers[link.to];
      between_[l].resize(static_cast<size_t>(to.size) * from.size);
      for (int i = 0; i < from.size; i++) {
        const float *weights =
            link.weights + static_cast<size_t>(sources.units[from.first + i]) * targets.size;
        for (int j = 0; j < to.size; j++)
          between_[l][static_cast<size_t>(j) * from.size + i] = weights[targets.units[to.first + j]];
      }
    }
  }

  bool ends(int position) const { return position == high_; }

  /** [images] of the value at a place, of which all before are settled. */
  const float *logits(int position) {
    const int last = static_cast<int>(local_.size()) - 1, j = position + 1 - low_;
    std::copy_n(row(local_[last], j), stride_, logits_.data());
    take(last, j, position + 1, logits_.data());
    return logits_.data();
  }

  /** The pixel at this place is known: so are it, and the hidden units that waited for it. */
  void settle(int position) {
    const int degree = position + 1;
    float *pixels = row(local_[0], degree - low_);
    for (int b = 0; b < images_; b++) pixels[b] = pixel(b, position);
    for (int k = 1; k + 1 < static_cast<int>(local_.size()); k++) {
      const std::vector<int> &first = network_.layers[k].first;
      for (int j = first[degree] - local_[k].first; j < first[degree + 1] - local_[k].first; j++) {
        float *sum = row(local_[k], j);
        take(k, j, degree, sum);
        for (int b = 0; b < stride_; b += kLanes) store(sum + b, positive(load(sum + b)));
      }
    }
  }

  /** All pixels of the block are known: it gives to what comes after it. */
  void finish() {
    for (const MadeLink &link : network_.links) giveLater(link);
  }

  /** Leaves the block as it stands. */
  void interrupt() {
    for (size_t k = 1; k < local_.size(); k++)
      for (int j = 0; j < local_[k].size; j++)
        for (int b = 0; b < images_; b++)
          sums(b, network_.layers[k])[network_.layers[k].units[local_[k].first + j]] = row(local_[k], j)[b];
  }

 private:
  /**
   * The units of a layer whose degrees are the block's, [units, stride]: what came from the blocks before,
   * and once a unit is settled its value.
   */
  struct Local {
    int first = 0, size = 0;
    Floats values;
  };

  float *row(Local &local, int unit) { return local.values.data() + static_cast<size_t>(unit) * stride_; }

  float pixel(int image, int position) const {
    return pixels_[static_cast<size_t>(image) * network_.values + position];
  }

  float *sums(int image, const MadeUnits &units) {
    return state_ + static_cast<size_t>(image) * network_.total + units.start;
  }

  /** sum [stride] += what unit j of a layer, of the given degree, is given by those of the block. */
  void take(int layer, int j, int degree, float *sum) {
    for (size_t l = 0; l < network_.links.size(); l++) {
      const MadeLink &link = network_.links[l];
      if (link.to != layer) continue;
      Local &from = local_[link.from];
      const int count = network_.layers[link.from].first[degree + 1 - link.above] - from.first;
      const float *weights = between_[l].data() + static_cast<size_t>(j) * from.size;
      const Given given = link.presence ? Given{ones_.data(), 0} : Given{from.values.data(), stride_};
      int b = 0;
      for (; b + 4 * kLanes <= stride_; b += 4 * kLanes) addUnits<4>(count, given, weights, b, sum);
      for (; b < stride_; b += kLanes) addUnits<1>(count, given, weights, b, sum);
    }
  }

  /** sum [images] += weights [count] · given [count, images], of so many vectors of images from b on. */
  template <int Width>
  static void addUnits(int count, const Given &given, const float *weights, int b, float *sum) {
    Vector total[Width];
    UNROLLED for (int w = 0; w < Width; w++) total[w] = load(sum + b + w * kLanes);
    const float *values = given.first + b;
    for (int i = 0; i < count; i++, values += given.stride)
      UNROLLED for (int w = 0; w < Width; w++) total[w] += weights[i] * load(values + w * kLanes);
    UNROLLED for (int w = 0; w < Width; w++) store(sum + b + w * kLanes, total[w]);
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
    const Given given = link.presence ? Given{ones_.data(), 0} : Given{from.values.data(), stride_};
    float *out = state_ + targets.start + start;
    if (images_ < kImages) {
      for (int b = 0; b < images_; b++)
        rowByRow({given.first + b, given.stride}, n, out + b * network_.total);
    } else if (images_ < kTileRows) {
      panels<kImages, kRegisters / 8>(given, n, out);
    } else {
      panels<kTileRows, 2>(given, n, out);
    }
  }

  /** To one image: as many rows at a time as the processor follows well. */
  void rowByRow(const Given &given, int n, float *out) {
    const int inner = static_cast<int>(rows_.size());
    int k = 0;
    for (; k + 4 <= inner; k += 4)
      addRows<4>({given.first + k * given.stride, given.stride}, &rows_[k], n, out);
    for (; k < inner; k++) addRows<1>({given.first + k * given.stride, given.stride}, &rows_[k], n, out);
  }

  /** All columns, so many at a time as the registers hold. */
  template <int Images, int Width>
  void panels(const Given &given, int n, float *out) {
    constexpr int columns = Width * kLanes;
    const int inner = static_cast<int>(rows_.size());
    panel_.resize(static_cast<size_t>(inner) * columns);
    for (int column = 0; column < n; column += columns) {
      // A copy lies close together in the cache, and has zeros after the last column.
      for (int k = 0; k < inner; k++) {
        float *copy = panel_.data() + static_cast<size_t>(k) * columns;
        for (int w = 0; w < columns; w += kLanes)
          store(copy + w, loadSome(rows_[k] + column + w, rest(n, column + w)));
      }
      const auto add = [&](auto together, int b) {
        addPanel<decltype(together)::value, Width>(inner, {given.first + b, given.stride}, panel_.data(), n,
                                                   column, out + static_cast<size_t>(b) * network_.total,
                                                   network_.total);
      };
      int b = 0;
      for (; b + Images <= images_; b += Images) add(std::integral_constant<int, Images>(), b);
      for (; b < images_; b++) add(std::integral_constant<int, 1>(), b);
    }
  }

  const MadeNetwork &network_;
  int images_;
  /** From a unit to the next: the images, to whole vectors. */
  int stride_;
  float *state_, *pixels_;
  /** The block's first and last degree. */
  int low_ = 1, high_ = 0;
  std::vector<Local> local_;
  Floats logits_, ones_;
  /** Of each link, [units of the block that take, units that give], in rising degree. */
  std::vector<Floats> between_;
  std::vector<const float *> rows_;
  Floats panel_;
};
