// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <systemc>
#include <vector>

#include "models/common/context.h"
#include "models/uart/registers.h"
#include "models/uart/uart.h"
#include "tests/models/tlm/debug_access.h"
#include "tests/models/tlm/driver.h"

using sc_core::sc_time;
using weft::Context;
using weft::RegisterInfo;
using weft::Status;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::ns;
using weft::test::settle;
using weft::uart::Uart;
using weft::uart::UartConfig;
namespace reg = weft::uart::registers;

namespace {

constexpr std::uint8_t iir_none = 0x01;
constexpr std::uint8_t iir_sent = 0x02;
constexpr std::uint8_t iir_received = 0x04;
constexpr std::uint8_t iir_line = 0x06;

struct Bench {
  Context context;
  Driver driver{"driver"};
  Uart uart;
  sc_core::sc_signal<bool> irq{"irq"};
  std::string sent;

  explicit Bench(const UartConfig& config = {}) : uart("uart", config, context) {
    driver.socket.bind(uart.socket);
    uart.irq.bind(irq);
    uart.attach([this](std::uint8_t byte) { sent += static_cast<char>(byte); });
    elaborate();
  }
  std::uint8_t read(const RegisterInfo& info) { return driver.read<std::uint8_t>(info.offset); }
  void write(const RegisterInfo& info, std::uint32_t value) {
    driver.write<std::uint8_t>(info.offset, static_cast<std::uint8_t>(value));
  }
  bool interrupts() {
    settle();
    return irq.read();
  }
};

}  // namespace

TEST_CASE("bytes written to THR reach every sink in order") {
  Bench bench;
  std::string copy;
  bench.uart.attach([&copy](std::uint8_t byte) { copy += static_cast<char>(byte); });
  for (const char letter : std::string("weft")) bench.write(reg::thr, static_cast<std::uint8_t>(letter));
  CHECK(bench.sent == "weft");
  CHECK(copy == "weft");
  CHECK((bench.read(reg::lsr) & 0x60) == 0x60);
}

TEST_CASE("registers have the reset values of a 16550 with a terminal attached") {
  Bench bench;
  CHECK(bench.read(reg::lsr) == 0x60);
  CHECK(bench.read(reg::iir) == iir_none);
  CHECK(bench.read(reg::msr) == 0xb0);
  CHECK(bench.read(reg::ier) == 0);
  CHECK(bench.read(reg::lcr) == 0);
  CHECK(bench.read(reg::rbr) == 0);
  CHECK_FALSE(bench.interrupts());
}

TEST_CASE("with DLAB set offsets 0 and 1 are the divisor and nothing is sent") {
  Bench bench;
  bench.write(reg::ier, 0x05);
  bench.write(reg::lcr, 0x83);
  bench.write(reg::dll, 0x34);
  bench.write(reg::dlm, 0x12);
  CHECK(bench.read(reg::dll) == 0x34);
  CHECK(bench.read(reg::dlm) == 0x12);
  CHECK(bench.sent.empty());
  bench.write(reg::lcr, 0x03);
  CHECK(bench.read(reg::ier) == 0x05);
  CHECK(bench.read(reg::rbr) == 0);
  bench.write(reg::thr, 'x');
  CHECK(bench.sent == "x");
}

TEST_CASE("received bytes are read in order and announced in the line status") {
  Bench bench;
  bench.write(reg::fcr, 1);
  bench.uart.receive('a');
  bench.uart.receive('b');
  CHECK(bench.read(reg::lsr) == 0x61);
  CHECK(bench.read(reg::rbr) == 'a');
  CHECK(bench.read(reg::rbr) == 'b');
  CHECK(bench.read(reg::lsr) == 0x60);
}

TEST_CASE("a byte that finds no room is lost and reported once") {
  const bool fifo = GENERATE(false, true);
  Bench bench;
  bench.write(reg::fcr, fifo ? 1 : 0);
  const int room = fifo ? 16 : 1;
  for (int index = 0; index < room; ++index) {
    CHECK(bench.uart.ready_to_receive());
    bench.uart.receive(static_cast<std::uint8_t>(index));
  }
  CHECK_FALSE(bench.uart.ready_to_receive());
  bench.uart.receive(0xff);
  CHECK(bench.read(reg::lsr) == 0x63);
  CHECK(bench.read(reg::lsr) == 0x61);
  for (int index = 0; index < room; ++index) CHECK(bench.read(reg::rbr) == index);
  CHECK(bench.read(reg::lsr) == 0x60);
}

TEST_CASE("the receive interrupt stands until the last byte has been read") {
  Bench bench;
  bench.write(reg::fcr, 1);
  bench.write(reg::ier, 1);
  CHECK_FALSE(bench.interrupts());
  bench.uart.receive('a');
  bench.uart.receive('b');
  CHECK(bench.interrupts());
  CHECK(bench.read(reg::iir) == (iir_received | 0xc0));
  bench.read(reg::rbr);
  CHECK(bench.interrupts());
  bench.read(reg::rbr);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.read(reg::iir) == (iir_none | 0xc0));
}

TEST_CASE("a received byte does not interrupt while its interrupt is disabled") {
  Bench bench;
  bench.uart.receive('a');
  CHECK_FALSE(bench.interrupts());
  bench.write(reg::ier, 1);
  CHECK(bench.interrupts());
  bench.write(reg::ier, 0);
  CHECK_FALSE(bench.interrupts());
}

TEST_CASE("enabling the transmit interrupt raises it, identifying it clears it, sending raises it again") {
  Bench bench;
  bench.write(reg::ier, 2);
  CHECK(bench.interrupts());
  CHECK(bench.read(reg::iir) == iir_sent);
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.read(reg::iir) == iir_none);
  bench.write(reg::ier, 2);
  CHECK_FALSE(bench.interrupts());
  bench.write(reg::thr, 'x');
  CHECK(bench.interrupts());
}

TEST_CASE("causes are identified by priority: line status, received byte, transmitter") {
  Bench bench;
  bench.write(reg::ier, 7);
  bench.uart.receive('a');
  bench.uart.receive('b');
  CHECK(bench.read(reg::iir) == iir_line);
  bench.read(reg::lsr);
  CHECK(bench.read(reg::iir) == iir_received);
  bench.read(reg::rbr);
  CHECK(bench.read(reg::iir) == iir_sent);
  CHECK(bench.read(reg::iir) == iir_none);
}

TEST_CASE("with a character time the transmitter is busy for every byte in turn") {
  UartConfig config;
  config.character_time = sc_time(10, sc_core::SC_US);
  Bench bench(config);
  bench.write(reg::ier, 2);
  CHECK(bench.read(reg::iir) == iir_sent);
  bench.write(reg::thr, 'a');
  bench.write(reg::thr, 'b');
  CHECK(bench.sent == "ab");
  CHECK(bench.read(reg::lsr) == 0x00);
  CHECK_FALSE(bench.interrupts());
  sc_core::sc_start(sc_time(20, sc_core::SC_US) - sc_time(3, sc_core::SC_PS));
  CHECK(bench.read(reg::lsr) == 0x00);
  CHECK_FALSE(bench.interrupts());
  settle();
  CHECK(bench.read(reg::lsr) == 0x60);
  CHECK(bench.interrupts());
  CHECK(bench.read(reg::iir) == iir_sent);
}

TEST_CASE("the transmitter's state is that at the local time of whoever asks") {
  UartConfig config;
  config.character_time = ns(100);
  Bench bench(config);
  bench.driver.delay = ns(50);
  bench.write(reg::thr, 'a');
  bench.driver.delay = ns(149);
  CHECK(bench.read(reg::lsr) == 0x00);
  bench.driver.delay = ns(150);
  CHECK(bench.read(reg::lsr) == 0x60);
}

TEST_CASE("FIFO control empties the receive FIFO") {
  Bench bench;
  bench.write(reg::fcr, 1);
  bench.uart.receive('a');
  bench.write(reg::fcr, 1);
  CHECK(bench.read(reg::lsr) == 0x61);
  bench.write(reg::fcr, 3);
  CHECK(bench.read(reg::lsr) == 0x60);
  bench.uart.receive('b');
  bench.write(reg::fcr, 0);
  CHECK(bench.read(reg::lsr) == 0x60);
}

TEST_CASE("a wider access covers neighbouring byte registers") {
  Bench bench;
  bench.driver.write<std::uint16_t>(reg::mcr.offset - 1, 0x0b03);
  CHECK(bench.read(reg::lcr) == 0x03);
  CHECK(bench.read(reg::mcr) == 0x0b);
}

TEST_CASE("holes and wrong directions are errors") {
  Bench bench;
  std::uint8_t value = 0;
  CHECK(bench.driver.try_read<std::uint8_t>(0x8, value) == Status::address_error);
  CHECK(bench.driver.try_write<std::uint8_t>(reg::lsr.offset, 0) == Status::command_error);
  CHECK(bench.driver.try_write<std::uint8_t>(reg::msr.offset, 0) == Status::command_error);
}

TEST_CASE("bits that are not modelled say so when touched") {
  Bench bench;
  std::vector<std::string> texts;
  bench.context.log.set_sink([&](const weft::LogEntry& entry) { texts.push_back(entry.text); },
                             weft::LogLevel::info);
  bench.write(reg::mcr, 0x0f);
  CHECK(texts.empty());
  bench.write(reg::mcr, 0x10);
  REQUIRE(texts.size() == 1);
  CHECK_THAT(texts[0], Catch::Contains("MCR") && Catch::Contains("0x10"));
}

TEST_CASE("reset is complete") {
  UartConfig config;
  config.character_time = ns(100);
  Bench bench(config);
  bench.write(reg::lcr, 0x83);
  bench.write(reg::dll, 0x34);
  bench.write(reg::lcr, 0x03);
  bench.write(reg::fcr, 1);
  bench.write(reg::ier, 7);
  bench.write(reg::scr, 0x5a);
  bench.write(reg::thr, 'a');
  for (int index = 0; index < 17; ++index) bench.uart.receive('r');
  CHECK(bench.interrupts());
  bench.uart.reset();
  CHECK_FALSE(bench.interrupts());
  CHECK(bench.read(reg::lsr) == 0x60);
  CHECK(bench.read(reg::iir) == iir_none);
  CHECK(bench.read(reg::ier) == 0);
  CHECK(bench.read(reg::scr) == 0);
  bench.write(reg::lcr, 0x80);
  CHECK(bench.read(reg::dll) == 0);
  bench.uart.receive('x');
  CHECK_FALSE(bench.uart.ready_to_receive());
  bench.write(reg::lcr, 0);
  bench.write(reg::ier, 2);
  CHECK(bench.read(reg::iir) == iir_sent);
  // The byte under way before the reset must not announce its end.
  sc_core::sc_start(ns(500));
  CHECK_FALSE(bench.irq.read());
  CHECK(bench.read(reg::iir) == iir_none);
}

TEST_CASE("debug accesses to the UART have no side effect") {
  const bool divisor = GENERATE(false, true);
  Bench bench;
  bench.write(reg::ier, 7);
  for (int index = 0; index < 3; ++index) bench.uart.receive('r');
  if (divisor) bench.write(reg::lcr, 0x80);
  std::vector<RegisterInfo> table = {reg::iir, reg::fcr, reg::lcr, reg::mcr, reg::lsr, reg::msr, reg::scr};
  if (divisor) {
    table.insert(table.end(), {reg::dll, reg::dlm});
  } else {
    table.insert(table.end(), {reg::rbr, reg::thr, reg::ier});
  }
  weft::test::check_debug_access(bench.driver, table, [&bench] {
    return bench.sent + (bench.irq.read() ? " irq" : " quiet") +
           (bench.uart.ready_to_receive() ? " room" : " full");
  });
}
