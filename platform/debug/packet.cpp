// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/packet.h"

#include <numeric>

namespace weft::debug {

namespace {

constexpr char escape = '}';
constexpr char escape_bit = 0x20;
constexpr char interrupt_byte = 0x03;

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

char hex_digit(unsigned value) { return "0123456789abcdef"[value & 15u]; }

bool needs_escape(char byte) { return byte == '$' || byte == '#' || byte == escape || byte == '*'; }

std::string unescape(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == escape && i + 1 < text.size();
    result += escaped ? static_cast<char>(text[++i] ^ escape_bit) : text[i];
  }
  return result;
}

}  // namespace

void PacketReader::feed(std::string_view bytes) {
  pending_.erase(0, position_);
  position_ = 0;
  pending_ += bytes;
}

std::optional<Input> PacketReader::next() {
  while (position_ < pending_.size()) {
    const char byte = pending_[position_++];
    switch (state_) {
      case State::idle:
        if (byte == '+') return Input{InputKind::ack, ""};
        if (byte == '-') return Input{InputKind::nack, ""};
        if (byte == interrupt_byte) return Input{InputKind::interrupt, ""};
        if (byte == '$') state_ = State::payload;
        break;
      case State::payload:
        if (byte == '#') {
          state_ = State::first_digit;
        } else if (byte == '$') {  // the rest of the packet before has been lost
          payload_.clear();
          sum_ = 0;
          oversized_ = false;
        } else {
          sum_ = static_cast<std::uint8_t>(sum_ + static_cast<std::uint8_t>(byte));
          oversized_ = oversized_ || payload_.size() >= max_payload;
          if (!oversized_) payload_ += byte;
        }
        break;
      case State::first_digit:
        first_digit_ = byte;
        state_ = State::second_digit;
        break;
      case State::second_digit:
        return finish_packet(byte);
    }
  }
  return std::nullopt;
}

std::optional<Input> PacketReader::finish_packet(char digit) {
  const int high = digit_value(first_digit_);
  const int low = digit_value(digit);
  Input input{InputKind::packet, ""};
  if (high < 0 || low < 0 || high * 16 + low != sum_) {
    input.kind = InputKind::bad_checksum;
  } else if (oversized_) {
    input.kind = InputKind::oversized;
  } else {
    input.payload = unescape(payload_);
  }
  payload_.clear();
  sum_ = 0;
  oversized_ = false;
  state_ = State::idle;
  return input;
}

std::string frame(std::string_view payload) {
  std::string body;
  for (const char byte : payload) {
    if (needs_escape(byte)) {
      body += escape;
      body += static_cast<char>(byte ^ escape_bit);
    } else {
      body += byte;
    }
  }
  const unsigned sum = std::accumulate(body.begin(), body.end(), 0u, [](unsigned total, char byte) {
    return total + static_cast<std::uint8_t>(byte);
  });
  return "$" + body + "#" + hex_digit(sum >> 4) + hex_digit(sum);
}

std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char byte : bytes) {
    const auto value = static_cast<std::uint8_t>(byte);
    digits += hex_digit(value >> 4u);
    digits += hex_digit(value);
  }
  return digits;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_value(digits[i]);
    const int low = digit_value(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  constexpr unsigned max_digits = 16;
  std::uint64_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digit_value(text[digits]) >= 0) {
    if (digits == max_digits) return std::nullopt;
    value = value << 4 | static_cast<std::uint64_t>(digit_value(text[digits]));
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, std::string_view expected) {
  if (text.substr(0, expected.size()) != expected) return false;
  text.remove_prefix(expected.size());
  return true;
}

}  // namespace weft::debug
