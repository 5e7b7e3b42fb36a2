// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/protocol_checker.h"

#include <fmt/format.h>

namespace weft {

namespace {

struct Attributes {
  explicit Attributes(const tlm::tlm_generic_payload& payload)
      : command(payload.get_command()),
        data(payload.get_data_ptr()),
        length(payload.get_data_length()),
        width(payload.get_streaming_width()),
        enables(payload.get_byte_enable_ptr()),
        enable_length(payload.get_byte_enable_length()) {}

  bool operator==(const Attributes& other) const {
    return command == other.command && data == other.data && length == other.length && width == other.width &&
           enables == other.enables && enable_length == other.enable_length;
  }

  tlm::tlm_command command;
  const unsigned char* data;
  unsigned length;
  unsigned width;
  const unsigned char* enables;
  unsigned enable_length;
};

}  // namespace

ProtocolChecker::ProtocolChecker(const sc_core::sc_module_name& name)
    : sc_module(name), target("target"), initiator("initiator") {
  target.bind(*this);
  initiator.bind(*this);
}

void ProtocolChecker::require(bool kept, const char* rule, const tlm::tlm_generic_payload& payload) {
  if (kept) return;
  ++violations_;
  const std::string text = fmt::format("{}: address {:#x}, {} bytes: {}", name(), payload.get_address(),
                                       payload.get_data_length(), rule);
  if (handler_) {
    handler_(text);
  } else {
    SC_REPORT_WARNING("base protocol", text.c_str());
  }
}

void ProtocolChecker::check_request(const tlm::tlm_generic_payload& payload) {
  require(payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE,
          "a request has a response status other than incomplete", payload);
  require(!payload.is_dmi_allowed(), "a request has the DMI hint set", payload);
  require(payload.get_streaming_width() > 0, "the streaming width is 0", payload);
  require(payload.get_byte_enable_ptr() == nullptr || payload.get_byte_enable_length() > 0,
          "there are byte enables of length 0", payload);
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return;
  require(payload.get_data_ptr() != nullptr, "there is no data pointer", payload);
  require(payload.get_data_length() > 0, "the data length is 0", payload);
}

void ProtocolChecker::check_response(const tlm::tlm_generic_payload& payload) {
  require(payload.get_response_status() != tlm::TLM_INCOMPLETE_RESPONSE,
          "the response status is still incomplete", payload);
}

void ProtocolChecker::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  ++transactions_;
  check_request(payload);
  const Attributes before(payload);
  // As a value: what sc_time_stamp() refers to goes on.
  const sc_core::sc_time called = sc_core::sc_time_stamp() + delay;
  initiator->b_transport(payload, delay);
  require(sc_core::sc_time_stamp() + delay >= called, "the transaction ends before it was called", payload);
  require(Attributes(payload) == before, "the target has changed attributes", payload);
  check_response(payload);
}

void ProtocolChecker::begin(const tlm::tlm_generic_payload& payload) {
  ++transactions_;
  check_request(payload);
  require(payload.has_mm(), "a non-blocking transaction has no memory manager", payload);
  require(under_way_.count(&payload) == 0, "BEGIN_REQ of a transaction that is under way", payload);
  require(request_ == nullptr, "BEGIN_REQ before the previous request's END_REQ", payload);
  under_way_[&payload] = Stage::kRequest;
  request_ = &payload;
}

// END_REQ or BEGIN_RESP, by a call on the backward path or by a return on the forward one.
void ProtocolChecker::target_moves(const tlm::tlm_generic_payload& payload, const tlm::tlm_phase& phase) {
  const auto at = under_way_.find(&payload);
  if (at == under_way_.end()) {
    require(false, "a phase of a transaction that is not under way", payload);
    return;
  }
  if (phase == tlm::END_REQ) {
    require(at->second == Stage::kRequest, "END_REQ that does not follow BEGIN_REQ", payload);
    at->second = Stage::kAccepted;
  } else if (phase == tlm::BEGIN_RESP) {
    require(at->second != Stage::kResponse, "a second BEGIN_RESP", payload);
    require(response_ == nullptr, "BEGIN_RESP before the previous response's END_RESP", payload);
    check_response(payload);
    at->second = Stage::kResponse;
    response_ = &payload;
  } else {
    require(false, "a phase that a target may not send", payload);
  }
  if (request_ == &payload) request_ = nullptr;
}

void ProtocolChecker::finish(const tlm::tlm_generic_payload& payload) {
  under_way_.erase(&payload);
  if (request_ == &payload) request_ = nullptr;
  if (response_ == &payload) response_ = nullptr;
}

tlm::tlm_sync_enum ProtocolChecker::nb_transport_fw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
  if (phase == tlm::BEGIN_REQ) {
    begin(payload);
  } else if (phase == tlm::END_RESP) {
    require(response_ == &payload, "END_RESP that does not follow BEGIN_RESP", payload);
    finish(payload);
  } else {
    require(false, "a phase that an initiator may not send", payload);
  }
  const tlm::tlm_sync_enum answer = initiator->nb_transport_fw(payload, phase, delay);
  if (answer == tlm::TLM_UPDATED) target_moves(payload, phase);
  if (answer == tlm::TLM_COMPLETED && under_way_.count(&payload) != 0) {
    check_response(payload);
    finish(payload);
  }
  return answer;
}

tlm::tlm_sync_enum ProtocolChecker::nb_transport_bw(tlm::tlm_generic_payload& payload, tlm::tlm_phase& phase,
                                                    sc_core::sc_time& delay) {
  target_moves(payload, phase);
  const tlm::tlm_sync_enum answer = target->nb_transport_bw(payload, phase, delay);
  if (answer == tlm::TLM_COMPLETED) {
    finish(payload);
  } else if (answer == tlm::TLM_UPDATED) {
    require(phase == tlm::END_RESP && response_ == &payload,
            "an initiator answers with another phase than END_RESP", payload);
    finish(payload);
  }
  return answer;
}

unsigned int ProtocolChecker::transport_dbg(tlm::tlm_generic_payload& payload) {
  const unsigned int bytes = initiator->transport_dbg(payload);
  require(bytes <= payload.get_data_length(), "a debug access has moved more bytes than asked for", payload);
  return bytes;
}

bool ProtocolChecker::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const std::uint64_t address = payload.get_address();
  const bool granted = initiator->get_direct_mem_ptr(payload, dmi);
  require(!granted || dmi.get_dmi_ptr() != nullptr, "direct access is granted without a pointer", payload);
  require(!granted || (address >= dmi.get_start_address() && address <= dmi.get_end_address()),
          "direct access is granted elsewhere than asked for", payload);
  return granted;
}

void ProtocolChecker::invalidate_direct_mem_ptr(sc_dt::uint64 start, sc_dt::uint64 end) {
  target->invalidate_direct_mem_ptr(start, end);
}

}  // namespace weft
