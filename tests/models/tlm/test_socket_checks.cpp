// SPDX-License-Identifier: Apache-2.0
#include "models/tlm/socket_checks.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "models/common/error.h"
#include "tests/models/tlm/driver.h"

using weft::Context;
using weft::SocketChecks;
using weft::Status;
using weft::Transfer;
using weft::test::Driver;
using weft::test::Target;

namespace {

// Two drivers with a target each.
struct Pair {
  explicit Pair(std::vector<std::string> patterns) : checks(std::move(patterns)) {
    context.checks = &checks;
    for (Target* target : {&near, &far}) {
      target->socket.on_access([this](const Transfer&, sc_core::sc_time& delay) {
        delay += weft::test::ns(3);
        return answer;
      });
    }
    weft::connect(context, first.socket, near.socket);
    weft::connect(context, second.socket, far.socket);
  }

  Context context;
  SocketChecks checks;
  Driver first{"first"};
  Driver second{"second"};
  Target near{"near3"};
  Target far{"far12"};
  Status answer = Status::ok;
};

}  // namespace

TEST_CASE("a checker stands where either end of a connection fits a pattern, and nowhere else") {
  const auto [patterns, checkers] =
      GENERATE(table<std::vector<std::string>, std::uint64_t>({{{"all"}, 2},
                                                               {{"*"}, 2},
                                                               {{"first.*"}, 1},
                                                               {{"near?.socket"}, 1},
                                                               {{"first.socket", "near3.socket"}, 1},
                                                               {{"*r1[0-9].*"}, 1}}));
  Pair pair(patterns);
  weft::test::elaborate();
  CHECK_NOTHROW(pair.checks.require_matches());
  CHECK(pair.checks.checkers() == checkers);
  pair.first.read(0x40);
  pair.second.read(0x40);
  CHECK(pair.checks.transactions() == checkers);
  CHECK(pair.checks.violations() == 0);
  CHECK(pair.checks.describe().empty());
}

TEST_CASE("watched sockets take the same time as others") {
  Pair pair({"first.socket"});
  weft::test::elaborate();
  pair.first.read(0);
  pair.second.read(0);
  CHECK(pair.first.delay == weft::test::ns(3));
  CHECK(pair.first.delay == pair.second.delay);
}

TEST_CASE("a pattern that fits no socket is refused with the names there are") {
  Pair pair({"first.*", "frist.*"});
  CHECK_THROWS_WITH(pair.checks.require_matches(), Catch::Contains("no socket is called 'frist.*'") &&
                                                       Catch::Contains("first.socket") &&
                                                       Catch::Contains("far*.socket"));
  weft::test::elaborate();
}

TEST_CASE("a violation is told with time, sockets, address and rule") {
  Pair pair({"all"});
  int told = 0;
  pair.checks.on_first_violation([&] { ++told; });
  weft::test::elaborate();
  sc_core::sc_start(weft::test::ns(5));
  for (int i = 0; i < 12; ++i) {
    tlm::tlm_generic_payload payload;
    payload.set_address(0x44);
    payload.set_read();
    unsigned char byte = 0;
    payload.set_data_ptr(&byte);
    payload.set_data_length(1);
    payload.set_streaming_width(0);
    sc_core::sc_time delay;
    pair.first.socket->b_transport(payload, delay);
  }
  CHECK(told == 1);
  CHECK(pair.checks.violations() == 12);
  const std::string text = pair.checks.describe();
  CHECK_THAT(text, Catch::Contains("violated (run.check_protocol), 12 times"));
  const std::string line =
      "\n  5 ns: first.socket -> near3.socket: address 0x44, 1 bytes: the streaming width is 0";
  CHECK_THAT(text, Catch::Contains(line));
  std::size_t lines = 0;
  for (std::size_t at = text.find(line); at != std::string::npos; at = text.find(line, at + 1)) ++lines;
  CHECK(lines == 10);
}
