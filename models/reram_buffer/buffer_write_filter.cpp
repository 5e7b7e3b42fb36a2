// SPDX-License-Identifier: Apache-2.0
#include "models/reram_buffer/buffer_write_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "models/common/error.h"
#include "models/reram_buffer/registers.h"
#include "models/tlm/log_unmodelled.h"

namespace weft::reram_buffer {

namespace r = registers;

using endurance::Mark;
using sc_core::sc_time;
using write_filter::Granularity;
using write_filter::Policy;

namespace {

constexpr double threshold_unit = 65536;

std::int64_t value_at(const std::uint8_t* bytes, std::uint32_t width) {
  std::int8_t narrow = 0;
  std::int16_t half = 0;
  std::int32_t wide = 0;
  switch (width) {
    case 1:
      std::memcpy(&narrow, bytes, sizeof narrow);
      return narrow;
    case 2:
      std::memcpy(&half, bytes, sizeof half);
      return half;
    default:
      std::memcpy(&wide, bytes, sizeof wide);
      return wide;
  }
}

// Little-endian, as everything on the bus.
void put_value(std::uint8_t* bytes, std::uint32_t width, std::int64_t value) {
  for (std::uint32_t i = 0; i < width; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace

BufferWriteFilter::BufferWriteFilter(const sc_core::sc_module_name& name,
                                     const BufferWriteFilterConfig& config, Context& context)
    : sc_module(name),
      in("in"),
      out("out"),
      registers("registers"),
      config_(config),
      context_(context),
      registers_(r::table()),
      compare_energy_(context.energy.open(this->name(), "compare", config.compare)) {
  for (const write_filter::FilterConfig& rules : config_.rules) filters_.emplace_back(rules);
  in.on_access([this](const Transfer& transfer, sc_time& delay) { return access(transfer, delay); });
  registers.on_access([this](const Transfer& transfer, sc_time&) { return registers_.access(transfer); });
  describe_registers();
}

void BufferWriteFilter::describe_registers() {
  const auto low = [](std::uint64_t count) { return static_cast<std::uint32_t>(count); };
  const auto high = [](std::uint64_t count) { return static_cast<std::uint32_t>(count >> 32); };
  const auto offered = [this](unsigned index) { return filters_[index].statistics().values_offered; };
  const auto written = [this](unsigned index) { return filters_[index].statistics().values_written; };
  registers_.on_peek(r::size, [this](unsigned) { return config_.size; });
  registers_.on_peek(r::row_bytes, [this](unsigned) { return config_.row_bytes; });
  registers_.on_peek(r::offered_low, [=](unsigned index) { return low(offered(index)); });
  registers_.on_peek(r::offered_high, [=](unsigned index) { return high(offered(index)); });
  registers_.on_peek(r::written_low, [=](unsigned index) { return low(written(index)); });
  registers_.on_peek(r::written_high, [=](unsigned index) { return high(written(index)); });
  registers_.on_peek(r::policy, [this](unsigned index) {
    return static_cast<std::uint32_t>(filters_[index].config().policy);
  });
  registers_.on_peek(r::threshold, [this](unsigned index) {
    const double units = filters_[index].config().threshold * threshold_unit;
    return static_cast<std::uint32_t>(std::min(units, 4294967295.0));
  });
  registers_.on_write(r::policy, [this](unsigned index, std::uint32_t value) { set_policy(index, value); });
  registers_.on_write(r::threshold,
                      [this](unsigned index, std::uint32_t value) { set_threshold(index, value); });
  for (const RegisterInfo* info : {&r::range_start, &r::range_size, &r::range_class})
    registers_.on_write(*info, [this](unsigned, std::uint32_t) { set_ranges(); });
  log_unmodelled(registers_, *this, context_.log);
}

void BufferWriteFilter::reset() {
  registers_.reset();
  ranges_.clear();
  for (std::size_t i = 0; i < filters_.size(); ++i) filters_[i].restart(config_.rules[i]);
}

void BufferWriteFilter::set_policy(unsigned index, std::uint32_t value) {
  const auto keep = [this, index](const std::string& reason) {
    context_.log.write({LogLevel::warning, sc_core::sc_time_stamp().to_string(), this->name(),
                        fmt::format("POLICY[{}] keeps its value: {}", index, reason)});
  };
  if (value > static_cast<std::uint32_t>(Policy::wear_adaptive)) {
    keep(fmt::format("policy {} does not exist", value));
    return;
  }
  write_filter::FilterConfig wanted = filters_[index].config();
  wanted.policy = static_cast<Policy>(value);
  if (const char* reason = write_filter::BufferFilter::refusal(wanted)) {
    keep(reason);
    return;
  }
  try {
    filters_[index].set_policy(wanted.policy);
  } catch (const Error& error) {
    keep(error.what());
  }
}

void BufferWriteFilter::set_threshold(unsigned index, std::uint32_t value) {
  if (value != 0) filters_[index].set_threshold(value / threshold_unit);
}

void BufferWriteFilter::set_ranges() {
  ranges_.clear();
  for (unsigned number = 0; number < range_count; ++number) {
    Range range;
    range.start = registers_.get(r::range_start, number);
    range.end = range.start + registers_.get(r::range_size, number);
    const std::uint32_t kind = registers_.get(r::range_class, number);
    range.of = static_cast<WriteClass>(kind & r::range_class_write_class);
    range.value_bytes = 1u << std::min(2u, (kind & r::range_class_width) >> r::range_class_width_shift);
    range.magnitude_bits =
        static_cast<int>((kind & r::range_class_magnitude_bits) >> r::range_class_magnitude_bits_shift);
    if (range.end > range.start && range.of != WriteClass::other) ranges_.push_back(range);
  }
}

BufferWriteFilter::Range BufferWriteFilter::range_at(std::uint64_t offset) const {
  Range found;
  found.end = config_.size;
  // A range counts up to where an earlier one begins.
  for (const Range& range : ranges_) {
    if (offset >= range.start && offset < range.end) {
      const std::uint64_t end = std::min(found.end, range.end);
      found = range;
      found.end = end;
      return found;
    }
    if (range.start > offset) found.end = std::min(found.end, range.start);
  }
  return found;
}

Status BufferWriteFilter::access(const Transfer& transfer, sc_time& delay) {
  const bool inside = transfer.address < config_.size && transfer.size <= config_.size - transfer.address;
  if (!inside) return Status::address_error;
  if (!transfer.write || transfer.debug) return out.access(transfer, delay);
  return write(transfer, delay);
}

Status BufferWriteFilter::write(const Transfer& transfer, sc_time& delay) {
  for (std::uint32_t done = 0; done < transfer.size;) {
    const std::uint64_t offset = transfer.address + done;
    const Range range = range_at(offset);
    const auto size =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(transfer.size - done, range.end - offset));
    const Piece piece{offset, size, transfer.data + done};
    const Status status = write_piece(range, piece, delay);
    if (status != Status::ok) return status;
    done += size;
  }
  return Status::ok;
}

Status BufferWriteFilter::write_piece(const Range& range, const Piece& piece, sc_time& delay) {
  if (range.of == WriteClass::other) return out.write(piece.offset, piece.data, piece.size, delay);
  const bool compares = filter(range.of).config().policy != Policy::none;
  return compares ? write_filtered(range, piece, delay) : write_whole(range, piece, delay);
}

Status BufferWriteFilter::write_whole(const Range& range, const Piece& piece, sc_time& delay) {
  const std::uint64_t last = piece.offset + piece.size - 1;
  filters_[index_of(range.of)].pass(last / config_.row_bytes - piece.offset / config_.row_bytes + 1,
                                    last / range.value_bytes - piece.offset / range.value_bytes + 1);
  wanted_.assign(piece.data, piece.data + piece.size);
  marks_.assign(piece.size, static_cast<std::uint8_t>(Mark::whole));
  return write_marked(range.of, piece.offset, delay);
}

Status BufferWriteFilter::write_filtered(const Range& range, const Piece& piece, sc_time& delay) {
  const std::uint64_t row_bytes = config_.row_bytes;
  const std::uint64_t first = piece.offset / row_bytes * row_bytes;
  const std::uint64_t behind = (piece.offset + piece.size + row_bytes - 1) / row_bytes * row_bytes;
  const std::uint64_t end = std::min<std::uint64_t>(behind, config_.size);
  stored_.resize(end - first);
  const auto size = static_cast<std::uint32_t>(stored_.size());
  const Status status = out.read(first, stored_.data(), size, delay);
  if (status != Status::ok) return status;
  wanted_ = stored_;
  std::memcpy(&wanted_[piece.offset - first], piece.data, piece.size);
  marks_.assign(size, static_cast<std::uint8_t>(Mark::skip));
  const std::uint64_t before = filter(range.of).statistics().values_offered;
  for (std::uint64_t row = first; row < end; row += row_bytes)
    decide_row(range, piece, first, row, std::min(row + row_bytes, end));
  const std::uint64_t values = filter(range.of).statistics().values_offered - before;
  compare_energy_.charge(values);
  delay += config_.cycle * static_cast<double>((values + config_.lanes - 1) / config_.lanes);
  return write_marked(range.of, first, delay);
}

// The part of a row that lies in the range is one pass.
void BufferWriteFilter::decide_row(const Range& range, const Piece& piece, std::uint64_t first,
                                   std::uint64_t row, std::uint64_t row_end) {
  const std::uint32_t width = range.value_bytes;
  const std::uint64_t begin = std::max(row, range.start);
  const auto values = static_cast<std::size_t>((std::min(row_end, range.end) - begin) / width);
  offer_.row = static_cast<std::uint32_t>(row / config_.row_bytes);
  offer_.stored.resize(values);
  offer_.wanted.resize(values);
  offer_.selected.resize(values);
  const int bits = range.magnitude_bits != 0 ? range.magnitude_bits : static_cast<int>(8 * width - 1);
  offer_.greatest = (std::int64_t{1} << bits) - 1;
  offer_.least = range.magnitude_bits != 0 ? -offer_.greatest : -offer_.greatest - 1;
  for (std::size_t i = 0; i < values; ++i) {
    const std::uint64_t at = begin + i * width;
    offer_.stored[i] = value_at(&stored_[at - first], width);
    offer_.wanted[i] = value_at(&wanted_[at - first], width);
    offer_.selected[i] = at + width > piece.offset && at < piece.offset + piece.size ? 1 : 0;
  }
  write_filter::BufferFilter& filter = filters_[index_of(range.of)];
  const std::vector<std::uint8_t> touched = offer_.selected;
  filter.decide(offer_);
  const bool by_cell = filter.config().granularity == Granularity::cell;
  const auto mark = static_cast<std::uint8_t>(by_cell ? Mark::changed : Mark::whole);
  for (std::size_t i = 0; i < values; ++i) {
    if (offer_.selected[i] == 0) {
      bytes_held_back_[index_of(range.of)] += touched[i] != 0 ? width : 0;
      continue;
    }
    const std::uint64_t at = begin + i * width - first;
    put_value(&wanted_[at], width, offer_.wanted[i]);
    std::fill_n(&marks_[at], width, mark);
  }
}

Status BufferWriteFilter::write_marked(WriteClass of, std::uint64_t offset, sc_time& delay) {
  const bool any = std::any_of(marks_.begin(), marks_.end(), [](std::uint8_t mark) { return mark != 0; });
  if (!any) return Status::ok;
  wanted_.insert(wanted_.end(), marks_.begin(), marks_.end());
  return out.write(marked_address(of, offset), wanted_.data(), static_cast<std::uint32_t>(wanted_.size()),
                   delay);
}

}  // namespace weft::reram_buffer
