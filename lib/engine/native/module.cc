// The project's own kernels: loaded beside tfjs-node's binding, they register operations with the same
// TensorFlow runtime, and give JavaScript the samplers of pixelSampler.cc.
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
void registerMadeDraw();
void registerMaskedDense();
void registerReluConvolutions();

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
    registerMadeDraw();
    registerMaskedDense();
    registerReluConvolutions();
  });
  if (!registrationErrors.empty()) {
    napi_throw_error(env, nullptr, ("native kernels: " + registrationErrors).c_str());
    return nullptr;
  }
  const napi_property_descriptor properties[] = {
      {"setThreads", nullptr, setThreads, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"createPixelSampler", nullptr, createPixelSampler, nullptr, nullptr, nullptr, napi_enumerable,
       nullptr},
      {"restartPixelSampler", nullptr, restartPixelSampler, nullptr, nullptr, nullptr, napi_enumerable,
       nullptr},
      {"pixelLogits", nullptr, pixelLogits, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"drawPixels", nullptr, drawPixels, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  if (napi_define_properties(env, exports, sizeof properties / sizeof *properties, properties) != napi_ok) {
    napi_throw_error(env, nullptr, "native kernels: cannot be exported");
    return nullptr;
  }
  return exports;
}
