// Work on several cores.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

/** How many threads work at once: what lib/engine/threads.ts has told, one until then. */
inline std::atomic<int> threadCount{1};

/**
 * Threads that wait for work until the process ends. To start one costs 40 microseconds, to wake one 6, and
 * a step of training has dozens of operations.
 */
class Helpers {
 public:
  /** Never destroyed, since its threads are never joined. */
  static Helpers &all() {
    static Helpers *const helpers = new Helpers;
    return *helpers;
  }
  /** Runs `work` here and, as soon as they wake, on so many others; returns when all of them have ended. */
  void run(int others, const std::function<void()> &work) {
    const std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
    // Another thread of JavaScript has the helpers: it is not waited for.
    if (!turn.owns_lock()) return work();
    offer(others, &work);
    // Also where `work` throws: the others still use it.
    const Ending ending{*this};
    work();
  }

 private:
  struct Ending {
    Helpers &helpers;
    ~Ending() {
      std::unique_lock<std::mutex> lock(helpers.mutex_);
      helpers.wanted_ = 0;
      helpers.ended_.wait(lock, [this] { return helpers.busy_ == 0; });
    }
  };
  void offer(int others, const std::function<void()> *work) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (; count_ < others; count_++) std::thread([this] { help(); }).detach();
      work_ = work;
      wanted_ = others;
    }
    offered_.notify_all();
  }
  [[noreturn]] void help() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      offered_.wait(lock, [this] { return wanted_ > 0; });
      wanted_--;
      busy_++;
      const std::function<void()> *const work = work_;
      lock.unlock();
      (*work)();
      lock.lock();
      if (--busy_ == 0) ended_.notify_one();
    }
  }
  /** Held by who is being helped. */
  std::mutex turn_;
  /** Guards all that follows. */
  std::mutex mutex_;
  std::condition_variable offered_, ended_;
  const std::function<void()> *work_ = nullptr;
  int count_ = 0, wanted_ = 0, busy_ = 0;
};

/** Calls run(task) for each task, on all cores; which core takes which task is left open. */
template <typename Run>
void inParallel(int tasks, const Run &run) {
  std::atomic<int> next{0};
  const auto work = [&] {
    for (int task = next++; task < tasks; task = next++) run(task);
  };
  const int others = std::min(threadCount.load(), tasks) - 1;
  if (others > 0) Helpers::all().run(others, work);
  else work();
}
