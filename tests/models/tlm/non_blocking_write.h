// SPDX-License-Identifier: Apache-2.0
// A master that writes one word with the non-blocking protocol and notes when the response comes.
#pragma once

#include <tlm_utils/simple_initiator_socket.h>

#include <cstdint>
#include <systemc>
#include <vector>

namespace weft::test {

class NonBlockingWrite : public sc_core::sc_module {
 public:
  NonBlockingWrite(const sc_core::sc_module_name& name, std::uint64_t address)
      : sc_module(name), address_(address) {
    socket.register_nb_transport_bw(this, &NonBlockingWrite::backward);
    SC_THREAD(run);
  }
  SC_HAS_PROCESS(NonBlockingWrite);
  tlm_utils::simple_initiator_socket<NonBlockingWrite> socket{"socket"};
  std::vector<std::uint8_t> data = {1, 2, 3, 4};
  tlm::tlm_generic_payload payload;
  sc_core::sc_time answered;

 private:
  void run() {
    payload.set_command(tlm::TLM_WRITE_COMMAND);
    payload.set_address(address_);
    payload.set_data_ptr(data.data());
    payload.set_data_length(static_cast<unsigned>(data.size()));
    payload.set_streaming_width(static_cast<unsigned>(data.size()));
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_core::sc_time delay;
    socket->nb_transport_fw(payload, phase, delay);
  }
  tlm::tlm_sync_enum backward(tlm::tlm_generic_payload&, tlm::tlm_phase& phase, sc_core::sc_time& delay) {
    if (phase != tlm::BEGIN_RESP) return tlm::TLM_ACCEPTED;
    answered = sc_core::sc_time_stamp() + delay;
    phase = tlm::END_RESP;
    return tlm::TLM_UPDATED;
  }

  std::uint64_t address_;
};

}  // namespace weft::test
