// SPDX-License-Identifier: Apache-2.0
// Stands between an initiator and a target socket, hands everything through unchanged and checks it against
// the base protocol of TLM-2.0 (IEEE 1666-2011, sections 14 and 15):
//
//   request     response status incomplete, DMI hint not set, data and length present, streaming width and
//               byte-enable length above 0; non-blocking ones have a memory manager
//   response    status no longer incomplete; attributes other than the address as they were
//   phases      BEGIN_REQ, END_REQ, BEGIN_RESP, END_RESP in order, each on its own path; END_REQ may be left
//               out; one request and one response at a time
//   time        an annotated delay never takes a blocking transaction back to before its call
//   debug       no more bytes than asked for
//   DMI         a grant has a pointer and contains the address asked for
//
// A violation is told to the handler; without one it is a SystemC warning.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <systemc>
#include <tlm>
#include <unordered_map>

namespace weft {

class ProtocolChecker : public sc_core::sc_module,
                        public tlm::tlm_fw_transport_if<>,
                        public tlm::tlm_bw_transport_if<> {
 public:
  using Handler = std::function<void(const std::string& violation)>;

  tlm::tlm_target_socket<32> target;        // the initiator is bound to this
  tlm::tlm_initiator_socket<32> initiator;  // and this to the target

  explicit ProtocolChecker(const sc_core::sc_module_name& name);

  void on_violation(Handler handler) { handler_ = std::move(handler); }
  std::uint64_t violations() const { return violations_; }
  // Transactions that began, blocking and non-blocking.
  std::uint64_t transactions() const { return transactions_; }

 private:
  // Phase of a non-blocking transaction that has been passed on last.
  enum class Stage { kRequest, kAccepted, kResponse };

  void b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) override;
  tlm::tlm_sync_enum nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override;
  tlm::tlm_sync_enum nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                     sc_core::sc_time& delay) override;
  unsigned int transport_dbg(tlm::tlm_generic_payload& payload) override;
  bool get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) override;
  void invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) override;

  void check_request(const tlm::tlm_generic_payload& payload);
  void check_response(const tlm::tlm_generic_payload& payload);
  void begin(const tlm::tlm_generic_payload& payload);
  void target_moves(const tlm::tlm_generic_payload& payload, const tlm::tlm_phase& phase);
  void finish(const tlm::tlm_generic_payload& payload);
  void require(bool kept, const char* rule, const tlm::tlm_generic_payload& payload);

  Handler handler_;
  std::unordered_map<const tlm::tlm_generic_payload*, Stage> under_way_;
  const tlm::tlm_generic_payload* request_ = nullptr;   // not yet accepted
  const tlm::tlm_generic_payload* response_ = nullptr;  // not yet ended
  std::uint64_t violations_ = 0;
  std::uint64_t transactions_ = 0;
};

}  // namespace weft
