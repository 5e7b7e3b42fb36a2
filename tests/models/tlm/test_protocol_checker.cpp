// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/protocol_checker.h"

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

using sc_core::sc_time;
using tlm::tlm_generic_payload;
using tlm::tlm_phase;
using tlm::tlm_sync_enum;
using weft::ProtocolChecker;

namespace {

struct Manager : tlm::tlm_mm_interface {
  void free(tlm_generic_payload*) override {}
};

struct Initiator : sc_core::sc_module {
  explicit Initiator(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {
    socket.register_nb_transport_bw(this, &Initiator::backward);
  }
  tlm_sync_enum backward(tlm_generic_payload&, tlm_phase&, sc_time&) { return tlm::TLM_ACCEPTED; }
  tlm_utils::simple_initiator_socket<Initiator> socket;
};

struct Target : sc_core::sc_module {
  explicit Target(const sc_core::sc_module_name& name) : sc_module(name), socket("socket") {
    socket.register_b_transport(this, &Target::blocking);
    socket.register_nb_transport_fw(this, &Target::forward);
    socket.register_transport_dbg(this, &Target::debug);
    socket.register_get_direct_mem_ptr(this, &Target::direct);
  }
  void blocking(tlm_generic_payload& payload, sc_time& delay) {
    serve(payload);
    delay = end_delay;
  }
  bool direct(tlm_generic_payload&, tlm::tlm_dmi& dmi) {
    dmi = grant;
    return true;
  }
  tlm_sync_enum forward(tlm_generic_payload& payload, tlm_phase& phase, sc_time&) {
    return answer ? answer(payload, phase) : tlm::TLM_ACCEPTED;
  }
  unsigned int debug(tlm_generic_payload&) { return debug_bytes; }

  tlm_utils::simple_target_socket<Target> socket;
  std::function<void(tlm_generic_payload&)> serve = [](tlm_generic_payload& payload) {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  };
  std::function<tlm_sync_enum(tlm_generic_payload&, tlm_phase&)> answer;
  unsigned int debug_bytes = 4;
  sc_time end_delay;
  tlm::tlm_dmi grant;
};

// An initiator, a checker and a target; violations are collected.
struct Bench {
  Bench() {
    initiator.socket.bind(checker.target);
    checker.initiator.bind(target.socket);
    checker.on_violation([this](const std::string& text) { violations.push_back(text); });
    for (tlm_generic_payload* payload : {&first, &second}) prepare(*payload);
    sc_core::sc_spawn([] {});  // the kernel warns if nothing happens
    sc_core::sc_start(sc_core::SC_ZERO_TIME);
  }
  void prepare(tlm_generic_payload& payload) {
    payload.set_mm(&manager);
    payload.acquire();
    payload.set_command(tlm::TLM_READ_COMMAND);
    payload.set_address(0x40);
    payload.set_data_ptr(data.data());
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  }
  tlm_sync_enum forward(tlm_generic_payload& payload, tlm_phase phase) {
    sc_time delay;
    return initiator.socket->nb_transport_fw(payload, phase, delay);
  }
  tlm_sync_enum backward(tlm_generic_payload& payload, tlm_phase phase) {
    sc_time delay;
    return target.socket->nb_transport_bw(payload, phase, delay);
  }
  void block(tlm_generic_payload& payload, sc_time delay = {}) {
    initiator.socket->b_transport(payload, delay);
  }
  // The last violation names the rule.
  void expect(const std::string& rule) {
    REQUIRE(violations.size() == 1);
    CHECK_THAT(violations[0], Catch::Contains(rule) && Catch::Contains("checker: address 0x40, 4 bytes"));
  }

  Manager manager;
  std::array<unsigned char, 4> data{};
  Initiator initiator{"initiator"};
  ProtocolChecker checker{"checker"};
  Target target{"target"};
  tlm_generic_payload first;
  tlm_generic_payload second;
  std::vector<std::string> violations;
};

}  // namespace

TEST_CASE("transactions that keep the protocol pass without a word") {
  Bench bench;
  bench.block(bench.first);
  bench.prepare(bench.first);
  // All four phases, the second request after the first is accepted.
  bench.forward(bench.first, tlm::BEGIN_REQ);
  bench.backward(bench.first, tlm::END_REQ);
  bench.forward(bench.second, tlm::BEGIN_REQ);
  bench.first.set_response_status(tlm::TLM_OK_RESPONSE);
  bench.backward(bench.first, tlm::BEGIN_RESP);
  bench.forward(bench.first, tlm::END_RESP);
  // END_REQ left out.
  bench.second.set_response_status(tlm::TLM_OK_RESPONSE);
  bench.backward(bench.second, tlm::BEGIN_RESP);
  bench.forward(bench.second, tlm::END_RESP);
  // Completed at once.
  bench.prepare(bench.first);
  bench.target.answer = [](tlm_generic_payload& payload, tlm_phase&) {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    return tlm::TLM_COMPLETED;
  };
  bench.forward(bench.first, tlm::BEGIN_REQ);
  CHECK(bench.violations.empty());
  CHECK(bench.checker.transactions() == 4);
}

TEST_CASE("every broken rule is named") {
  Bench bench;
  tlm_generic_payload& payload = bench.first;
  SECTION("status of a request") {
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
    bench.block(payload);
    bench.expect("status other than incomplete");
  }
  SECTION("DMI hint") {
    payload.set_dmi_allowed(true);
    bench.block(payload);
    bench.expect("DMI hint");
  }
  SECTION("streaming width") {
    payload.set_streaming_width(0);
    bench.block(payload);
    bench.expect("streaming width is 0");
  }
  SECTION("data pointer") {
    payload.set_data_ptr(nullptr);
    bench.block(payload);
    bench.expect("no data pointer");
  }
  SECTION("byte enables") {
    payload.set_byte_enable_ptr(bench.data.data());
    payload.set_byte_enable_length(0);
    bench.block(payload);
    bench.expect("byte enables of length 0");
  }
  SECTION("no response") {
    bench.target.serve = [](tlm_generic_payload&) {};
    bench.block(payload);
    bench.expect("still incomplete");
  }
  SECTION("changed attributes") {
    bench.target.serve = [](tlm_generic_payload& served) {
      served.set_streaming_width(8);
      served.set_response_status(tlm::TLM_OK_RESPONSE);
    };
    bench.block(payload);
    bench.expect("changed attributes");
  }
  SECTION("changed byte enables") {
    bench.target.serve = [](tlm_generic_payload& served) {
      served.set_byte_enable_length(3);
      served.set_response_status(tlm::TLM_OK_RESPONSE);
    };
    bench.block(payload);
    bench.expect("changed attributes");
  }
  SECTION("time that goes back") {
    bench.block(payload, sc_time(2, sc_core::SC_NS));
    bench.expect("ends before it was called");
  }
  SECTION("direct access without a pointer") {
    tlm::tlm_dmi dmi;
    bench.initiator.socket->get_direct_mem_ptr(payload, dmi);
    bench.expect("without a pointer");
  }
  SECTION("direct access elsewhere") {
    bench.target.grant.set_dmi_ptr(bench.data.data());
    bench.target.grant.set_start_address(0x44);
    tlm::tlm_dmi dmi;
    bench.initiator.socket->get_direct_mem_ptr(payload, dmi);
    bench.expect("elsewhere than asked for");
  }
  SECTION("a second request too early") {
    bench.forward(payload, tlm::BEGIN_REQ);
    bench.forward(bench.second, tlm::BEGIN_REQ);
    bench.expect("before the previous request's END_REQ");
  }
  SECTION("END_RESP without a response") {
    bench.forward(payload, tlm::BEGIN_REQ);
    bench.forward(payload, tlm::END_RESP);
    bench.expect("END_RESP that does not follow BEGIN_RESP");
  }
  SECTION("END_REQ twice") {
    bench.forward(payload, tlm::BEGIN_REQ);
    bench.backward(payload, tlm::END_REQ);
    bench.backward(payload, tlm::END_REQ);
    bench.expect("END_REQ that does not follow BEGIN_REQ");
  }
  SECTION("a response before the last one has ended") {
    for (tlm_generic_payload* each : {&bench.first, &bench.second}) {
      bench.forward(*each, tlm::BEGIN_REQ);
      bench.backward(*each, tlm::END_REQ);
      each->set_response_status(tlm::TLM_OK_RESPONSE);
      bench.backward(*each, tlm::BEGIN_RESP);
    }
    bench.expect("before the previous response's END_RESP");
  }
  SECTION("BEGIN_RESP without a status") {
    bench.forward(payload, tlm::BEGIN_REQ);
    bench.backward(payload, tlm::BEGIN_RESP);
    bench.expect("still incomplete");
  }
  SECTION("a phase on the wrong path") {
    bench.forward(payload, tlm::BEGIN_REQ);
    bench.backward(payload, tlm::END_RESP);
    bench.expect("a target may not send");
  }
  SECTION("debug") {
    bench.target.debug_bytes = 5;
    bench.initiator.socket->transport_dbg(payload);
    bench.expect("more bytes than asked for");
  }
}

TEST_CASE("without a handler a violation is a warning of SystemC") {
  Bench bench;
  bench.checker.on_violation(nullptr);
  bench.first.set_streaming_width(0);
  sc_core::sc_report_handler::set_actions(sc_core::SC_WARNING, sc_core::SC_CACHE_REPORT);
  bench.block(bench.first);
  const sc_core::sc_report* const report = sc_core::sc_report_handler::get_cached_report();
  REQUIRE(report != nullptr);
  CHECK_THAT(report->get_msg(), Catch::Contains("streaming width is 0"));
}
