// SPDX-License-Identifier: Apache-2.0
// How somebody who waits for a reference training ends it early.
#pragma once

#include <atomic>

namespace weft::reference {

// Thrown by a training or evaluation that was asked to end; its object is good for nothing any more.
struct Stopped {};

class StopRequest {
 public:
  StopRequest() = default;
  // `asked` may become true at any time, also in a signal handler; it outlives the training.
  explicit StopRequest(const std::atomic<bool>& asked) : asked_(&asked) {}

  void check() const {
    if (asked_ != nullptr && *asked_) throw Stopped{};
  }

 private:
  const std::atomic<bool>* asked_ = nullptr;
};

}  // namespace weft::reference
