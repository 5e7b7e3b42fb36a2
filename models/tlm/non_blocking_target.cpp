// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/non_blocking_target.h"

#include <utility>

#include "models/tlm/consume.h"

namespace weft {

using sc_core::sc_time;
using tlm::tlm_generic_payload;
using tlm::tlm_phase;
using tlm::tlm_sync_enum;

NonBlockingTarget::NonBlockingTarget(unsigned room, Serve serve, Backward backward)
    : room_(room), serve_(std::move(serve)), backward_(std::move(backward)) {}

tlm_sync_enum NonBlockingTarget::forward(tlm_generic_payload& payload, tlm_phase& phase, sc_time& delay) {
  if (phase == tlm::BEGIN_REQ) return begin(payload, phase, delay);
  // Phases of other protocols may be ignored.
  if (phase != tlm::END_RESP) return tlm::TLM_ACCEPTED;
  if (responding_ == &payload) ended_.notify(delay);
  return tlm::TLM_COMPLETED;
}

tlm_sync_enum NonBlockingTarget::begin(tlm_generic_payload& payload, tlm_phase& phase, sc_time delay) {
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return tlm::TLM_COMPLETED;
  }
  if (payload.has_mm()) payload.acquire();
  if (delay > sc_core::SC_ZERO_TIME || under_way_ >= room_) {
    processes_.run([this, &payload, delay] { accept(payload, delay); });
    return tlm::TLM_ACCEPTED;
  }
  ++under_way_;
  processes_.run([this, &payload] { serve(payload); });
  phase = tlm::END_REQ;
  return tlm::TLM_UPDATED;
}

void NonBlockingTarget::accept(tlm_generic_payload& payload, sc_time delay) {
  consume(delay);
  while (under_way_ >= room_) sc_core::wait(left_);
  ++under_way_;
  tlm_phase phase = tlm::END_REQ;
  sc_time none;
  backward_(payload, phase, none);
  serve(payload);
}

void NonBlockingTarget::serve(tlm_generic_payload& payload) {
  sc_time delay;
  serve_(payload, delay);
  consume(delay);
  while (responding_ != nullptr) sc_core::wait(response_free_);
  respond(payload);
  if (payload.has_mm()) payload.release();
  --under_way_;
  left_.notify();
}

void NonBlockingTarget::respond(tlm_generic_payload& payload) {
  responding_ = &payload;
  tlm_phase phase = tlm::BEGIN_RESP;
  sc_time delay;
  const tlm_sync_enum answer = backward_(payload, phase, delay);
  // END_RESP may have come by a call from within.
  if (answer == tlm::TLM_ACCEPTED) {
    sc_core::wait(ended_);
  } else {
    consume(delay);
  }
  responding_ = nullptr;
  response_free_.notify();
}

}  // namespace weft
