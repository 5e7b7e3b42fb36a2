// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/initiator_socket.h"

namespace weft {

namespace {

void fill(tlm::tlm_generic_payload& payload, const Transfer& transfer) {
  payload.set_command(transfer.write ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
  payload.set_address(transfer.address);
  payload.set_data_ptr(transfer.data);
  payload.set_data_length(transfer.size);
  payload.set_streaming_width(transfer.size);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_byte_enable_length(0);
  payload.set_dmi_allowed(false);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

// The generic payload has one data pointer for both directions; a write's target only reads through it.
std::uint8_t* payload_data(const void* data) {
  return const_cast<std::uint8_t*>(static_cast<const std::uint8_t*>(data));
}

}  // namespace

InitiatorSocket::InitiatorSocket(const char* name) : simple_initiator_socket(name) {
  register_invalidate_direct_mem_ptr(this, &InitiatorSocket::invalidate);
}

Status InitiatorSocket::read(std::uint64_t address, void* data, std::uint32_t size, sc_core::sc_time& delay) {
  return access({false, address, static_cast<std::uint8_t*>(data), size, false}, delay);
}

Status InitiatorSocket::write(std::uint64_t address, const void* data, std::uint32_t size,
                              sc_core::sc_time& delay) {
  return access({true, address, payload_data(data), size, false}, delay);
}

Status InitiatorSocket::access(const Transfer& transfer, sc_core::sc_time& delay) {
  tlm::tlm_generic_payload& payload = payloads_.acquire();
  fill(payload, transfer);
  Status status = Status::ok;
  if (transfer.debug) {
    const unsigned reached = (*this)->transport_dbg(payload);
    status = reached == transfer.size ? Status::ok : Status::address_error;
  } else {
    (*this)->b_transport(payload, delay);
    status = from_tlm(payload.get_response_status());
  }
  payload.release();
  return status;
}

Status InitiatorSocket::forward(const Burst& burst, sc_core::sc_time& delay) {
  tlm::tlm_generic_payload& payload = payloads_.acquire();
  fill(payload, burst.data);
  payload.set_streaming_width(burst.streaming_width);
  // As with the data pointer, TLM-2.0 knows no pointer to const.
  payload.set_byte_enable_ptr(const_cast<std::uint8_t*>(burst.enables));
  payload.set_byte_enable_length(burst.enable_length);
  (*this)->b_transport(payload, delay);
  const Status status = from_tlm(payload.get_response_status());
  payload.release();
  return status;
}

Status InitiatorSocket::post(std::uint64_t address, const void* data, std::uint32_t size, Posting& posting,
                             sc_core::sc_time& delay) {
  tlm::tlm_generic_payload& payload = payloads_.acquire();
  fill(payload, {true, address, payload_data(data), size, false});
  payload.set_extension(&posting);
  (*this)->b_transport(payload, delay);
  payload.clear_extension(&posting);
  const Status status = from_tlm(payload.get_response_status());
  payload.release();
  return status;
}

Status InitiatorSocket::read_debug(std::uint64_t address, void* data, std::uint32_t size) {
  sc_core::sc_time unused;
  return access({false, address, static_cast<std::uint8_t*>(data), size, true}, unused);
}

Status InitiatorSocket::write_debug(std::uint64_t address, const void* data, std::uint32_t size) {
  sc_core::sc_time unused;
  return access({true, address, payload_data(data), size, true}, unused);
}

std::optional<DirectRegion> InitiatorSocket::direct(std::uint64_t address) {
  tlm::tlm_generic_payload& payload = payloads_.acquire();
  fill(payload, {false, address, nullptr, 1, false});
  tlm::tlm_dmi dmi;
  const bool granted = (*this)->get_direct_mem_ptr(payload, dmi);
  payload.release();
  if (!granted || address < dmi.get_start_address() || address > dmi.get_end_address()) return std::nullopt;
  return DirectRegion{dmi.get_dmi_ptr(),      dmi.get_start_address(), dmi.get_end_address(),
                      dmi.is_read_allowed(),  dmi.is_write_allowed(),  dmi.get_read_latency(),
                      dmi.get_write_latency()};
}

void InitiatorSocket::invalidate(sc_dt::uint64 start, sc_dt::uint64 end) {
  if (invalidate_) invalidate_(start, end);
}

}  // namespace weft
