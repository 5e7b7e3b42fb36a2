// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/target_socket.h"

#include <algorithm>

namespace weft {

tlm::tlm_response_status to_tlm(Status status) {
  switch (status) {
    case Status::ok:
      return tlm::TLM_OK_RESPONSE;
    case Status::address_error:
      return tlm::TLM_ADDRESS_ERROR_RESPONSE;
    case Status::command_error:
      return tlm::TLM_COMMAND_ERROR_RESPONSE;
    case Status::burst_error:
      return tlm::TLM_BURST_ERROR_RESPONSE;
    case Status::byte_enable_error:
      return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
    case Status::generic_error:
      break;
  }
  return tlm::TLM_GENERIC_ERROR_RESPONSE;
}

Status from_tlm(tlm::tlm_response_status status) {
  switch (status) {
    case tlm::TLM_OK_RESPONSE:
      return Status::ok;
    case tlm::TLM_ADDRESS_ERROR_RESPONSE:
      return Status::address_error;
    case tlm::TLM_COMMAND_ERROR_RESPONSE:
      return Status::command_error;
    case tlm::TLM_BURST_ERROR_RESPONSE:
      return Status::burst_error;
    case tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE:
      return Status::byte_enable_error;
    default:
      return Status::generic_error;
  }
}

const char* to_text(Status status) {
  switch (status) {
    case Status::ok:
      return "ok";
    case Status::address_error:
      return "address error";
    case Status::command_error:
      return "command error";
    case Status::burst_error:
      return "burst error";
    case Status::byte_enable_error:
      return "byte enable error";
    case Status::generic_error:
      break;
  }
  return "generic error";
}

TargetSocket::TargetSocket(const char* name) : simple_target_socket(name) {
  register_b_transport(this, &TargetSocket::transport);
  register_nb_transport_fw(this, &TargetSocket::transport_non_blocking);
  register_transport_dbg(this, &TargetSocket::transport_debug);
  register_get_direct_mem_ptr(this, &TargetSocket::get_direct);
}

void TargetSocket::invalidate_direct(std::uint64_t start, std::uint64_t end) {
  (*this)->invalidate_direct_mem_ptr(start, end);
}

void TargetSocket::transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  payload.set_dmi_allowed(false);
  const Status status = serve(payload, delay, false);
  if (status == Status::ok && direct_) payload.set_dmi_allowed(direct_(payload.get_address()).has_value());
  payload.set_response_status(to_tlm(status));
  count(payload, status);
}

tlm::tlm_sync_enum TargetSocket::transport_non_blocking(tlm::tlm_generic_payload& payload,
                                                        tlm::tlm_phase& phase, sc_core::sc_time& delay) {
  if (!non_blocking_) {
    non_blocking_ = std::make_unique<NonBlockingTarget>(
        outstanding_,
        [this](tlm::tlm_generic_payload& served, sc_core::sc_time& taken) { transport(served, taken); },
        [this](tlm::tlm_generic_payload& sent, tlm::tlm_phase& next, sc_core::sc_time& annotated) {
          return (*this)->nb_transport_bw(sent, next, annotated);
        });
  }
  return non_blocking_->forward(payload, phase, delay);
}

unsigned int TargetSocket::transport_debug(tlm::tlm_generic_payload& payload) {
  sc_core::sc_time unused;
  const Status status = serve(payload, unused, true);
  payload.set_response_status(to_tlm(status));
  return status == Status::ok ? payload.get_data_length() : 0;
}

bool TargetSocket::get_direct(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  dmi.init();
  const auto region = direct_ ? direct_(payload.get_address()) : std::nullopt;
  if (!region) {
    // TLM-2.0 asks for the range that the refusal covers; one address is always right.
    dmi.set_start_address(payload.get_address());
    dmi.set_end_address(payload.get_address());
    return false;
  }
  dmi.set_dmi_ptr(region->pointer);
  dmi.set_start_address(region->start);
  dmi.set_end_address(region->end);
  dmi.set_read_latency(region->read_latency);
  dmi.set_write_latency(region->write_latency);
  if (region->readable && region->writable) {
    dmi.allow_read_write();
  } else if (region->readable) {
    dmi.allow_read();
  } else if (region->writable) {
    dmi.allow_write();
  }
  return payload.is_write() ? region->writable : region->readable;
}

Status TargetSocket::serve(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay, bool debug) {
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return Status::ok;
  if (!access_) return Status::generic_error;
  const unsigned length = payload.get_data_length();
  if (length == 0 || payload.get_data_ptr() == nullptr) return debug ? Status::ok : Status::burst_error;
  const Burst burst{{payload.is_write(), payload.get_address(), payload.get_data_ptr(), length, debug},
                    payload.get_byte_enable_ptr(),
                    payload.get_byte_enable_length(),
                    payload.get_streaming_width()};
  if (burst_ && !debug && !burst.plain()) return burst_(burst, delay);
  if (burst.enables != nullptr) return serve_enabled_runs(payload, delay, debug);

  if (post_ && !debug && payload.is_write() && burst.plain()) {
    Posting* const posting = payload.get_extension<Posting>();
    if (posting != nullptr) return post_(burst.data, *posting, delay);
  }

  // A streaming width shorter than the burst starts again at the same address for every chunk.
  const unsigned width = debug ? length : payload.get_streaming_width();
  if (width == 0) return Status::burst_error;
  for (unsigned offset = 0; offset < length; offset += width) {
    const Transfer transfer{payload.is_write(), payload.get_address(), payload.get_data_ptr() + offset,
                            std::min(width, length - offset), debug};
    const Status status = access_(transfer, delay);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

Status TargetSocket::serve_enabled_runs(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay,
                                        bool debug) {
  const unsigned length = payload.get_data_length();
  const unsigned enables = payload.get_byte_enable_length();
  if (enables == 0 || payload.get_streaming_width() < length) return Status::byte_enable_error;
  const auto enabled = [&](unsigned index) {
    return payload.get_byte_enable_ptr()[index % enables] == TLM_BYTE_ENABLED;
  };
  for (unsigned begin = 0; begin < length;) {
    if (!enabled(begin)) {
      ++begin;
      continue;
    }
    unsigned end = begin + 1;
    while (end < length && enabled(end)) ++end;
    const Transfer transfer{payload.is_write(), payload.get_address() + begin, payload.get_data_ptr() + begin,
                            end - begin, debug};
    const Status status = access_(transfer, delay);
    if (status != Status::ok) return status;
    begin = end;
  }
  return Status::ok;
}

void TargetSocket::count(const tlm::tlm_generic_payload& payload, Status status) {
  if (status != Status::ok) {
    ++traffic_.errors;
  } else if (payload.is_read()) {
    ++traffic_.reads;
    traffic_.bytes_read += payload.get_data_length();
  } else if (payload.is_write()) {
    ++traffic_.writes;
    traffic_.bytes_written += payload.get_data_length();
  }
}

}  // namespace weft
