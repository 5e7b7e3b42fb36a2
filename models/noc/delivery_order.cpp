// SPDX-License-Identifier: Apache-2.0
#include "models/noc/delivery_order.h"

namespace weft::noc {

DeliveryOrder::Place DeliveryOrder::take(int source, int destination) {
  if (!needed_) return {};
  const auto pair = static_cast<std::uint64_t>(source) * static_cast<std::uint64_t>(nodes_) +
                    static_cast<std::uint64_t>(destination);
  return {pair, pairs_[pair].taken++};
}

void DeliveryOrder::await(const Place& place) {
  if (!needed_) return;
  Pair& pair = pairs_.at(place.pair);
  while (pair.served != place.number) sc_core::wait(pair.changed);
}

void DeliveryOrder::leave(const Place& place) {
  if (!needed_) return;
  Pair& pair = pairs_.at(place.pair);
  ++pair.served;
  pair.changed.notify();
}

}  // namespace weft::noc
