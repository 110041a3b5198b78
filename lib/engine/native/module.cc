// The project's own kernels: loaded beside tfjs-node's binding, they register operations with the same
// TensorFlow runtime, and give JavaScript the samplers of madeSampler.cc and pixelSampler.cc.
#include <node_api.h>

#include <mutex>

#include "arguments.h"
#include "operations.h"

void registerAdam();
void registerCrossEntropy();
void registerGate();
void registerGatedLayers();
void registerImageConvolution();
void registerLstmLayer();
void registerLstmScan();
void registerMaskedDense();
void registerReluConvolutions();

napi_value createMadeWeights(napi_env env, napi_callback_info info);
napi_value createMadeSampler(napi_env env, napi_callback_info info);
napi_value restartMadeSampler(napi_env env, napi_callback_info info);
napi_value madeLogits(napi_env env, napi_callback_info info);
napi_value drawMade(napi_env env, napi_callback_info info);
napi_value createPixelSampler(napi_env env, napi_callback_info info);
napi_value restartPixelSampler(napi_env env, napi_callback_info info);
napi_value pixelLogits(napi_env env, napi_callback_info info);
napi_value drawPixels(napi_env env, napi_callback_info info);

namespace {

/** setThreads(count): how many threads the operations use from now on */
napi_value setThreads(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, "setThreads", 1);
  const int count = arguments.integer(0, "count", 1, 1024);
  if (arguments.good()) threadCount = count;
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  // A process may load this once in each of its threads; the runtime knows an operation once.
  static std::once_flag registered;
  std::call_once(registered, [] {
    registerAdam();
    registerCrossEntropy();
    registerGate();
    registerGatedLayers();
    registerImageConvolution();
    registerLstmLayer();
    registerLstmScan();
    registerMaskedDense();
    registerReluConvolutions();
  });
  if (!registrationErrors.empty()) {
    napi_throw_error(env, nullptr, ("native kernels: " + registrationErrors).c_str());
    return nullptr;
  }
  constexpr auto function = [](const char *name, napi_callback callback) {
    return napi_property_descriptor{name,    nullptr, callback,        nullptr,
                                    nullptr, nullptr, napi_enumerable, nullptr};
  };
  const napi_property_descriptor properties[] = {
      function("setThreads", setThreads),
      function("createMadeWeights", createMadeWeights),
      function("createMadeSampler", createMadeSampler),
      function("restartMadeSampler", restartMadeSampler),
      function("madeLogits", madeLogits),
      function("drawMade", drawMade),
      function("createPixelSampler", createPixelSampler),
      function("restartPixelSampler", restartPixelSampler),
      function("pixelLogits", pixelLogits),
      function("drawPixels", drawPixels),
  };
  if (napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) != napi_ok) {
    napi_throw_error(env, nullptr, "native kernels: cannot be exported");
    return nullptr;
  }
  return exports;
}
