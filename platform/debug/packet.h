// SPDX-License-Identifier: Apache-2.0
// Packets of the GDB remote serial protocol: `$payload#checksum`, two hexadecimal digits of checksum, the
// bytes $ # } * of a payload escaped by } and their value xor 0x20 (GDB manual, appendix E.1). No sockets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weft::debug {

// What a client has sent. `oversized` is a well-formed packet whose payload is longer than is accepted.
enum class InputKind { packet, bad_checksum, oversized, ack, nack, interrupt };

struct Input {
  InputKind kind;
  std::string payload;  // of a packet, unescaped
};

// Takes bytes as they arrive, in pieces of any size, and gives what they mean. Anything between packets that
// means nothing is dropped.
class PacketReader {
 public:
  static constexpr std::size_t max_payload = 0x4000;  // bytes before unescaping

  void feed(std::string_view bytes);
  // The next complete item, or nothing until more has been fed.
  std::optional<Input> next();

 private:
  std::optional<Input> finish_packet(char digit);
  enum class State { idle, payload, first_digit, second_digit };

  std::string pending_;
  std::size_t position_ = 0;
  State state_ = State::idle;
  std::string payload_;  // as received
  std::uint8_t sum_ = 0;
  bool oversized_ = false;
  char first_digit_ = 0;
};

// The packet that carries a payload of any bytes.
std::string frame(std::string_view payload);

// Bytes as two digits each, low address first.
std::string to_hex(std::string_view bytes);
// Nothing for an odd count of digits or anything but digits.
std::optional<std::string> from_hex(std::string_view digits);

// A hexadecimal number at the start of `text`, which is then shortened by it; nothing if there is no digit or
// the number does not fit.
std::optional<std::uint64_t> take_number(std::string_view& text);
// Removes `expected` from the start of `text`; false, and nothing removed, if it is not there.
bool take(std::string_view& text, std::string_view expected);

}  // namespace weft::debug
