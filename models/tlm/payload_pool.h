// SPDX-License-Identifier: Apache-2.0
// Payloads that are used again once nobody holds them any more: the memory manager that TLM-2.0 asks for in
// non-blocking transport (IEEE 1666-2011, section 14.5).
#pragma once

#include <cstddef>
#include <deque>
#include <tlm>
#include <vector>

namespace weft {

class PayloadPool : public tlm::tlm_mm_interface {
 public:
  // A payload held once: release() it when the transaction is over.
  tlm::tlm_generic_payload& acquire() {
    if (free_.empty()) free_.push_back(&payloads_.emplace_back(this));
    tlm::tlm_generic_payload& payload = *free_.back();
    free_.pop_back();
    payload.acquire();
    return payload;
  }

  // Payloads made so far: as many as were held at a time.
  std::size_t size() const { return payloads_.size(); }
  std::size_t held() const { return payloads_.size() - free_.size(); }

 private:
  void free(tlm::tlm_generic_payload* payload) override {
    payload->reset();
    free_.push_back(payload);
  }

  std::deque<tlm::tlm_generic_payload> payloads_;  // whose elements stay where they are
  std::vector<tlm::tlm_generic_payload*> free_;
};

}  // namespace weft
