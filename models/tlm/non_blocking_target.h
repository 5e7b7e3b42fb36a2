// SPDX-License-Identifier: Apache-2.0
// The target's side of non-blocking transport, from a blocking handler (base protocol of TLM-2.0, IEEE
// 1666-2011, section 15).
//
//   BEGIN_REQ   with room: answered TLM_UPDATED with END_REQ; without room, or annotated with a delay:
//               TLM_ACCEPTED, and END_REQ follows on the backward path. An ignore command is TLM_COMPLETED.
//   BEGIN_RESP  on the backward path when the handler has returned and its delay has passed; one response at
//               a time, in the order in which handlers end
//   END_RESP    ends the transaction: by the return value of BEGIN_RESP or on the forward path
//
// So an initiator may have as many requests under way as there is room for, and is held back by END_REQ when
// there is none. Handlers begin in the order of the requests, each in a process of its own, so they may wait.
#pragma once

#include <functional>
#include <systemc>
#include <tlm>

#include "models/tlm/process_pool.h"

namespace weft {

class NonBlockingTarget {
 public:
  using Serve = std::function<void(tlm::tlm_generic_payload&, sc_core::sc_time& delay)>;
  using Backward =
      std::function<tlm::tlm_sync_enum(tlm::tlm_generic_payload&, tlm::tlm_phase&, sc_core::sc_time&)>;

  // `room`: requests that may be under way at a time, at least 1.
  NonBlockingTarget(unsigned room, Serve serve, Backward backward);

  tlm::tlm_sync_enum forward(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                             sc_core::sc_time& delay);

 private:
  tlm::tlm_sync_enum begin(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase, sc_core::sc_time delay);
  void accept(tlm::tlm_generic_payload& payload, sc_core::sc_time delay);
  void serve(tlm::tlm_generic_payload& payload);
  void respond(tlm::tlm_generic_payload& payload);

  const unsigned room_;
  const Serve serve_;
  const Backward backward_;
  unsigned under_way_ = 0;
  sc_core::sc_event left_;                                // a transaction is over
  const tlm::tlm_generic_payload* responding_ = nullptr;  // BEGIN_RESP sent, END_RESP not received
  sc_core::sc_event ended_;                               // END_RESP has taken effect
  sc_core::sc_event response_free_;
  ProcessPool processes_;
};

}  // namespace weft
