// SPDX-License-Identifier: Apache-2.0
// Outer products on their way to the array. Drivers apply x and d to rows and columns at once, so that only
// whole rows can be left out of one operation: their drivers stay off. Rows of which single weights are held
// back, or that write what a residual holds, are fired one after the other, each with column values of its
// own.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "models/crossbar/update_port.h"
#include "models/write_filter/write_filter.h"

namespace weft::write_filter {

namespace {

constexpr int operand_bits = 15;
constexpr std::int64_t largest_operand = (1 << operand_bits) - 1;
// A value of more bits than an operand has is fired in parts: the upper ones with this row operand.
constexpr std::int16_t upper_factor = 1 << (operand_bits - 1);

bool fits(const std::vector<std::int16_t>& operand, int bits) {
  return std::all_of(operand.begin(), operand.end(),
                     [bits](std::int16_t value) { return std::abs(int{value}) >> bits == 0; });
}

}  // namespace

// Rows are compared as wholes where the decision is a row's and no weight has a state of its own: the
// greatest product of a row is |x| times the greatest |d|, its norm |x| times that of d.
bool WriteFilter::compares_rows() const {
  const FilterConfig& rules = filter_->config();
  if (filter_->residuals() != 0) return false;
  if (rules.policy == Policy::row_top || rules.policy == Policy::row_max) return true;
  return rules.policy == Policy::drop &&
         (rules.granularity == Granularity::row || rules.granularity == Granularity::crossbar);
}

Status WriteFilter::outer_product(const Transfer& transfer, sc_core::sc_time& delay) {
  const bool filters = filter_ || pending_ || config_.rules.policy != Policy::none;
  OuterProduct product;
  // What the array refuses must not leave a trace here.
  if (!filters || !product.read(transfer, config_.rows, config_.columns)) return out.access(transfer, delay);
  rows_ = static_cast<int>(product.x.size());
  columns_ = static_cast<int>(product.d.size());
  begin_pass();
  offer_products(product, delay);
  filter_->decide();
  return fire(product, delay);
}

bool WriteFilter::OuterProduct::read(const Transfer& transfer, int most_rows, int most_columns) {
  if (transfer.size < sizeof header) return false;
  std::memcpy(&header, transfer.data, sizeof header);
  if (transfer.size != sizeof header + 2u * (header.rows + header.columns)) return false;
  if (header.rows > most_rows || header.columns > most_columns || header.columns == 0) return false;
  if (header.magnitude_bits < 1 || header.magnitude_bits > operand_bits) return false;
  x.resize(header.rows);
  d.resize(header.columns);
  std::memcpy(x.data(), transfer.data + sizeof header, 2 * x.size());
  std::memcpy(d.data(), transfer.data + sizeof header + 2 * x.size(), 2 * d.size());
  return fits(x, header.magnitude_bits) && fits(d, operand_bits);
}

void WriteFilter::offer_products(const OuterProduct& product, sc_core::sc_time& delay) {
  std::vector<std::int64_t> changes(product.d.size());
  std::uint64_t driven = 0;
  for (std::size_t row = 0; row < product.x.size(); ++row) {
    if (product.x[row] == 0) continue;
    driven += 1;
    std::transform(product.d.begin(), product.d.end(), changes.begin(),
                   [&](std::int16_t value) { return std::int64_t{product.x[row]} * value; });
    filter_->offer(static_cast<int>(row), changes.data());
  }
  if (filter_->config().policy == Policy::none) return;
  const std::uint64_t looked_at = compares_rows() ? driven : driven * product.d.size();
  compare_energy_.charge(looked_at);
  product_energy_.charge(looked_at);
  if (filter_->config().has_residual()) residual_energy_.charge(looked_at);
  delay += config_.cycle * static_cast<double>((looked_at + config_.lanes - 1) / config_.lanes);
}

Status WriteFilter::fire(const OuterProduct& product, sc_core::sc_time& delay) {
  std::vector<std::int64_t> changes(product.d.size());
  std::vector<std::uint8_t> written(product.d.size());
  OuterProduct whole{product.header, std::vector<std::int16_t>(product.x.size()), product.d};
  whole.header.rows_driven = 0;
  std::vector<std::size_t> single;
  for (std::size_t row = 0; row < product.x.size(); ++row) {
    if (product.x[row] == 0) continue;
    if (!filter_->take(static_cast<int>(row), changes.data(), written.data())) continue;
    const bool is_product = std::equal(changes.begin(), changes.end(), product.d.begin(),
                                       [x = product.x[row]](std::int64_t change, std::int16_t value) {
                                         return change == std::int64_t{x} * value;
                                       });
    if (is_product) {
      whole.x[row] = product.x[row];
      whole.header.rows_driven += 1;
    } else {
      single.push_back(row);
    }
  }
  if (whole.header.rows_driven != 0) {
    const Status status = send(whole, delay);
    if (status != Status::ok) return status;
  }
  for (const std::size_t row : single) {
    filter_->take(static_cast<int>(row), changes.data(), written.data());
    const Status status = fire_row(row, changes, product.x.size(), delay);
    if (status != Status::ok) return status;
  }
  return Status::ok;
}

// The lowest part has the row operand 1, those above it upper_factor; the greatest change of a row says how
// many.
Status WriteFilter::fire_row(std::size_t row, std::vector<std::int64_t> changes, std::size_t rows,
                             sc_core::sc_time& delay) {
  OuterProduct part{{}, std::vector<std::int16_t>(rows), std::vector<std::int16_t>(changes.size())};
  part.header = {static_cast<std::uint16_t>(rows), static_cast<std::uint16_t>(changes.size()), 0, 1};
  const auto too_large = [](std::int64_t change) { return std::abs(change) > largest_operand; };
  while (std::any_of(changes.begin(), changes.end(), too_large)) {
    for (std::size_t column = 0; column < changes.size(); ++column) {
      const std::int64_t value =
          std::clamp(changes[column] / upper_factor, -largest_operand, largest_operand);
      part.d[column] = static_cast<std::int16_t>(value);
      changes[column] -= value * upper_factor;
    }
    part.x[row] = upper_factor;
    part.header.magnitude_bits = operand_bits;
    const Status status = send(part, delay);
    if (status != Status::ok) return status;
  }
  if (std::all_of(changes.begin(), changes.end(), [](std::int64_t change) { return change == 0; }))
    return Status::ok;
  std::transform(changes.begin(), changes.end(), part.d.begin(),
                 [](std::int64_t change) { return static_cast<std::int16_t>(change); });
  part.x[row] = 1;
  part.header.magnitude_bits = 1;
  return send(part, delay);
}

Status WriteFilter::send(const OuterProduct& product, sc_core::sc_time& delay) {
  std::vector<std::uint8_t> burst(sizeof product.header + 2 * (product.x.size() + product.d.size()));
  std::memcpy(burst.data(), &product.header, sizeof product.header);
  std::memcpy(burst.data() + sizeof product.header, product.x.data(), 2 * product.x.size());
  std::memcpy(burst.data() + sizeof product.header + 2 * product.x.size(), product.d.data(),
              2 * product.d.size());
  return out.write(crossbar::outer_product_address, burst.data(), static_cast<std::uint32_t>(burst.size()),
                   delay);
}

}  // namespace weft::write_filter
