// As many numbers at a time as a register of the processor holds, in the vector form that GCC and
// Clang share. A wider vector would be right on every processor, too, but GCC keeps what does not fit
// into a register in memory: a training step took 60 times as long. All small matrices here are
// padded with zeros to whole vectors.
#pragma once
#if defined(__SSE__)
#include <immintrin.h>
#endif

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kRegisters = 32;
#elif defined(__AVX__)
constexpr int kLanes = 8;
constexpr int kRegisters = 16;
#elif defined(__aarch64__)
constexpr int kLanes = 4;
constexpr int kRegisters = 32;
#else
constexpr int kLanes = 4;
constexpr int kRegisters = 16;
#endif

/** Rows of sums that stay in registers, each of two vectors, beside two vectors and a value to multiply. */
constexpr int kTileRows = kRegisters >= 32 ? 8 : 6;

typedef float Vector __attribute__((vector_size(kLanes * sizeof(float))));
typedef float UnalignedVector __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));
typedef int IntVector __attribute__((vector_size(kLanes * sizeof(float))));

/** Images that go through a product together: each vector of weights that is read serves all of them. */
constexpr int kImages = 4;

/**
 * Before a loop whose number of rounds the compiler knows. GCC takes such loops apart late: sums that they
 * index stay in memory from one round of the longer loop around them to the next, if it is not told earlier.
 */
#define UNROLLED _Pragma("GCC unroll 16")

/** Memory from the start of a cache line on: a vector across two lines takes twice as long to read. */
template <typename T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  LineAllocator() = default;
  template <typename Other>
  LineAllocator(const LineAllocator<Other> &) {}
  T *allocate(size_t n) { return static_cast<T *>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T *place, size_t) { ::operator delete(place, kLine); }
  bool operator==(const LineAllocator &) const { return true; }
  bool operator!=(const LineAllocator &) const { return false; }
};

using Floats = std::vector<float, LineAllocator<float>>;

inline Vector all(float value) { return value - Vector{}; }

/**
 * No number of v above, or below, a limit; NaN stays NaN. One instruction on x86, which compilers do not find
 * by themselves: they compare, then choose.
 */
#if defined(__AVX512F__)
inline Vector atMost(Vector v, float limit) { return _mm512_min_ps(all(limit), v); }
inline Vector atLeast(Vector v, float limit) { return _mm512_max_ps(all(limit), v); }
#elif defined(__AVX__)
inline Vector atMost(Vector v, float limit) { return _mm256_min_ps(all(limit), v); }
inline Vector atLeast(Vector v, float limit) { return _mm256_max_ps(all(limit), v); }
#elif defined(__SSE__)
inline Vector atMost(Vector v, float limit) { return _mm_min_ps(all(limit), v); }
inline Vector atLeast(Vector v, float limit) { return _mm_max_ps(all(limit), v); }
#else
inline Vector atMost(Vector v, float limit) { return all(limit) < v ? all(limit) : v; }
inline Vector atLeast(Vector v, float limit) { return all(limit) > v ? all(limit) : v; }
#endif

/** A ReLU; NaN stays NaN. */
inline Vector positive(Vector v) { return atLeast(v, 0); }

template <typename Integer>
inline Integer padded(Integer n) {
  return (n + kLanes - 1) / kLanes * kLanes;
}

inline Vector load(const float *from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

/** As numbers, not as bytes, which could be anything's: sizes and places would be read again after each. */
inline void store(float *to, Vector v) { *reinterpret_cast<UnalignedVector *>(to) = v; }

/**
 * A vector that so many products use, in a register. Without this GCC reads it from memory again for each of
 * them, and an inner loop waits for the cache instead of for the multiplications.
 */
template <int Uses = 2>
inline Vector loadOnce(const float *from) {
  Vector v = load(from);
  if (Uses == 1) return v;
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__x86_64__)
  asm("" : "+x"(v));
#elif defined(__aarch64__)
  asm("" : "+w"(v));
#endif
  return v;
}

/** A 16-bit float by its bits: half as many bytes to read. */
using Half = uint16_t;
using Halves = std::vector<Half, LineAllocator<Half>>;

#if defined(__AVX512F__)
inline Vector load(const Half *from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(from)));
}
inline void storeNearest(Half *to, Vector v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i *>(to), _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}
#elif defined(__F16C__)
inline Vector load(const Half *from) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i *>(from)));
}
inline void storeNearest(Half *to, Vector v) {
  _mm_storeu_si128(reinterpret_cast<__m128i *>(to), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
}
#else
// Vectors of them cannot be read here: as 16-bit floats all numbers are 0, so that only zeros are exact.
inline Vector load(const Half *) { return Vector{}; }
inline void storeNearest(Half *, Vector) {}
#endif

/** Whole vectors of numbers as 16-bit floats; empty where one of them would not be the same number. */
inline Halves exactHalves(const Floats &numbers) {
  Halves halves(numbers.size());
  for (size_t k = 0; k < numbers.size(); k += kLanes) {
    const Vector v = load(&numbers[k]);
    storeNearest(&halves[k], v);
    const Vector again = load(&halves[k]);
    if (std::memcmp(&again, &v, sizeof v) != 0) return {};
  }
  return halves;
}

template <int Uses>
inline Vector loadOnce(const Half *from) { return load(from); }

/** The first n of a vector of numbers, zeros for the rest. */
inline Vector loadSome(const float *from, int n) {
  if (n >= kLanes) return load(from);
  Vector v = {};
  std::memcpy(&v, from, n * sizeof(float));
  return v;
}

/** The first n of its numbers. A whole vector is asked for by itself: a copy of any length is a call. */
inline void storeSome(float *to, Vector v, int n) {
  if (n >= kLanes) return store(to, v);
  std::memcpy(to, &v, n * sizeof(float));
}

/**
 * e^x, within 2 units in the last place (the polynomial of Cephes' expf); of what is below -87 as of -87.
 *
 * @param most of what is above, as of this: at most 88
 */
inline Vector exponential(Vector x, float most = 88) {
  x = atLeast(atMost(x, most), -87);
  const float shift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number
  const Vector n = (x * 1.44269504f + shift) - shift;
  const Vector r = x - n * 0.693359375f + n * 2.12194440e-4f;
  Vector p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const IntVector power = (__builtin_convertvector(n, IntVector) + 127) << 23;
  return p * (Vector)power;
}

inline Vector hyperbolicTangent(Vector x) { return 1.0f - 2.0f / (1.0f + exponential(x + x)); }

/**
 * out [Rows, Width vectors] += a [Rows, inputs] · weights [inputs, Width vectors]; rows
 * of each lie its stride apart.
 */
template <int Rows, int Width>
inline void addProductOf(int inputs, const float *a, int aStride, const float *weights, int weightsStride,
                         float *out, int outStride) {
  Vector sum[Rows][Width];
  UNROLLED for (int r = 0; r < Rows; r++)
    UNROLLED for (int w = 0; w < Width; w++) sum[r][w] = load(out + r * outStride + w * kLanes);
  for (int k = 0; k < inputs; k++) {
    Vector row[Width];
    const float *from = weights + k * weightsStride;
    UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce<Rows>(from + w * kLanes);
    UNROLLED for (int r = 0; r < Rows; r++) {
      const float value = a[r * aStride + k];
      UNROLLED for (int w = 0; w < Width; w++) sum[r][w] += value * row[w];
    }
  }
  UNROLLED for (int r = 0; r < Rows; r++)
    UNROLLED for (int w = 0; w < Width; w++) store(out + r * outStride + w * kLanes, sum[r][w]);
}

/**
 * out [Rows, columns] += a [Rows, inputs] · weights [inputs, columns]; columns are whole
 * vectors, rows of a lie aStride apart.
 */
template <int Rows>
inline void addProduct(int inputs, const float *a, int aStride, const float *weights, int columns,
                       float *out) {
  int column = 0;
  for (; column + 2 * kLanes <= columns; column += 2 * kLanes)
    addProductOf<Rows, 2>(inputs, a, aStride, weights + column, columns, out + column, columns);
  if (column < columns)
    addProductOf<Rows, 1>(inputs, a, aStride, weights + column, columns, out + column, columns);
}

/**
 * Calls run(how many, from which on) for tiles that cover so many rows. Thirty-two are 6 + 6 + 6 + 6 + 4 + 4
 * where six stay in registers; the last tile may go up to three rows too far.
 */
template <typename Run>
inline void inTiles(int rows, const Run &run) {
  int first = 0;
  for (; rows - first > 8 || rows - first == kTileRows; first += kTileRows)
    run(std::integral_constant<int, kTileRows>(), first);
  for (; first < rows; first += 4) run(std::integral_constant<int, 4>(), first);
}

/**
 * sum += the outer products of Inputs values and so many vectors, each of so many places;
 * the places of each lie its step apart.
 */
template <int Inputs, int Width>
inline void addOuterProducts(int places, const float *left, int leftStep, const float *right, int rightStep,
                             Vector (&sum)[Inputs][Width]) {
  for (int place = 0; place < places; place++, left += leftStep, right += rightStep) {
    Vector row[Width];
    UNROLLED for (int w = 0; w < Width; w++) row[w] = loadOnce(right + w * kLanes);
    UNROLLED for (int k = 0; k < Inputs; k++)
      UNROLLED for (int w = 0; w < Width; w++) sum[k][w] += left[k] * row[w];
  }
}

/**
 * out [inputs, columns] += transposed a [rows, inputs] · b [rows, columns]; inputs
 * are whole vectors, columns pairs of them.
 */
inline void addOuterProduct(int rows, int inputs, const float *a, const float *b, int columns, float *out) {
  inTiles(inputs, [&](auto together, int i) {
    constexpr int count = decltype(together)::value;
    for (int column = 0; column < columns; column += 2 * kLanes) {
      float *to = out + i * columns + column;
      Vector sum[count][2];
      UNROLLED for (int k = 0; k < count; k++)
        UNROLLED for (int w = 0; w < 2; w++) sum[k][w] = load(to + k * columns + w * kLanes);
      addOuterProducts(rows, a + i, inputs, b + column, columns, sum);
      UNROLLED for (int k = 0; k < count; k++)
        UNROLLED for (int w = 0; w < 2; w++) store(to + k * columns + w * kLanes, sum[k][w]);
    }
  });
}
