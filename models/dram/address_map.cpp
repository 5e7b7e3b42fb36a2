// SPDX-License-Identifier: Apache-2.0
#include "models/dram/address_map.h"

#include <vector>

namespace weft::dram {

namespace {

unsigned bits_of(int count) {
  unsigned bits = 0;
  while ((1 << bits) < count) ++bits;
  return bits;
}

}  // namespace

AddressMap::AddressMap(const Organisation& organisation, Mapping mapping)
    : banks_of_group_(organisation.banks) {
  rank_.bits = bits_of(organisation.ranks);
  group_.bits = bits_of(organisation.groups);
  bank_.bits = bits_of(organisation.banks);
  row_.bits = bits_of(organisation.rows);
  column_.bits = bits_of(organisation.bursts_of_row());
  std::vector<Field*> from_below;
  switch (mapping) {
    case Mapping::row_bank_column_group:
      from_below = {&group_, &column_, &bank_, &rank_, &row_};
      break;
    case Mapping::row_bank_group_column:
      from_below = {&column_, &group_, &bank_, &rank_, &row_};
      break;
    case Mapping::bank_group_row_column:
      from_below = {&column_, &row_, &group_, &bank_, &rank_};
      break;
    case Mapping::row_column_bank_group:
      from_below = {&group_, &bank_, &column_, &rank_, &row_};
      break;
  }
  unsigned shift = 0;
  for (Field* field : from_below) {
    field->shift = shift;
    shift += field->bits;
  }
}

Place AddressMap::place(std::uint64_t burst) const {
  Place place;
  place.rank = rank_.take(burst);
  place.group = group_.take(burst);
  place.bank = place.group * banks_of_group_ + bank_.take(burst);
  place.row = row_.take(burst);
  place.column = column_.take(burst);
  return place;
}

std::uint64_t AddressMap::burst(const Place& place) const {
  const auto put = [](const Field& field, int value) {
    return static_cast<std::uint64_t>(value) << field.shift;
  };
  return put(rank_, place.rank) | put(group_, place.group) | put(bank_, place.bank % banks_of_group_) |
         put(row_, place.row) | put(column_, place.column);
}

}  // namespace weft::dram
