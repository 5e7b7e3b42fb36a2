// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/packet.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <systemc>
#include <vector>

#include "models/common/counter_rng.h"

using namespace weft;
using namespace weft::debug;

// libsystemc.so refers to sc_main.
int sc_main(int, char*[]) { return 0; }

namespace {

std::vector<Input> read_all(PacketReader& reader, std::string_view bytes) {
  reader.feed(bytes);
  std::vector<Input> result;
  while (const auto input = reader.next()) result.push_back(*input);
  return result;
}

std::vector<Input> read_all(std::string_view bytes) {
  PacketReader reader;
  return read_all(reader, bytes);
}

}  // namespace

TEST_CASE("a packet has the checksum of its bytes in two digits") {
  CHECK(frame("") == "$#00");
  CHECK(frame("OK") == "$OK#9a");
  CHECK(frame("vMustReplyEmpty") == "$vMustReplyEmpty#3a");
}

TEST_CASE("bytes that mean something in a packet are escaped and come back as they were") {
  CHECK(frame("a}b") == "$a}]b#" + std::string("1d").replace(0, 2, frame("a}b").substr(6)));
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string framed = frame(all);
  CHECK(std::count(framed.begin(), framed.end(), '$') == 1);
  CHECK(std::count(framed.begin(), framed.end(), '#') == 1);
  CHECK(std::count(framed.begin(), framed.end(), '*') == 0);
  const std::vector<Input> inputs = read_all(framed);
  REQUIRE(inputs.size() == 1);
  CHECK(inputs[0].kind == InputKind::packet);
  CHECK(inputs[0].payload == all);
}

TEST_CASE("packets are found however the bytes are cut") {
  const std::string stream = "+" + frame("qSupported") + "\x03-" + frame("m0,4") + "++" + frame("}#$*");
  const std::vector<InputKind> kinds{InputKind::ack,  InputKind::packet, InputKind::interrupt,
                                     InputKind::nack, InputKind::packet, InputKind::ack,
                                     InputKind::ack,  InputKind::packet};
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    PacketReader reader;
    std::vector<Input> inputs;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      for (const Input& each : read_all(reader, std::string_view(stream).substr(at, piece)))
        inputs.push_back(each);
    }
    CAPTURE(piece);
    REQUIRE(inputs.size() == kinds.size());
    for (std::size_t i = 0; i < kinds.size(); ++i) CHECK(inputs[i].kind == kinds[i]);
    CHECK(inputs[1].payload == "qSupported");
    CHECK(inputs[4].payload == "m0,4");
    CHECK(inputs[7].payload == "}#$*");
  }
}

TEST_CASE("a wrong checksum and one that is no number are told apart from packets") {
  for (const char* text : {"$OK#9b", "$OK#zz", "$OK#9", "$OK#99"}) {
    const std::vector<Input> inputs = read_all(text);
    CAPTURE(text);
    if (std::string(text).size() == 5) {
      CHECK(inputs.empty());
    } else {
      REQUIRE(inputs.size() == 1);
      CHECK(inputs[0].kind == InputKind::bad_checksum);
    }
  }
  // Upper-case digits are as good.
  CHECK(read_all("$OK#9A").at(0).kind == InputKind::packet);
}

TEST_CASE("a packet that starts anew drops the lost one, an interrupt inside a packet is data") {
  const std::vector<Input> inputs = read_all("$half of" + frame("OK"));
  REQUIRE(inputs.size() == 1);
  CHECK(inputs[0].payload == "OK");
  CHECK(read_all(frame("X0,1:\x03")).at(0).payload == "X0,1:\x03");
}

TEST_CASE("the longest packet is accepted, a longer one is reported without being kept") {
  CHECK(read_all(frame(std::string(PacketReader::max_payload, 'a'))).at(0).kind == InputKind::packet);
  PacketReader reader;
  const std::vector<Input> inputs =
      read_all(reader, frame(std::string(PacketReader::max_payload + 1, 'a')) + frame("g"));
  REQUIRE(inputs.size() == 2);
  CHECK(inputs[0].kind == InputKind::oversized);
  CHECK(inputs[0].payload.empty());
  CHECK(inputs[1].payload == "g");
}

TEST_CASE("after any garbage the next good packet is understood") {
  CounterRng rng(1, 2, 3);
  for (int round = 0; round < 3000; ++round) {
    PacketReader reader;
    std::string garbage;
    const std::uint32_t length = rng.next_u32() % 200;
    // Bytes of the protocol more often than others.
    const std::string_view special =
        "$#+-}*\x03"
        "0123456789abcdef";
    for (std::uint32_t i = 0; i < length; ++i) {
      const std::uint32_t draw = rng.next_u32();
      garbage += draw % 2 == 0 ? special[(draw >> 8) % special.size()] : static_cast<char>(draw >> 8);
    }
    read_all(reader, garbage);
    // The tail of a cut packet may swallow what follows up to its checksum, once.
    read_all(reader, "#00" + frame("g"));
    const std::vector<Input> inputs = read_all(reader, frame("m10,4"));
    REQUIRE(!inputs.empty());
    CHECK(inputs.back().kind == InputKind::packet);
    CHECK(inputs.back().payload == "m10,4");
  }
}

TEST_CASE("hexadecimal text is read strictly") {
  CHECK(to_hex(std::string("\x00\x7f\xff", 3)) == "007fff");
  CHECK(from_hex("007fFF") == std::string("\x00\x7f\xff", 3));
  CHECK_FALSE(from_hex("123").has_value());
  CHECK_FALSE(from_hex("1g").has_value());
  std::string_view text = "ffffffffffffffff,8";
  CHECK(take_number(text) == ~std::uint64_t{0});
  CHECK(text == ",8");
  text = "10000000000000000";
  CHECK_FALSE(take_number(text).has_value());
  text = "";
  CHECK_FALSE(take_number(text).has_value());
  text = "-1";
  CHECK(take(text, "-"));
  CHECK(text == "1");
  CHECK_FALSE(take(text, "12"));
}
