// What JavaScript gives to a function of this module, checked: the first thing that is wrong is thrown as an
// error, and the function returns at once.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/** An array of numbers that belongs to JavaScript. */
template <typename Number>
struct Numbers {
  Number *data = nullptr;
  size_t length = 0;
};

template <typename Number>
constexpr napi_typedarray_type typeOf();
template <>
constexpr napi_typedarray_type typeOf<float>() { return napi_float32_array; }
template <>
constexpr napi_typedarray_type typeOf<int32_t>() { return napi_int32_array; }
template <>
constexpr napi_typedarray_type typeOf<int16_t>() { return napi_int16_array; }
template <>
constexpr napi_typedarray_type typeOf<uint8_t>() { return napi_uint8_array; }

class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, const char *function, size_t count)
      : env_(env), function_(function), values_(count) {
    size_t given = count;
    napi_get_cb_info(env, info, &given, values_.data(), nullptr, nullptr);
    require(given >= count,
            "must have " + std::to_string(count) + " arguments, got " + std::to_string(given));
  }
  /** @returns whether it holds; the first that does not is thrown */
  bool require(bool holds, const std::string &rule) {
    if (!holds && good_) {
      good_ = false;
      napi_throw_range_error(env_, nullptr, (std::string(function_) + ": " + rule).c_str());
    }
    return holds;
  }
  bool good() const { return good_; }
  napi_value value(size_t index) const { return values_[index]; }
  double number(size_t index, const char *name) {
    double number = 0;
    if (good_)
      require(napi_get_value_double(env_, values_[index], &number) == napi_ok,
              std::string(name) + " must be a number");
    return number;
  }
  int32_t integer(size_t index, const char *name, int32_t least, int32_t most) {
    const double found = number(index, name);
    const bool holds = found >= least && found <= most && found == static_cast<int32_t>(found);
    require(holds, std::string(name) + " must be an integer from " + std::to_string(least) + " to " +
                       std::to_string(most));
    return holds ? static_cast<int32_t>(found) : least;
  }
  /** @param least how many numbers there must be */
  template <typename Number>
  Numbers<Number> array(size_t index, const char *name, size_t least) {
    return arrayOf<Number>(values_[index], name, least);
  }
  template <typename Number>
  Numbers<Number> arrayOf(napi_value given, const char *name, size_t least) {
    Numbers<Number> array;
    if (!good_) return array;
    napi_typedarray_type type = napi_uint8_array;
    void *data = nullptr;
    size_t length = 0;
    bool typed = false;
    napi_is_typedarray(env_, given, &typed);
    if (typed) napi_get_typedarray_info(env_, given, &type, &length, &data, nullptr, nullptr);
    const bool fits = typed && type == typeOf<Number>() && length >= least;
    require(fits, std::string(name) + " must be an array of at least " + std::to_string(least) +
                      " numbers of its type");
    if (fits) array = {static_cast<Number *>(data), length};
    return array;
  }
  /** Of an array of JavaScript. */
  std::vector<napi_value> elements(size_t index, const char *name) {
    uint32_t length = 0;
    const bool isArray = good_ && napi_get_array_length(env_, values_[index], &length) == napi_ok;
    require(isArray, std::string(name) + " must be an array");
    std::vector<napi_value> elements(length);
    for (uint32_t k = 0; k < length && good_; k++)
      require(napi_get_element(env_, values_[index], k, &elements[k]) == napi_ok,
              std::string(name) + " must be an array that can be read");
    return elements;
  }
  bool isNull(size_t index) const {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, values_[index], &type);
    return type == napi_null;
  }
  /**
   * @param object with how many bytes() it has: the garbage collector comes when it is told of enough
   * @returns what JavaScript may hold, and gives back
   */
  template <typename Object>
  napi_value hold(std::unique_ptr<Object> object) {
    if (!good_ || !object) return nullptr;
    const auto release = [](napi_env env, void *held, void *) {
      const std::unique_ptr<Object> owned(static_cast<Object *>(held));
      int64_t now = 0;
      napi_adjust_external_memory(env, -static_cast<int64_t>(owned->bytes()), &now);
    };
    napi_value result = nullptr;
    const bool done = napi_create_external(env_, object.get(), release, nullptr, &result) == napi_ok;
    if (!require(done, "there is no memory")) return nullptr;
    int64_t now = 0;
    napi_adjust_external_memory(env_, static_cast<int64_t>(object.release()->bytes()), &now);
    return result;
  }
  /** What a function of this module has returned. */
  template <typename Object>
  Object *object(napi_value given, const char *name) {
    void *data = nullptr;
    if (!good_) return nullptr;
    const bool found = napi_get_value_external(env_, given, &data) == napi_ok && data != nullptr;
    if (!require(found, std::string(name) + " must be what this module has made")) return nullptr;
    auto *object = static_cast<Object *>(data);
    return require(object->magic == Object::kMagic, std::string(name) + " must be what this module has made")
               ? object
               : nullptr;
  }

 private:
  napi_env env_;
  const char *function_;
  std::vector<napi_value> values_;
  bool good_ = true;
};
